/** The flags of vminsert. docs/flags.md is made of this table. */
import { byteSize, commonFlags, durationMs, integer, list } from "@tideline/service";

/** What bounds a write, wherever it comes in: vmsingle has these flags too. */
export const insertFlags = {
  maxInsertRequestSize: byteSize({
    default: "32MiB",
    min: 1,
    help: "Largest body of a write, packed and unpacked. Larger ones are answered with 413",
  }),
  maxConcurrentInserts: integer({
    default: 0,
    help: "Writes worked on at a time; others wait for -insert.maxQueueDuration. 0 means two per CPU core",
  }),
  "insert.maxQueueDuration": durationMs({
    default: "1m",
    help: "How long a write waits for its turn before it is answered with 503",
  }),
  "insert.maxBufferedBytes": byteSize({
    default: "0",
    help: "Memory for the bodies of all writes that are received or wait for their turn; past it writes are answered with 503. 0 means a tenth of the allowed memory, and room for one body at least",
  }),
  maxLabelsPerTimeseries: integer({
    default: 40,
    min: 1,
    help: "Series with more labels are dropped and counted in vm_rows_ignored_total",
  }),
  maxLabelNameLen: integer({
    default: 256,
    min: 1,
    help: "Series with a longer label name, in bytes, are dropped and counted",
  }),
  maxLabelValueLen: integer({
    default: 4096,
    min: 1,
    help: "Series with a longer label value, in bytes, are dropped and counted",
  }),
};

export const flags = {
  ...commonFlags({ httpListenAddr: ":8480" }),
  ...insertFlags,
  storageNode: list({
    help: "Addresses of vmstorage nodes, host:port or name@host:port (port 8400 when it is left out). The name decides which series a node gets; it is the address as given when there is none",
  }),
};
