/** vminsert's door for the house around it: its flags. The program itself starts at main.ts. */
export { flags, insertFlags } from "./config.ts";
