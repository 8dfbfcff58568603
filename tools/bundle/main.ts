/**
 * Makes what an image holds: `node tools/bundle/main.ts [FOLDER]` (default: dist).
 *
 * Node strips types only outside node_modules, so packages cannot be installed as they are. Each program and each
 * worker becomes one self-contained file instead, and the .wasm and .proto files that they read lie beside them;
 * `entryUrl` of `common` finds them there by their base name alone, so the names must be unique.
 */
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { build } from "esbuild";
import { findAssets, findEntries } from "./entries.ts";
import { thirdPartyNotice } from "./third-party.ts";

const root = resolve(import.meta.dirname, "../..");
const target = resolve(process.argv[2] ?? join(root, "dist"));

/** CommonJS packages inside an ES module still ask for `require` and for their folder. */
const BANNER = [
  'import { createRequire as createRequireOfBundle } from "node:module";',
  "const require = createRequireOfBundle(import.meta.url);",
  "const __filename = import.meta.filename, __dirname = import.meta.dirname;",
].join("\n");

const entries = findEntries(root);
const assets = findAssets(root);

await rm(target, { recursive: true, force: true });
await mkdir(target, { recursive: true });
const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: Object.fromEntries(entries.map((entry) => [entry.name, entry.path])),
  outdir: target,
  bundle: true,
  platform: "node",
  format: "esm",
  target: "node24",
  define: { TIDELINE_BUNDLED: "true" },
  banner: { js: BANNER },
  // Stack traces name our own lines (node --enable-source-maps); the text of the sources stays at home.
  sourcemap: "linked",
  sourcesContent: false,
  legalComments: "none",
  metafile: true,
  logLevel: "warning",
});
for (const asset of assets) await copyFile(asset, join(target, basename(asset)));
await copyFile(join(root, "LICENSE"), join(target, "LICENSE"));
await writeFile(
  join(target, "THIRD-PARTY-LICENSES.txt"),
  thirdPartyNotice(root, Object.keys(metafile.inputs)),
);
// Node reads the bundles as ES modules because of this.
await writeFile(join(target, "package.json"), '{ "type": "module" }\n');

process.stdout.write(
  `${target}: ${entries.map((entry) => entry.name).join(" ")} and ${assets.length} assets\n`,
);
