/** The flags of vmsingle: those of all roles, without what joins them. docs/flags.md is made of this table. */
import { commonFlags } from "@tideline/service";
import { insertFlags } from "@tideline/vminsert";
import { searchFlags } from "@tideline/vmselect";
import { storageFlags } from "@tideline/vmstorage";

export const flags = {
  ...commonFlags({ httpListenAddr: ":8428" }),
  ...insertFlags,
  ...storageFlags({ storageDataPath: "victoria-metrics-data" }),
  ...searchFlags,
};
