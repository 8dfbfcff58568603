// The scan of a body: series by series, rows into columns.

import {
  ARENA,
  BROKEN,
  FACTS,
  GATHER,
  IGNORED,
  METADATA,
  NEXT,
  NONE,
  REASON_BIG_TIMESTAMP,
  REASON_KEY_TOO_LARGE,
  REASON_SMALL_TIMESTAMP,
  REF,
  REF_BAD_FIRST,
  ROWS_FULL,
  ROW_KEYS,
  ROW_TIMES,
  ROW_VALUES,
  SAFE_MAX,
  SLOTS_FULL,
  TABLE_FULL,
  TENANT,
  account,
  cursor,
  exemplarCount,
  gatherOver,
  gatherSize,
  histogramCount,
  keyCount,
  keySizeMax,
  keysEnd,
  labelCount,
  labelsStart,
  metadataCount,
  metadataCountMax,
  predictedCount,
  previous,
  project,
  rowCount,
  rowCountMax,
  sampleTime,
  sampleValue,
  seriesCount,
  slotsFull,
  storeTableFacts,
  tenant,
} from "./memory.part.as";
import { areLabels, readLength, readSample, readTag, skip, takeUsualSample } from "./protobuf.part.as";
import { gather, hashOf, keyOf, labelSlotOf, matchKey, rollBack, tenantBytes } from "./key-table.part.as";

function scanSeries(start: usize, end: usize): i32 {
  let at = start;
  const firstRow = rowCount;
  let key: u32 = NONE;
  // Senders repeat the order of their series: after key X came Y last time, so compare with Y before
  // anything is looked at. The comparison is exact, so a wrong guess costs time and nothing else.
  if (previous != NONE) {
    const candidate = load<u32>(ARENA + previous, NEXT);
    if (candidate != NONE) {
      const record = ARENA + candidate;
      if (load<u32>(record, TENANT) == tenant) {
        const size = matchKey(record, at, end);
        if (size != NONE && size < <u32>(end - at) && load<u8>(at + size) == 0x12) {
          key = candidate;
          at += size;
        }
      }
    }
  }
  const predicted = key != NONE;
  if (!predicted) {
    while (at < end && load<u8>(at) == 0x0a) {
      const size = readLength(at + 1, end);
      if (cursor == 0) return BROKEN;
      at = cursor + size;
    }
  }
  const runEnd = at;
  let gathered = false;
  while (at < end) {
    const fieldStart = at;
    if (load<u8>(at) == 0x12) {
      if (rowCount < rowCountMax) {
        const usualEnd = takeUsualSample(at, end);
        if (usualEnd != 0) {
          at = usualEnd;
          continue;
        }
      }
      at += 1;
    } else {
      const tag = readTag(at, end);
      if (cursor == 0) return BROKEN;
      at = cursor;
      if (tag != 0x12) {
        const field = tag >> 3;
        if (field > 4) {
          at = skip(at, end, tag, 0);
          if (at == 0) return BROKEN;
          continue;
        }
        if ((tag & 7) != 2) return BROKEN;
        const size = readLength(at, end);
        if (cursor == 0) return BROKEN;
        at = cursor + size;
        if (field == 3) {
          exemplarCount += 1;
        } else if (field == 4) {
          histogramCount += 1;
        } else {
          // A label apart from the others: put them together.
          if (!gathered) {
            gathered = true;
            gatherSize = 0;
            gatherOver = false;
            if (!gather(start, <u32>(runEnd - start))) return BROKEN;
          }
          if (!gather(fieldStart, <u32>(at - fieldStart))) return BROKEN;
        }
        continue;
      }
    }
    const size = readLength(at, end);
    if (cursor == 0) return BROKEN;
    at = cursor + size;
    if (!readSample(at - size, at)) return BROKEN;
    if (rowCount == rowCountMax) {
      // Whoever sends broken labels hears of that first.
      return gathered || predicted || areLabels(start, runEnd) ? ROWS_FULL : BROKEN;
    }
    let time: f64;
    if (sampleTime > SAFE_MAX) time = f64.POSITIVE_INFINITY;
    else if (sampleTime < -SAFE_MAX) time = f64.NEGATIVE_INFINITY;
    else time = <f64>sampleTime;
    store<f64>(ROW_TIMES + (<usize>rowCount << 3), time);
    store<u64>(ROW_VALUES + (<usize>rowCount << 3), sampleValue);
    rowCount += 1;
  }
  seriesCount += 1;
  const runSize = <u32>(runEnd - start);
  if (rowCount == firstRow) {
    return gathered || predicted || areLabels(start, runEnd) ? 0 : BROKEN;
  }
  if (gathered) {
    key = gatherOver ? NONE : keyOf(GATHER, gatherSize, true);
    if (key == NONE && !gatherOver) return TABLE_FULL;
  } else if (predicted) {
    predictedCount += 1;
  } else if (runSize > keySizeMax) {
    if (!areLabels(start, runEnd)) return BROKEN;
  } else {
    key = keyOf(start, runSize, false);
    if (key == NONE) return cursor == 0 ? BROKEN : TABLE_FULL;
  }
  if (key != NONE) previous = key;
  for (let row = firstRow; row < rowCount; row++) store<u32>(ROW_KEYS + (<usize>row << 2), key);
  return 0;
}

function scanFields(start: usize, end: usize): i32 {
  let at = start;
  while (at < end) {
    store<u32>(FACTS, <u32>(at - start), 24);
    let tag: u32 = <u32>load<u8>(at);
    if (tag == 0x0a) {
      at += 1;
    } else {
      tag = readTag(at, end);
      if (cursor == 0) return BROKEN;
      at = cursor;
      const field = tag >> 3;
      if (field != 1 && field != 3) {
        at = skip(at, end, tag, 0);
        if (at == 0) return BROKEN;
        continue;
      }
      if ((tag & 7) != 2) return BROKEN;
    }
    const size = readLength(at, end);
    if (cursor == 0) return BROKEN;
    at = cursor + size;
    if (tag == 0x0a) {
      const code = scanSeries(cursor, at);
      if (code < 0) return code;
      continue;
    }
    if (metadataCount < metadataCountMax) {
      const range = METADATA + (<usize>metadataCount << 3);
      store<u32>(range, <u32>(at - size - start));
      store<u32>(range, size, 4);
    }
    metadataCount += 1;
  }
  return 0;
}

export function scan(at: usize, size: u32, accountId: u32, projectId: u32): i32 {
  account = accountId; project = projectId;
  previous = NONE;
  rowCount = 0; seriesCount = 0; metadataCount = 0; exemplarCount = 0; histogramCount = 0; predictedCount = 0;
  const keysEndBefore = keysEnd;
  const labelsStartBefore = labelsStart;
  store<u32>(tenantBytes(), account);
  store<u32>(tenantBytes(), project, 4);
  const known = load<u64>(labelSlotOf(hashOf(tenantBytes(), 8, 0, 0), tenantBytes(), 8));
  tenant = known == 0 ? NONE : <u32>known - 1;
  slotsFull = false;
  let code = scanFields(at, at + size);
  if (slotsFull) {
    code = SLOTS_FULL;
    store<u32>(FACTS, keyCount, 36);
    store<u32>(FACTS, labelCount, 40);
  }
  if (code < 0) {
    rollBack(keysEndBefore, labelsStartBefore);
    rowCount = 0;
  }
  storeTableFacts();
  store<u32>(FACTS, seriesCount, 8);
  store<u32>(FACTS, metadataCount, 12);
  store<u32>(FACTS, exemplarCount, 16);
  store<u32>(FACTS, histogramCount, 20);
  // 24: where the last field of the body starts
  store<u32>(FACTS, predictedCount, 28);
  return code < 0 ? code : <i32>rowCount;
}

export function resolve(): u32 {
  memory.fill(IGNORED, 0, 1024);
  let kept: u32 = 0;
  let last: u32 = NONE;
  for (let row: u32 = 0; row < rowCount; row++) {
    const key = load<u32>(ROW_KEYS + (<usize>row << 2));
    let ref: u32 = REF_BAD_FIRST + REASON_KEY_TOO_LARGE;
    if (key != NONE) {
      ref = load<u32>(ARENA + key, REF);
      // Remembered here and not in the scan, so that no key ever points to one that was taken back.
      if (last != NONE && last != key) store<u32>(ARENA + last, key, NEXT);
      last = key;
    }
    const time = load<f64>(ROW_TIMES + (<usize>row << 3));
    let reason: u32;
    if (ref >= REF_BAD_FIRST) {
      reason = ref - REF_BAD_FIRST;
    } else if (time == f64.POSITIVE_INFINITY) {
      reason = REASON_BIG_TIMESTAMP;
    } else if (time == f64.NEGATIVE_INFINITY) {
      reason = REASON_SMALL_TIMESTAMP;
    } else {
      store<u32>(ROW_KEYS + (<usize>kept << 2), ref);
      store<f64>(ROW_TIMES + (<usize>kept << 3), time);
      store<u64>(ROW_VALUES + (<usize>kept << 3), load<u64>(ROW_VALUES + (<usize>row << 3)));
      kept += 1;
      continue;
    }
    const counter = IGNORED + (<usize>reason << 2);
    store<u32>(counter, load<u32>(counter) + 1);
  }
  rowCount = 0;
  return kept;
}
