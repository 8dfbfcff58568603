/**
 * Names for the keys of a frame. A reader that asks again holds the keys it got before: it offers them by name, and a frame
 * whose keys are just those carries the name instead. Keys are two thirds of the answer to a dashboard's instant query.
 */
import { createHash } from "node:crypto";
import type { KeySection, SearchQuery } from "@tideline/model";
import { bytesOf } from "./words.ts";

/** Of a name: a whole SHA-256, so that equal names are equal keys. */
export const KEY_LIST_NAME_SIZE = 32;

/** Keys of fewer bytes are as quickly sent as named. */
export const NAMED_KEYS_SIZE_MIN = 8 * 1024;

/** Keys that an asker holds, in the order of their series. */
export interface KeyListOffer {
  /** 32 bytes: nameOfKeys. */
  readonly name: Uint8Array;
  readonly seriesCount: number;
  /** Bytes of all keys. */
  readonly keysSize: number;
}

/** Offered with one search at most. */
export const OFFERS_MAX = 256;

/** A search as its frames are asked for. */
export interface FrameQuery extends SearchQuery {
  /** Key lists that the asker holds until the answer has ended. Not given: none. */
  readonly offers?: readonly KeyListOffer[];
}

/** @returns SHA-256 over the ends, each a u32 in little endian, then the keys */
export function nameOfKeys({ ends, bytes }: KeySection): Uint8Array {
  return createHash("sha256").update(bytesOf(ends)).update(bytes).digest();
}
