/** The flags that every program has. */
import {
  addressList,
  boolean,
  byteSize,
  durationMs,
  enumeration,
  number,
  secret,
  text,
  type FlagValues,
} from "./kinds.ts";

/** The common table; a program spreads it into its own. */
export function commonFlags(defaults: { httpListenAddr: string }) {
  return {
    httpListenAddr: addressList({
      default: defaults.httpListenAddr,
      help: "Where to listen for HTTP, once or several times. :port means all interfaces, port 0 any free port",
    }),
    "http.pathPrefix": text({
      help: "Prefix of all paths, e.g. /metrics-db, which a proxy in front has added; paths without it work too",
    }),
    "http.maxGracefulShutdownDuration": durationMs({
      default: "7s",
      help: "How long running requests may take to finish when the program stops",
    }),
    "http.shutdownDelay": durationMs({
      default: "0",
      help: "How long /health answers 503 before the program stops, so that load balancers turn away",
    }),
    "http.connTimeout": durationMs({
      default: "2m",
      help: "Connections older than this are closed after the next answer, so that load balancers spread clients anew. 0 keeps them",
    }),
    "http.idleConnTimeout": durationMs({
      default: "1m",
      help: "Connections without a request for so long are closed",
    }),
    "http.disableResponseCompression": boolean({ help: "Never compress answers" }),
    "http.disableCORS": boolean({
      help: "Do not let web pages of other origins read answers (no Access-Control-Allow-Origin)",
    }),
    "http.header.hsts": text({ help: "Value of the answer header Strict-Transport-Security" }),
    "http.header.frameOptions": text({ help: "Value of the answer header X-Frame-Options" }),
    "http.header.csp": text({ help: "Value of the answer header Content-Security-Policy" }),
    "httpAuth.username": text({
      help: "User name of HTTP basic auth on all paths but health checks. Empty: no auth",
    }),
    "httpAuth.password": secret({ help: "Password to -httpAuth.username" }),
    metricsAuthKey: secret({
      help: "/metrics wants ?authKey=… with this value, in place of basic auth",
    }),
    flagsAuthKey: secret({
      help: "/flags wants ?authKey=… with this value, in place of basic auth",
    }),
    loggerFormat: enumeration({
      words: ["default", "json"],
      default: "default",
      help: "Format of log lines",
    }),
    loggerLevel: enumeration({
      words: ["INFO", "WARN", "ERROR", "FATAL", "PANIC"],
      default: "INFO",
      help: "Least level of what is logged",
    }),
    loggerOutput: enumeration({
      words: ["stderr", "stdout"],
      default: "stderr",
      help: "Where log lines go",
    }),
    "memory.allowedPercent": number({
      default: 60,
      min: 1,
      max: 100,
      help: "Share of the machine's or the cgroup's memory that the program may plan with, in percent",
    }),
    "memory.allowedBytes": byteSize({
      default: "0",
      help: "Memory that the program may plan with, in place of -memory.allowedPercent when it is not 0",
    }),
    "envflag.enable": boolean({
      help: "Read flags that the command line does not give from the environment: dots in names become underscores",
    }),
    "envflag.prefix": text({ help: "Prefix of environment names with -envflag.enable, e.g. VM_" }),
  };
}

export type CommonFlagTable = ReturnType<typeof commonFlags>;
export type CommonFlags = FlagValues<CommonFlagTable>;
