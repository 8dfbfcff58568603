import { expect, test } from "vitest";
import { formatAddress, parseListenAddress } from "./address.ts";

test.for([
  { text: ":8480", host: "", port: 8480 },
  { text: "127.0.0.1:0", host: "127.0.0.1", port: 0 },
  { text: "localhost:65535", host: "localhost", port: 65_535 },
  { text: "[::1]:8480", host: "::1", port: 8480 },
])("$text is an address", ({ text, host, port }) => {
  expect(parseListenAddress(text)).toEqual({ host, port });
  expect(formatAddress({ host, port })).toBe(text);
});

test.for(["", "8480", "host", "host:", "::1:80", "a:b", ":65536", "http://a:80", "a b:80"])(
  "%j is no address",
  (text) => {
    expect(parseListenAddress(text)).toBeUndefined();
  },
);
