/** tideline-inspect's door: the command over any disk. The program itself starts at main.ts. */
export { EXIT_DAMAGE, EXIT_SOUND, EXIT_USAGE, inspect } from "./inspect.ts";
