/**
 * Random texts for the parser, each told by its seed: printed trees, printed trees with damage, and soups of tokens and
 * scraps that are mostly nonsense.
 */
import { seededRandom, type Random } from "@tideline/common/testing";
import { prettify } from "../prettify.ts";
import { print } from "../print.ts";
import { randomExpression } from "./random-expression.ts";

export function randomText(seed: number): string {
  const random = seededRandom(seed);
  if (random.chance(0.15)) return soup(random);
  const tree = randomExpression(random, random.below(5));
  const text = random.chance(0.1) ? prettify(tree) : print(tree);
  return random.chance(0.2) ? text : damaged(text, random);
}

const WORDS = [
  "foo",
  "job",
  "sum",
  "topk",
  "count_values",
  "limitk",
  "rate",
  "abs",
  "label_replace",
  "info",
  "time",
  "by",
  "without",
  "on",
  "ignoring",
  "group_left",
  "group_right",
  "bool",
  "offset",
  "and",
  "or",
  "unless",
  "atan2",
  "anchored",
  "smoothed",
  "fill",
  "fill_left",
  "fill_right",
  "start",
  "end",
  "step",
  "range",
  "min_of",
  "max_of",
  "inf",
  "NaN",
  "a:b",
];

const MARKS = [
  "(",
  ")",
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  "-",
  "+",
  "*",
  "/",
  "%",
  "^",
  "=",
  "==",
  "!=",
  "=~",
  "!~",
  "<",
  ">=",
  "</",
  ">/",
  "@",
  "!",
  ".",
  "#",
  "\n",
  " ",
  "\t",
];

const LITERALS = [
  "5m",
  "1h30m",
  "1.5",
  "1e3",
  "0x1f",
  "017",
  "5",
  "0",
  '"x"',
  "'a.*'",
  "`raw`",
  "5mm",
];

const SCRAPS = [
  '"',
  "'",
  "`",
  "\\",
  "\\x",
  "1e",
  "0x",
  "5m5",
  "[5m:",
  "start()",
  "\ud800",
  "\u0000",
  "\ufffd",
  "é",
  "🙂",
];

function soup(random: Random): string {
  let text = "";
  for (let count = random.below(24); count >= 0; count -= 1) {
    text += piece(random);
    if (random.chance(0.4)) text += " ";
  }
  return text;
}

function piece(random: Random): string {
  const kind = random.below(12);
  if (kind < 4) return random.pick(WORDS);
  if (kind < 9) return random.pick(MARKS);
  return random.pick(kind < 11 ? LITERALS : SCRAPS);
}

/** A few cuts, insertions and repetitions. */
function damaged(text: string, random: Random): string {
  let out = text;
  for (let i = 1 + random.below(3); i > 0; i -= 1) {
    const start = random.below(out.length + 1);
    const end = Math.min(out.length, start + random.below(4));
    const inserted = random.chance(0.1)
      ? out.slice(start, start + random.below(20))
      : random.chance(0.7)
        ? piece(random)
        : "";
    out = out.slice(0, start) + inserted + out.slice(random.chance(0.5) ? start : end);
  }
  return out;
}
