/** What the oracle of the simulation allows, and what it does not. */
import { expect, test } from "vitest";
import { keyNumber, keyText, type Samples } from "../lane/lane-fixtures.ts";
import { Model, type Found } from "./model.ts";

const KEY = keyNumber(1);
const MS = 1000;
const LOSER = 0n;
const WINNER = 0x4033000000000000n;

function written(...values: readonly bigint[]): Model {
  const model = new Model();
  for (const bits of values) model.acknowledge(model.send([{ key: KEY, ms: MS, bits }]), true);
  return model;
}

function possible(model: Model): Set<Found> {
  const place = model.series.get(keyText(KEY))?.get(MS);
  if (!place) throw new Error("something was written there");
  return model.possible(place);
}

function foundAtStart(bits: Found): Samples {
  return new Map(bits === undefined ? [] : [[keyText(KEY), new Map([[MS, bits]])]]);
}

test("of two samples at one time the greater one is there, until retention may take it first", () => {
  const model = written(WINNER, LOSER);
  expect(possible(model)).toEqual(new Set([WINNER]));
  model.expire(MS);
  expect(possible(model)).toEqual(new Set([WINNER]));
  model.expire(MS + 1);
  expect(possible(model)).toEqual(new Set([WINNER, LOSER, undefined]));
});

test("a sample that a start did not show may lie below the one that it did", () => {
  const model = written(LOSER, WINNER);
  model.collapse(foundAtStart(WINNER), true);
  expect(possible(model)).toEqual(new Set([WINNER]));
  model.expire(MS + 1);
  expect(possible(model)).toEqual(new Set([WINNER, LOSER, undefined]));
});

test("where a start shows nothing, or the lesser sample, retention brings no other", () => {
  const empty = written(LOSER, WINNER);
  empty.expire(MS + 1);
  empty.collapse(foundAtStart(undefined), true);
  empty.expire(MS + 1);
  expect(possible(empty)).toEqual(new Set([undefined]));
  const lesser = written(LOSER, WINNER);
  lesser.expire(MS + 1);
  lesser.collapse(foundAtStart(LOSER), true);
  lesser.expire(MS + 1);
  expect(possible(lesser)).toEqual(new Set([LOSER, undefined]));
});

test("retention brings nothing that was deleted", () => {
  const model = written(LOSER);
  model.acknowledge(
    model.remove(() => true),
    true,
  );
  model.acknowledge(model.send([{ key: KEY, ms: MS, bits: WINNER }]), true);
  model.expire(MS + 1);
  expect(possible(model)).toEqual(new Set([WINNER, undefined]));
});
