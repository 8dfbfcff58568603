/** Runs one body through a scanner and spells everything that came of it as text, to compare twins. */
import { SCAN_BROKEN, type WriteScanLimits, type WriteScanner } from "../write-scan/scanner.ts";
import { bitsOf } from "./write-requests.ts";

export const LIMITS: WriteScanLimits = {
  inputSizeMax: 1 << 20,
  rawSizeMax: 1 << 20,
  rowCountMax: 10_000,
  keyCountMax: 5_000,
  labelCountMax: 20_000,
  arenaSize: 1 << 20,
  keySizeMax: 4_096,
  metadataCountMax: 100,
};

/** What a scan says, in a form that can be compared. Gives each new key its own number as ref. */
export function outcome(
  scanner: WriteScanner,
  body: Uint8Array,
  tenant: readonly [number, number] = [0, 0],
) {
  scanner.raw.set(body);
  // What lies behind the body must not matter.
  scanner.raw.fill(0xff, body.length, body.length + 32);
  let ref = scanner.keyCount;
  let key = scanner.keysEnd;
  const code = scanner.scan(body.length, ...tenant);
  const at = code === SCAN_BROKEN ? scanner.brokenAt : -1;
  const newKeys: string[] = [];
  for (; key < scanner.keysEnd; key = scanner.keyAfter(key)) {
    newKeys.push(`${scanner.keyTenant(key).join(":")} ${hex(scanner.keyRecords(key))}`);
    scanner.setRef(key, ref);
    ref += 1;
  }
  const counts = code < 0 ? null : { ...scanner.counts };
  const metadata = code < 0 ? [] : [...scanner.metadataRanges];
  const rows = code < 0 ? [] : resolved(scanner);
  const ignored = [...scanner.ignoredCounts.subarray(250)];
  const used = scanner.arenaUsedSize;
  return { code, at, newKeys, counts, metadata, rows, ignored: code < 0 ? [] : ignored, used };
}

export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

export function resolved(scanner: WriteScanner): string[] {
  const count = scanner.resolve();
  const bits = new Uint8Array(scanner.values.slice(0, count).buffer);
  return Array.from({ length: count }, (_, i) => {
    const value = hex(bits.subarray(i * 8, i * 8 + 8));
    return `${scanner.refs[i]} ${scanner.timestampsMs[i]} ${value}`;
  });
}

/** A row as `resolved` spells it. */
export function row(ref: number, timestampMs: number, value: number): string {
  return `${ref} ${timestampMs} ${hex(bitsOf(value))}`;
}
