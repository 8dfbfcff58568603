/**
 * Byte blocks for several lanes of one node in one message: row blocks on the way there, their answers
 * on the way back. Layout: docs/formats/wire.md#lane-blocks.
 */
import { CorruptionError } from "@tideline/model";

export interface LaneBlock {
  readonly lane: number;
  readonly bytes: Uint8Array;
}

const ENTRY_SIZE = 8;

/** Blocks of one message at most. */
const LANE_BLOCKS_MAX = 4096;

/**
 * @param blocks borrowed: the parts refer to their bytes
 * @returns the message in parts, to be written one after the other
 */
export function encodeLaneBlocks(blocks: readonly LaneBlock[]): Uint8Array[] {
  const table = new Uint8Array(padded(4 + blocks.length * ENTRY_SIZE));
  const view = new DataView(table.buffer);
  view.setUint32(0, blocks.length, true);
  const parts: Uint8Array[] = [table];
  for (const [i, { lane, bytes }] of blocks.entries()) {
    view.setUint32(4 + i * ENTRY_SIZE, lane, true);
    view.setUint32(8 + i * ENTRY_SIZE, bytes.length, true);
    parts.push(bytes);
    const padding = padded(bytes.length) - bytes.length;
    if (padding > 0) parts.push(new Uint8Array(padding));
  }
  return parts;
}

/**
 * @returns views into `message`
 * @throws {CorruptionError} when the counts do not fit the message
 */
export function decodeLaneBlocks(message: Uint8Array): LaneBlock[] {
  if (message.length < 4) throw damaged(`${message.length} bytes`);
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  const count = view.getUint32(0, true);
  if (count > LANE_BLOCKS_MAX) throw damaged(`${count} blocks, over the limit`);
  let at = padded(4 + count * ENTRY_SIZE);
  if (at > message.length) throw damaged(`${count} blocks in ${message.length} bytes`);
  const blocks: LaneBlock[] = [];
  for (let i = 0; i < count; i += 1) {
    const lane = view.getUint32(4 + i * ENTRY_SIZE, true);
    const size = view.getUint32(8 + i * ENTRY_SIZE, true);
    if (at + padded(size) > message.length) throw damaged(`block ${i} ends after the message`);
    blocks.push({ lane, bytes: message.subarray(at, at + size) });
    at += padded(size);
  }
  if (at !== message.length) throw damaged(`${message.length - at} bytes too many`);
  return blocks;
}

function padded(size: number): number {
  return Math.ceil(size / 8) * 8;
}

function damaged(what: string): CorruptionError {
  return new CorruptionError("TIDELINE_LANE_BLOCKS", `Cannot decode blocks of lanes: ${what}`);
}
