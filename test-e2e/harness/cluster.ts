/** Two vmstorage, a vminsert and a vmselect as processes, with a writer and a reader at hand. */
import { TemporaryFolder } from "./folder.ts";
import { type Launcher, Program } from "./program.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

interface ClusterOptions {
  readonly storageFlags?: readonly string[];
  readonly insertFlags?: readonly string[];
  readonly selectFlags?: readonly string[];
  /** What starts the programs; `bin/` when not given. */
  readonly launcher?: Launcher;
}

export class Cluster implements AsyncDisposable {
  readonly folder: TemporaryFolder;
  readonly storages: readonly [Program, Program];
  readonly insert: Program;
  readonly select: Program;

  private constructor(
    folder: TemporaryFolder,
    [storage1, storage2, insert, select]: readonly [Program, Program, Program, Program],
  ) {
    this.folder = folder;
    this.storages = [storage1, storage2];
    this.insert = insert;
    this.select = select;
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const folder = new TemporaryFolder();
    const started: Program[] = [];
    const launching = options.launcher === undefined ? {} : { launcher: options.launcher };
    const start = async (of: Parameters<typeof Program.start>[0]): Promise<Program> => {
      const program = await Program.start({ ...of, ...launching });
      started.push(program);
      return program;
    };
    try {
      const [storage1, storage2] = await Promise.all([
        start(storageOptions("vmstorage-1", folder, options)),
        start(storageOptions("vmstorage-2", folder, options)),
      ]);
      const nodes = (listener: "vminsertAddr" | "vmselectAddr"): string =>
        `-storageNode=${storage1.address(listener)},${storage2.address(listener)}`;
      const [insert, select] = await Promise.all([
        start({
          program: "vminsert",
          flags: [nodes("vminsertAddr"), ...(options.insertFlags ?? [])],
        }),
        start({
          program: "vmselect",
          flags: [nodes("vmselectAddr"), ...(options.selectFlags ?? [])],
        }),
      ]);
      return new Cluster(folder, [storage1, storage2, insert, select]);
    } catch (error) {
      await Promise.all(started.map((program) => program.kill()));
      folder[Symbol.dispose]();
      throw error;
    }
  }

  get programs(): readonly Program[] {
    return [...this.storages, this.insert, this.select];
  }

  writer(tenant = "0"): Writer {
    return new Writer(`${this.insert.url}/insert/${tenant}/prometheus/api/v1/write`);
  }

  reader(tenant = "0"): Reader {
    return new Reader(`${this.select.url}/select/${tenant}/prometheus`);
  }

  /** Stops what still runs, front to back, and removes the data. */
  async [Symbol.asyncDispose](): Promise<void> {
    using _folder = this.folder;
    for (const program of this.programs.toReversed()) {
      if (!program.child.hasExited) await program.stop();
    }
  }
}

function storageOptions(
  name: string,
  folder: TemporaryFolder,
  { storageFlags = [] }: ClusterOptions,
): Parameters<typeof Program.start>[0] {
  return {
    program: "vmstorage",
    name,
    flags: [`-storageDataPath=${folder.at(name)}`, ...storageFlags],
  };
}
