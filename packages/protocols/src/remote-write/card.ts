/** Prometheus remote write 1.0, as Prometheus, vmagent, the OpenTelemetry collector and others send it. */
import type { Protocol } from "../decoder.ts";
import { remoteWriteMemorySize } from "./budget.ts";
import { RemoteWriteDecoder } from "./decoder.ts";

export const remoteWrite: Protocol = {
  name: "promremotewrite",
  help: "Prometheus remote write 1.0: protobuf in snappy, or in zstd as vmagent sends it",
  paths: ["prometheus", "prometheus/", "prometheus/api/v1/write", "prometheus/api/v1/push"],
  memorySize: remoteWriteMemorySize,
  createDecoder: (options) => new RemoteWriteDecoder(options),
};
