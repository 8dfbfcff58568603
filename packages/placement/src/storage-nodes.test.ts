import { InputError } from "@tideline/model";
import { describe, expect, test } from "vitest";
import { parseStorageNodes } from "./storage-nodes.ts";

describe("-storageNode", () => {
  test.for([
    { text: "vmstorage-1", name: "vmstorage-1", address: "vmstorage-1:8400" },
    { text: "10.0.0.1:9000", name: "10.0.0.1:9000", address: "10.0.0.1:9000" },
    { text: "a@10.0.0.1:9000", name: "a", address: "10.0.0.1:9000" },
    { text: "a@host", name: "a", address: "host:8400" },
    { text: "[::1]", name: "[::1]", address: "[::1]:8400" },
    { text: "a@[fe80::1%eth0]:1", name: "a", address: "[fe80::1%eth0]:1" },
  ])("$text is node $name at $address", ({ text, name, address }) => {
    expect(parseStorageNodes([text], 8400)).toEqual([{ name, address }]);
  });

  test.for([
    "",
    "@host",
    "a@",
    "host:",
    "host:0",
    "host:65536",
    "http://host:1",
    "a b",
    "::1",
    "a@b@c",
  ])("%j is refused", (text) => {
    expect(() => parseStorageNodes([text], 8400)).toThrow(InputError);
  });

  test.for([
    { texts: [], words: /at least one/ },
    { texts: ["a", "b", "a"], words: /name "a" is given twice/ },
    { texts: ["a@h:1", "a@h:2"], words: /name "a" is given twice/ },
    { texts: ["a@h:1", "b@h:1"], words: /address "h:1" is given twice/ },
    { texts: ["h", "h:8400"], words: /address "h:8400" is given twice/ },
  ])("$texts is refused: $words", ({ texts, words }) => {
    expect(() => parseStorageNodes(texts, 8400)).toThrow(words);
  });
});
