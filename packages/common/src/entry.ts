/**
 * Where worker entries and assets lie: the one place that knows about bundles.
 *
 * From sources a file is where its URL says. In an image all bundles, .wasm and .proto files lie side by
 * side in one folder, so only the base name counts (names are unique; tools/bundle checks it).
 */
declare const TIDELINE_BUNDLED: boolean | undefined;

/**
 * @param source URL of the file in the source tree: `new URL("./lane-worker.ts", import.meta.url)`
 * @returns where that worker entry or asset is in the running program
 */
export function entryUrl(source: URL): URL {
  if (typeof TIDELINE_BUNDLED === "undefined") return source;
  const name = source.pathname.slice(source.pathname.lastIndexOf("/") + 1).replace(/\.ts$/, ".js");
  return new URL(`./${name}`, import.meta.url);
}
