/** Who may ask: HTTP basic auth for all, or a key of its own for one path. */
import { createHash, timingSafeEqual } from "node:crypto";
import { InputError } from "@tideline/model";
import type { Exchange } from "./exchange.ts";

export interface Credentials {
  /** Empty: everyone may ask. */
  readonly username: string;
  readonly password: string;
}

/** @throws {InputError} 401 unless the request carries the credentials */
export function checkBasicAuth(exchange: Exchange, { username, password }: Credentials): void {
  if (username === "" && password === "") return;
  const [scheme, token = ""] = (exchange.request.headers.authorization ?? "").split(" ", 2);
  const given = Buffer.from(token, "base64").toString("utf8");
  if (scheme?.toLowerCase() === "basic" && isEqualText(given, `${username}:${password}`)) return;
  exchange.response.setHeader("WWW-Authenticate", 'Basic realm="Tideline"');
  throw new InputError("TIDELINE_AUTH", "Cannot let you in: want user name and password", {
    status: 401,
  });
}

/** @throws {InputError} 401 unless the URL's `authKey` is the key */
export function checkAuthKey(exchange: Exchange, key: string, flagName: string): void {
  if (isEqualText(exchange.query.get("authKey") ?? "", key)) return;
  throw new InputError("TIDELINE_AUTH", `Cannot let you in: want authKey=… as in -${flagName}`, {
    status: 401,
  });
}

/** In a time that tells nothing about the texts. */
function isEqualText(a: string, b: string): boolean {
  return timingSafeEqual(digest(a), digest(b));
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
