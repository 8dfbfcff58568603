import { describe, expect, test } from "vitest";
import { InputError } from "./errors.ts";
import { formatTenant, parseTenant } from "./tenant.ts";

describe("a tenant", () => {
  test.for([
    { text: "0", accountId: 0, projectId: 0 },
    { text: "42", accountId: 42, projectId: 0 },
    { text: "42:7", accountId: 42, projectId: 7 },
    { text: "4294967295:4294967295", accountId: 4_294_967_295, projectId: 4_294_967_295 },
  ])("$text is read", ({ text, accountId, projectId }) => {
    expect(parseTenant(text)).toEqual({ accountId, projectId });
    expect(parseTenant(formatTenant({ accountId, projectId }))).toEqual({ accountId, projectId });
  });

  test.for([
    "",
    ":",
    "1:",
    ":1",
    "-1",
    "1.5",
    "a",
    "4294967296",
    "1:4294967296",
    "1:2:3",
    " 1",
    "99999999999",
  ])("%j is refused", (text) => {
    expect(() => parseTenant(text)).toThrow(InputError);
  });
});
