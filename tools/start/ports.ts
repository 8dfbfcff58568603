/** Whether the ports of a plan are free, asked before anything starts. */
import { once } from "node:events";
import { createServer } from "node:net";
import { HOST, type PlannedProgram } from "./plan.ts";

/** One sentence for each port that is taken; empty when all are free. */
export async function takenPorts(programs: readonly PlannedProgram[]): Promise<string[]> {
  const sentences: string[] = [];
  for (const { name, ports } of programs) {
    for (const port of ports) {
      if (port > 65_535) sentences.push(`${name} cannot have port ${port}: ports end at 65535`);
      else if (!(await isFree(port))) {
        sentences.push(`${name} wants ${HOST}:${port}, which is in use by another program`);
      }
    }
  }
  return sentences;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, HOST);
    await once(server, "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
