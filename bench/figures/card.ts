/**
 * A figure that an issue asks for: what runs, how it is read from what that prints, and what it has to be. `figures.ts` runs
 * cards and writes the table of docs/performance.md from what they gave.
 */

/** What a card's command gave: numbers by name, and texts that the page shows as they are (`graph`). */
export type Reading = Readonly<Record<string, number | string>>;

export interface Figure {
  /** Its name in the reading. */
  readonly id: string;
  readonly what: string;
  /** As the issue has it; "reported" where it asks for no limit. */
  readonly asked: string;
  /** Whether a value is what was asked for; absent where nothing was. */
  readonly holds?: (value: number, reading: Reading) => boolean;
  /** Names of what VictoriaMetrics' single node and Prometheus had in the same run. */
  readonly peers?: readonly [string, string];
}

export interface FigureCard {
  readonly name: string;
  /** What is run, for humans. */
  readonly command: string;
  readonly figures: readonly Figure[];
  /** @throws {Error} when the command fails, or prints something else than it did */
  readonly measure: () => Promise<Reading>;
}

/** What `figures.ts` keeps of a card in results.json. */
export interface StoredReading {
  readonly measuredAt: string;
  readonly machine: string;
  readonly reading: Reading;
}
