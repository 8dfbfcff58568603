/** A tenant: two 32-bit numbers, written `accountID` or `accountID:projectID` in URLs, as VictoriaMetrics has it. */
import { InputError } from "./errors.ts";

export interface Tenant {
  readonly accountId: number;
  readonly projectId: number;
}

export const DEFAULT_TENANT: Tenant = { accountId: 0, projectId: 0 };

/** @throws {InputError} unless `text` is `accountID[:projectID]`, each an unsigned 32-bit integer */
export function parseTenant(text: string): Tenant {
  const match = /^(\d{1,10})(?::(\d{1,10}))?$/.exec(text);
  const accountId = Number(match?.[1] ?? NaN);
  const projectId = Number(match?.[2] ?? 0);
  if (!match || accountId > 0xffff_ffff || projectId > 0xffff_ffff) {
    throw new InputError(
      "TIDELINE_TENANT",
      `Cannot parse tenant "${text}": want accountID or accountID:projectID, each an integer from 0 to 4294967295`,
    );
  }
  return { accountId, projectId };
}

export function formatTenant(tenant: Tenant): string {
  return `${tenant.accountId}:${tenant.projectId}`;
}
