/** vmselect's door for vmsingle: its flags, and the query side over any FrameSource. The program itself is main.ts. */
export { flags, searchFlags } from "./config.ts";
export { startSelect, type StartSelectOptions } from "./start-select.ts";
