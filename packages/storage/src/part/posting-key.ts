/**
 * Keys of the postings tree: tenant, label name, label value, so that a tenant's names and a name's values
 * lie together. The empty name stands for "every series of the tenant".
 * Format: docs/formats/part.md#posting-keys.
 */
import { assert, ByteWriter } from "@tideline/common";
import type { Tenant } from "@tideline/model";

/** Tenant (2 × u32) and size of the name (u16), all big endian, so that bytes sort as numbers. */
const TENANT_SIZE = 8;
const PREFIX_SIZE = TENANT_SIZE + 2;
const NAME_SIZE_MAX = 0xffff;

/** Up to and with the name: what all values of a label share. */
export function postingPrefix(tenant: Tenant, name: Uint8Array): Uint8Array {
  return postingKey(tenant, name, new Uint8Array(0));
}

export function postingKey(tenant: Tenant, name: Uint8Array, value: Uint8Array): Uint8Array {
  const writer = new ByteWriter(PREFIX_SIZE + name.length + value.length);
  writePostingKey(writer, tenant, name, value);
  return writer.bytes();
}

/** Appends the key of a label, for those who need it only for a moment. */
export function writePostingKey(
  target: ByteWriter,
  tenant: Tenant,
  name: Uint8Array,
  value: Uint8Array,
): void {
  assert(name.length <= NAME_SIZE_MAX, "a label name is at most 65535 bytes long");
  writeBigEndian(target, tenant.accountId, 4);
  writeBigEndian(target, tenant.projectId, 4);
  writeBigEndian(target, name.length, 2);
  target.raw(name);
  target.raw(value);
}

function writeBigEndian(target: ByteWriter, value: number, size: number): void {
  for (let shift = (size - 1) * 8; shift >= 0; shift -= 8) target.u8((value >>> shift) & 0xff);
}

/** @throws {RangeError} */
export function splitPostingKey(key: Uint8Array): {
  tenant: Tenant;
  name: Uint8Array;
  value: Uint8Array;
} {
  const view = new DataView(key.buffer, key.byteOffset, key.byteLength);
  const nameEnd = PREFIX_SIZE + view.getUint16(TENANT_SIZE);
  if (nameEnd > key.length) throw new RangeError("a posting key without its name");
  return {
    tenant: { accountId: view.getUint32(0), projectId: view.getUint32(4) },
    name: key.subarray(PREFIX_SIZE, nameEnd),
    value: key.subarray(nameEnd),
  };
}

/** The least key of the same size after all keys that begin with `prefix`; null when there is none. */
export function keyAfterPrefix(prefix: Uint8Array): Uint8Array | null {
  const key = prefix.slice();
  for (let i = key.length - 1; i >= 0; i -= 1) {
    key[i] = ((key[i] as number) + 1) & 0xff;
    if (key[i] !== 0) return key;
  }
  return null;
}

/** The part of a posting key that tells the tenant. */
export function tenantPrefix(tenant: Tenant): Uint8Array {
  return postingPrefix(tenant, new Uint8Array(0)).subarray(0, TENANT_SIZE);
}

export function startsWith(bytes: Uint8Array, prefix: Uint8Array): boolean {
  return (
    bytes.length >= prefix.length && Buffer.compare(bytes.subarray(0, prefix.length), prefix) === 0
  );
}
