/** vminsert's door for vmsingle: its flags, and the write side over any RowSink. The program itself is main.ts. */
export { flags, insertFlags } from "./config.ts";
export { startInsert, type StartInsertOptions } from "./start-insert.ts";
