/** The flags of vmstorage. docs/flags.md is made of this table. */
import {
  address,
  byteSize,
  commonFlags,
  durationMs,
  enumeration,
  integer,
  retentionMs,
  secret,
  text,
} from "@tideline/service";

const DAY_MS = 86_400_000;

/** What shapes the storage itself: vmsingle has these flags too. */
export function storageFlags(defaults: { storageDataPath: string }) {
  return {
    storageDataPath: text({
      default: defaults.storageDataPath,
      help: "Directory of the data; made when missing",
    }),
    retentionPeriod: retentionMs({
      default: "1",
      minMs: DAY_MS,
      help: "Samples older than this are dropped; a bare number counts months of 31 days",
    }),
    futureRetention: retentionMs({
      default: "2d",
      minMs: 2 * DAY_MS,
      help: "Samples further ahead of the clock than this are dropped",
    }),
    snapshotAuthKey: secret({
      help: "/snapshot/… wants ?authKey=… with this value, in place of basic auth",
    }),
    snapshotsMaxAge: durationMs({
      default: "3d",
      help: "Snapshots older than this are deleted; 0 keeps them",
    }),
    "storage.lanes": integer({
      default: 0,
      max: 64,
      help: "Worker threads that each own a share of the series; may change from start to start. 0 means one less than there are CPU cores, at least one",
    }),
    "storage.walSync": enumeration({
      words: ["interval", "always"],
      default: "interval",
      help: "When the write-ahead log is synced to disk: each -storage.walSyncInterval, or before each answer. A killed process loses nothing acknowledged either way; a power cut may lose the last interval",
    }),
    "storage.walSyncInterval": durationMs({
      default: "1s",
      help: "Time between syncs with -storage.walSync=interval",
    }),
    "storage.maxHourlySeries": integer({
      default: 0,
      min: -1,
      max: 2 ** 31 - 1,
      help: "Most series that rows are taken of within an hour; rows of others are dropped and counted. 0 means no limit; -1 too, but series are counted",
    }),
    "storage.maxDailySeries": integer({
      default: 0,
      min: -1,
      max: 2 ** 31 - 1,
      help: "Most series that rows are taken of within a day; rows of others are dropped and counted. 0 means no limit; -1 too, but series are counted",
    }),
    "dedup.minScrapeInterval": durationMs({
      default: "0",
      help: "Of each interval of this length, merges keep only the newest sample of a series: for pairs of Prometheus that write the same series. Give vmselect the same value: its queries leave out what no merge has met yet. 0 keeps all",
    }),
    forceMergeAuthKey: secret({
      help: "/internal/force_merge wants ?authKey=… with this value, in place of basic auth",
    }),
    forceFlushAuthKey: secret({
      help: "/internal/force_flush wants ?authKey=… with this value, in place of basic auth",
    }),
    "storage.minFreeDiskSpaceBytes": byteSize({
      default: "100MB",
      help: "With less free space than this at -storageDataPath, writes are refused with 503 until there is more",
    }),
  };
}

export const flags = {
  ...commonFlags({ httpListenAddr: ":8482" }),
  ...storageFlags({ storageDataPath: "vmstorage-data" }),
  vminsertAddr: address({ default: ":8400", help: "Where to listen for vminsert" }),
  "search.maxUniqueTimeseries": integer({
    default: 0,
    help: "Most series that a search may match on this node, whatever vmselect allows. 0 means as many as the allowed memory holds for all searches at a time",
  }),
  "search.maxTagKeys": integer({
    default: 100_000,
    help: "Most label names that this node answers with; others are left out, and the answer is partial. 0 means no limit",
  }),
  "search.maxTagValues": integer({
    default: 100_000,
    help: "Most values of a label that this node answers with; others are left out, and the answer is partial. 0 means no limit",
  }),
  vmselectAddr: address({ default: ":8401", help: "Where to listen for vmselect" }),
};
