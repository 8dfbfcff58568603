/**
 * What `npx pnpm start` runs: two vmstorage, a vminsert and a vmselect on 127.0.0.1, each with a share of
 * the memory. Pure: flags in, command lines and addresses out.
 */
import { join } from "node:path";

export interface PlanOptions {
  /** Absolute. */
  readonly dataPath: string;
  /** Added to each port. */
  readonly portOffset: number;
  readonly retentionPeriod: string;
  readonly loggerLevel: string;
  /** For all programs together, in bytes. */
  readonly allowedMemorySize: number;
}

export interface PlannedProgram {
  /** As its lines are marked: "vmstorage-1". */
  readonly name: string;
  /** In bin/. */
  readonly program: string;
  readonly flags: readonly string[];
  /** All that it listens on, the HTTP port first. */
  readonly ports: readonly number[];
}

export interface Plan {
  /** In the order of starting, those of a stage together; stopping goes the other way. */
  readonly stages: readonly (readonly PlannedProgram[])[];
  readonly remoteWriteUrl: string;
  readonly dataSourceUrl: string;
}

export const HOST = "127.0.0.1";

/** Shares of the memory; they add up to one. */
const SHARES = { vmstorage: 0.3, vminsert: 0.15, vmselect: 0.25 };

const STORAGES = [
  { name: "vmstorage-1", httpPort: 8482, insertPort: 8400, selectPort: 8401 },
  { name: "vmstorage-2", httpPort: 8483, insertPort: 8402, selectPort: 8403 },
];

export function planCluster(options: PlanOptions): Plan {
  const { portOffset, dataPath, retentionPeriod, loggerLevel } = options;
  const at = (port: number): string => `${HOST}:${port + portOffset}`;
  const common = (port: number, share: number): string[] => [
    `-httpListenAddr=${at(port)}`,
    `-memory.allowedBytes=${Math.floor(options.allowedMemorySize * share)}`,
    `-loggerLevel=${loggerLevel}`,
  ];
  const storages = STORAGES.map(({ name, httpPort, insertPort, selectPort }) => ({
    name,
    program: "vmstorage",
    flags: [
      ...common(httpPort, SHARES.vmstorage),
      `-vminsertAddr=${at(insertPort)}`,
      `-vmselectAddr=${at(selectPort)}`,
      `-storageDataPath=${join(dataPath, name)}`,
      `-retentionPeriod=${retentionPeriod}`,
    ],
    ports: [httpPort, insertPort, selectPort].map((port) => port + portOffset),
  }));
  const front = (program: "vminsert" | "vmselect", port: number, nodes: string[]) => ({
    name: program,
    program,
    flags: [...common(port, SHARES[program]), ...nodes.map((node) => `-storageNode=${node}`)],
    ports: [port + portOffset],
  });
  // Names, so that the same node keeps its series on other ports.
  const insertNodes = STORAGES.map(({ name, insertPort }) => `${name}@${at(insertPort)}`);
  const selectNodes = STORAGES.map(({ name, selectPort }) => `${name}@${at(selectPort)}`);
  return {
    stages: [
      storages,
      [front("vminsert", 8480, insertNodes), front("vmselect", 8481, selectNodes)],
    ],
    remoteWriteUrl: `http://${at(8480)}/insert/0/prometheus/api/v1/write`,
    dataSourceUrl: `http://${at(8481)}/select/0/prometheus`,
  };
}
