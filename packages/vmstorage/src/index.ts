/** vmstorage's door for vmsingle: its flags, and the storage with routes and metrics. The program itself is main.ts. */
export { flags, storageFlags } from "./config.ts";
export { prometheusSnapshotRoute } from "./snapshot-routes.ts";
export { startStorage, type StartStorageOptions } from "./start-storage.ts";
