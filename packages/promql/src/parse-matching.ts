/**
 * What may stand between a binary operator and its right side: bool, on/ignoring, group_left/group_right,
 * and what to put in for missing series (fill, experimental: the parser says so once it knows where the operation starts).
 */
import type { VectorMatching } from "./ast.ts";
import type { Cursor } from "./cursor.ts";
import { parseSignedNumber } from "./parse-modifiers.ts";
import { parseLabelList } from "./parse-selector.ts";

export const PLAIN_MATCHING: VectorMatching = {
  cardinality: "one-to-one",
  on: false,
  labels: [],
  include: [],
  fillLeft: null,
  fillRight: null,
};

export function parseMatching(cursor: Cursor): {
  readonly returnBool: boolean;
  readonly matching: VectorMatching;
} {
  const returnBool = cursor.acceptKeyword("bool");
  let matching = PLAIN_MATCHING;
  if (cursor.atKeyword("on") || cursor.atKeyword("ignoring")) {
    const on = cursor.take().text === "on";
    matching = { ...matching, on, labels: parseLabelList(cursor) };
    if (cursor.atKeyword("group_left") || cursor.atKeyword("group_right")) {
      const isLeft = cursor.take().text === "group_left";
      matching = {
        ...matching,
        cardinality: isLeft ? "many-to-one" : "one-to-many",
        include: cursor.at("(") ? parseLabelList(cursor) : [],
      };
    }
  }
  while (atFill(cursor)) matching = parseFill(cursor, matching);
  return { returnBool, matching };
}

/** Without a parenthesis behind it, `fill` is the name of a metric. */
function atFill(cursor: Cursor): boolean {
  const isWord =
    cursor.atKeyword("fill") || cursor.atKeyword("fill_left") || cursor.atKeyword("fill_right");
  return isWord && cursor.next?.kind === "(";
}

function parseFill(cursor: Cursor, matching: VectorMatching): VectorMatching {
  const word = cursor.take();
  cursor.take();
  const value = parseSignedNumber(cursor, "fill modifier", "number");
  cursor.expect(")", "fill modifier", '")"');
  const left = word.text !== "fill_right";
  const right = word.text !== "fill_left";
  if ((left && matching.fillLeft !== null) || (right && matching.fillRight !== null)) {
    throw cursor.error(word.start, `${word.text} may not be set multiple times`);
  }
  return {
    ...matching,
    fillLeft: left ? value : matching.fillLeft,
    fillRight: right ? value : matching.fillRight,
  };
}
