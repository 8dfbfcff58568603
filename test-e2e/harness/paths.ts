/** Where things are in the repository. */
import { resolve } from "node:path";

export const REPOSITORY = resolve(import.meta.dirname, "../..");
