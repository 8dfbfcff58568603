/** vmselect's door for the house around it: its flags. The program itself starts at main.ts. */
export { flags, searchFlags } from "./config.ts";
