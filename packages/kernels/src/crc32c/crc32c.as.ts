// CRC32C, sixteen bytes per step by sixteen tables of 256 words at TABLES. See plain.ts.
const TABLES: usize = 0;

// @ts-ignore: decorators are AssemblyScript's
@inline function word(table: usize, byte: u32): u32 {
  return load<u32>(TABLES + (table << 10) + (<usize>byte << 2));
}

// @ts-ignore
@inline function fourBytes(table: usize, bytes: u32): u32 {
  return word(table + 3, bytes & 0xff) ^ word(table + 2, (bytes >> 8) & 0xff) ^
    word(table + 1, (bytes >> 16) & 0xff) ^ word(table, bytes >> 24);
}

export function crc32c(at: usize, size: u32, seed: u32): u32 {
  let rest = ~seed;
  const end = at + size;
  while (at + 16 <= end) {
    rest = fourBytes(12, load<u32>(at) ^ rest) ^ fourBytes(8, load<u32>(at, 4)) ^
      fourBytes(4, load<u32>(at, 8)) ^ fourBytes(0, load<u32>(at, 12));
    at += 16;
  }
  while (at < end) {
    rest = (rest >> 8) ^ word(0, (rest ^ <u32>load<u8>(at)) & 0xff);
    at += 1;
  }
  return ~rest;
}
