// Snappy block decompression. See plain.ts.
//
// Vector loads and stores may run up to 64 bytes past either end: both regions have that slack, and what
// is stored past `written` is overwritten by the next element or lies in the slack.
const BROKEN: i32 = -1;
const TOO_LARGE: i32 = -2;

export function unsnap(source: usize, sourceSize: u32, target: usize, targetSizeMax: u32): i32 {
  const end = source + sourceSize;
  let at = source;
  let announced: u32 = 0;
  let shift: u32 = 0;
  while (true) {
    if (at == end || shift > 28) return BROKEN;
    const byte = <u32>load<u8>(at);
    at += 1;
    if (shift == 28 && byte > 0x0f) return BROKEN;
    announced |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
    shift += 7;
  }
  if (announced > targetSizeMax) return TOO_LARGE;

  const targetEnd = target + announced;
  let to = target;
  while (at < end) {
    const tag = <u32>load<u8>(at);
    at += 1;
    if ((tag & 3) == 0) {
      // Of a literal's size minus one: so that 2^32 does not wrap around.
      let rest = tag >> 2;
      if (rest < 16) {
        if (rest >= <u32>(end - at) || rest >= <u32>(targetEnd - to)) return BROKEN;
        v128.store(to, v128.load(at));
        at += rest + 1;
        to += rest + 1;
        continue;
      }
      if (rest >= 60) {
        const tailSize = rest - 59;
        if (tailSize > <u32>(end - at)) return BROKEN;
        rest = load<u32>(at) & (<u32>0xffffffff >> (32 - 8 * tailSize));
        at += tailSize;
      }
      if (rest >= <u32>(end - at) || rest >= <u32>(targetEnd - to)) return BROKEN;
      const size = rest + 1;
      if (size <= 64) {
        v128.store(to, v128.load(at));
        v128.store(to, v128.load(at, 16), 16);
        v128.store(to, v128.load(at, 32), 32);
        v128.store(to, v128.load(at, 48), 48);
      } else {
        memory.copy(to, at, size);
      }
      at += size;
      to += size;
      continue;
    }
    let size: u32;
    let offset: u32;
    if ((tag & 3) == 1) {
      if (end - at < 1) return BROKEN;
      size = ((tag >> 2) & 7) + 4;
      offset = ((tag >> 5) << 8) | <u32>load<u8>(at);
      at += 1;
    } else if ((tag & 3) == 2) {
      if (end - at < 2) return BROKEN;
      size = (tag >> 2) + 1;
      offset = <u32>load<u16>(at);
      at += 2;
    } else {
      if (end - at < 4) return BROKEN;
      size = (tag >> 2) + 1;
      offset = load<u32>(at);
      at += 4;
    }
    if (offset == 0 || offset > <u32>(to - target) || size > <u32>(targetEnd - to)) return BROKEN;
    let from = to - offset;
    if (offset >= 16) {
      v128.store(to, v128.load(from));
      if (size > 16) {
        v128.store(to, v128.load(from, 16), 16);
        if (size > 32) {
          v128.store(to, v128.load(from, 32), 32);
          v128.store(to, v128.load(from, 48), 48);
        }
      }
      to += size;
    } else if (offset >= 8) {
      const stop = to + size;
      let q = to;
      do {
        store<u64>(q, load<u64>(from));
        q += 8;
        from += 8;
      } while (q < stop);
      to = stop;
    } else {
      const stop = to + size;
      while (to < stop) {
        store<u8>(to, load<u8>(from));
        to += 1;
        from += 1;
      }
    }
  }
  return to == targetEnd ? <i32>announced : BROKEN;
}
