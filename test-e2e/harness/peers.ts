/** Programs of others, as `tools/peers/get-peers.sh` gets them, and free ports for them. */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { REPOSITORY } from "./paths.ts";
import { isRequired } from "./required.ts";

/**
 * The folder of the peers' programs; gets them if they are missing.
 *
 * @returns undefined where they cannot be had, with a loud line; under CI that is an error instead
 */
export function peersFolder(): string | undefined {
  try {
    const script = join(REPOSITORY, "tools/peers/get-peers.sh");
    return execFileSync(script, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] }).trim();
  } catch (error) {
    if (isRequired) throw error;
    process.stderr.write(
      "\n*** Prometheus and its friends are not here and cannot be got (Debian's apt is needed):\n" +
        "*** the tests with a real Prometheus are SKIPPED.\n\n",
    );
    return undefined;
  }
}

/** A port of 127.0.0.1 that was free a moment ago, for programs that do not tell the port they took. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
