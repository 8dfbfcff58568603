/** Warnings and infos of a query: each text once, in Prometheus' words, with its place in the query. */
import type { Span } from "@tideline/promql";

/** More of a kind than this are counted, not kept. */
const TEXTS_MAX = 10;

export class Annotations {
  readonly #queryText: string;
  readonly #warnings = new Set<string>();
  readonly #infos = new Set<string>();
  #omittedWarnings = 0;
  #omittedInfos = 0;

  constructor(queryText: string) {
    this.#queryText = queryText;
  }

  warn(message: string, span: Span): void {
    const text = `PromQL warning: ${message} (${this.#place(span)})`;
    if (this.#warnings.has(text)) return;
    if (this.#warnings.size < TEXTS_MAX) this.#warnings.add(text);
    else this.#omittedWarnings += 1;
  }

  inform(message: string, span: Span): void {
    const text = `PromQL info: ${message} (${this.#place(span)})`;
    if (this.#infos.has(text)) return;
    if (this.#infos.size < TEXTS_MAX) this.#infos.add(text);
    else this.#omittedInfos += 1;
  }

  /** Line and column of a place, both counted from 1. */
  #place(span: Span): string {
    const before = this.#queryText.slice(0, span.start);
    const line = before.split("\n").length;
    return `${line}:${span.start - before.lastIndexOf("\n")}`;
  }

  warnings(): string[] {
    const rest = this.#omittedWarnings;
    return rest === 0
      ? [...this.#warnings]
      : [...this.#warnings, `${rest} more warning annotations omitted`];
  }

  infos(): string[] {
    const rest = this.#omittedInfos;
    return rest === 0
      ? [...this.#infos]
      : [...this.#infos, `${rest} more info annotations omitted`];
  }
}
