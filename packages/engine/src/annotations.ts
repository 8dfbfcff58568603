/**
 * Warnings and infos of a query in Prometheus' words: each message once, with the place in the query where it came up
 * last.
 */
import type { Span } from "@tideline/promql";

/** Messages of a kind that are told; the others are counted, up to KEPT_MAX in all. */
const TOLD_MAX = 10;
const KEPT_MAX = 10_000;

export class Annotations {
  readonly #queryText: string;
  /** Places by message. */
  readonly #warnings = new Map<string, Span>();
  readonly #infos = new Map<string, Span>();

  constructor(queryText: string) {
    this.#queryText = queryText;
  }

  warn(message: string, span: Span): void {
    this.#keep(this.#warnings, `PromQL warning: ${message}`, span);
  }

  inform(message: string, span: Span): void {
    this.#keep(this.#infos, `PromQL info: ${message}`, span);
  }

  #keep(kind: Map<string, Span>, message: string, span: Span): void {
    if (kind.size < KEPT_MAX || kind.has(message)) kind.set(message, span);
  }

  /** Line and column of a place, both counted from 1. */
  #place(span: Span): string {
    const before = this.#queryText.slice(0, span.start);
    const line = before.split("\n").length;
    return `${line}:${span.start - before.lastIndexOf("\n")}`;
  }

  warnings(): string[] {
    return this.#texts(this.#warnings, "warning");
  }

  infos(): string[] {
    return this.#texts(this.#infos, "info");
  }

  #texts(kind: ReadonlyMap<string, Span>, word: string): string[] {
    const texts = [...kind].map(([message, span]) => `${message} (${this.#place(span)})`);
    if (texts.length <= TOLD_MAX) return texts;
    const omitted = `${texts.length - TOLD_MAX} more ${word} annotations omitted`;
    return [...texts.slice(0, TOLD_MAX), omitted];
  }
}
