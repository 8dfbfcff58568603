/** The shelf of ingestion protocols: one card per line. */
import type { Protocol } from "./decoder.ts";
import { remoteWrite } from "./remote-write/card.ts";

export const PROTOCOLS: readonly Protocol[] = [remoteWrite];
