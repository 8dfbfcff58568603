/** Matchers and times as bytes: what requests to read and to delete have in common. Layout: docs/formats/wire.md#asking. */
import type { ByteReader, ByteWriter } from "@tideline/common";
import type { Matcher, MatchOperator, SearchQuery } from "@tideline/model";

/** The numbers on the wire are the positions in this list: append only. */
const OPERATORS: readonly MatchOperator[] = ["=", "!=", "=~", "!~"];

export function writeFilters(writer: ByteWriter, filters: SearchQuery["filters"]): void {
  writer.varint(filters.length);
  for (const matchers of filters) {
    writer.varint(matchers.length);
    for (const { name, operator, value } of matchers) {
      writer.u8(OPERATORS.indexOf(operator));
      writer.text(name);
      writer.text(value);
    }
  }
}

/** @throws {RangeError} */
export function readFilters(reader: ByteReader): Matcher[][] {
  return readList(reader, 1, () => readList(reader, 3, () => readMatcher(reader)));
}

/** @throws {RangeError} */
export function readTime(reader: ByteReader): number {
  const timeMs = reader.f64();
  if (Number.isNaN(timeMs)) throw new RangeError("a time that is no number");
  return timeMs;
}

function readMatcher(reader: ByteReader): Matcher {
  const number = reader.u8();
  const operator = OPERATORS[number];
  if (operator === undefined) throw new RangeError(`unknown operator ${number}`);
  return { operator, name: reader.text(), value: reader.text() };
}

/** @param itemSizeMin bytes that an item takes at least: a count beyond that is a lie */
function readList<T>(reader: ByteReader, itemSizeMin: number, readItem: () => T): T[] {
  const count = reader.varint();
  if (count * itemSizeMin > reader.restSize) throw new RangeError(`a list of ${count}`);
  const items: T[] = [];
  for (let i = 0; i < count; i += 1) items.push(readItem());
  return items;
}
