/** The flags of vmsingle: those of all roles, without what joins them. docs/flags.md is made of this table. */
import { commonFlags, durationMs } from "@tideline/service";
import { insertFlags } from "@tideline/vminsert";
import { searchFlags } from "@tideline/vmselect";
import { storageFlags } from "@tideline/vmstorage";

export const flags = {
  ...commonFlags({ httpListenAddr: ":8428" }),
  ...insertFlags,
  ...storageFlags({ storageDataPath: "victoria-metrics-data" }),
  ...searchFlags,
  // Both roles have it.
  "dedup.minScrapeInterval": durationMs({
    default: "0",
    help: "Of each interval of this length, queries see and merges keep only the newest sample of a series: for pairs of Prometheus that write the same series. 0 means all",
  }),
};
