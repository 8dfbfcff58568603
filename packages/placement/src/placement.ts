/**
 * Which node keeps a series: rendezvous hashing over node names, a pure function of the names and the
 * identity. Adding a node moves 1/N of the series, all of them to it; losing one spreads its share evenly.
 *
 * score(node, series) = mix(XXH64(name) xor the second half of the identity), a fraction from 0 to 1 in
 * 53 bits; the node with the greatest score is home. Golden vectors: placement.test.ts; they may never
 * change, since data lies where they say. (Lanes are ranges over the identity's first word, so that
 * nodes and lanes are independent.)
 *
 * Doors: a weight w makes the score -w / ln(score); the next nodes by score are the replicas.
 */
import { assert } from "@tideline/common";
import { IDENTITY_SIZE } from "@tideline/model";
import xxhash from "xxhash-wasm";

/** The word that heads what is hashed for `hash`: another rule of placement takes another word. */
const RULE = "tideline-rendezvous-1";

export interface Placement {
  readonly nodeCount: number;
  /** 16 hex digits that are equal for equal rules over equal sets of names: told in the hello. */
  readonly hash: string;
  /** Index, in the list of names, of the node that keeps the series whose identity lies at `offset`. */
  readonly homeOf: (identities: Uint8Array, offset: number) => number;
}

/** @param nodeNames at least one, all different; their order does not matter but for the indexes */
export async function placementOf(nodeNames: readonly string[]): Promise<Placement> {
  assert(nodeNames.length > 0, "there is a node to place series on");
  assert(new Set(nodeNames).size === nodeNames.length, "node names are unique");
  const hasher = await xxhash();
  const lowWords = new Int32Array(nodeNames.length);
  const highWords = new Int32Array(nodeNames.length);
  for (const [i, name] of nodeNames.entries()) {
    const hash = hasher.h64(name);
    lowWords[i] = Number(BigInt.asIntN(32, hash));
    highWords[i] = Number(BigInt.asIntN(32, hash >> 32n));
  }
  const sorted = nodeNames.toSorted();
  return {
    nodeCount: nodeNames.length,
    hash: hasher.h64ToString([RULE, ...sorted].join("\n")),
    homeOf: (identities, offset) => homeOf({ identities, offset, lowWords, highWords, nodeNames }),
  };
}

interface Question {
  readonly identities: Uint8Array;
  readonly offset: number;
  /** Halves of the names' hashes. */
  readonly lowWords: Int32Array;
  readonly highWords: Int32Array;
  readonly nodeNames: readonly string[];
}

function homeOf({ identities, offset, lowWords, highWords, nodeNames }: Question): number {
  const low = littleWord(identities, offset + IDENTITY_SIZE - 8);
  const high = littleWord(identities, offset + IDENTITY_SIZE - 4);
  let best = 0;
  let bestScore = -1;
  for (let node = 0; node < lowWords.length; node += 1) {
    const score = mix(low ^ (lowWords[node] as number), high ^ (highWords[node] as number));
    // Equal scores: by name, so that the order of the list does not matter.
    const wins =
      score > bestScore ||
      (score === bestScore && (nodeNames[node] as string) < (nodeNames[best] as string));
    if (wins) {
      best = node;
      bestScore = score;
    }
  }
  return best;
}

/** 64 bits to 53 well-mixed ones: three rounds of a 32-bit finaliser, each fed with the round before. */
function mix(low: number, high: number): number {
  const first = finalise(low);
  const second = finalise(high ^ first);
  const third = finalise((first + second) | 0);
  return (second >>> 0) * 0x20_0000 + (third >>> 11);
}

/** MurmurHash3's 32-bit finaliser (Austin Appleby): every bit of the input moves every bit of the result. */
function finalise(word: number): number {
  let bits = word;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85eb_ca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2_ae35);
  return bits ^ (bits >>> 16);
}

function littleWord(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
