/**
 * Prometheus' hash of a label set: XXH64 over its labels, each text with its size before it, so that what is sampled by
 * hash (limit_ratio) is the same series there and here.
 */
import { xxh64 } from "@tideline/kernels";
import { LabelCursor } from "./label-key.ts";

const cursor = new LabelCursor();

/** 0 ≤ share < 1 (or 1 for the last few hashes): the hash as a part of all hashes. */
export function hashShare(key: string): number {
  let text = "";
  cursor.open(key);
  while (cursor.next()) {
    const name = cursor.name();
    const value = cursor.value();
    text += sizeText(name.length) + name + sizeText(value.length) + value;
  }
  return Number(xxh64(Buffer.from(text, "latin1"))) / 2 ** 64;
}

/** One byte below 255, else 255 and three bytes, little endian. */
function sizeText(size: number): string {
  if (size < 255) return String.fromCharCode(size);
  return String.fromCharCode(255, size & 0xff, (size >> 8) & 0xff, (size >> 16) & 0xff);
}
