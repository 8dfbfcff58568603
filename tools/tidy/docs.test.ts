/** Pages and the code that names them: no dead link, no format without its page, no page without its format. */
import { existsSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { expect, test } from "vitest";
import { files, read, ROOT, sourceFiles } from "./tree.ts";

const pages = files("{*.md,docs/**/*.md,packages/**/*.md,deploy/**/*.md}");

/** Anchors as GitHub makes them of headings. */
function headingsOf(page: string): ReadonlySet<string> {
  return new Set(
    [...read(page).matchAll(/^#+ (.+)$/gm)].map(([, heading = ""]) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
        .replaceAll(" ", "-"),
    ),
  );
}

test("every relative link of a page leads somewhere", () => {
  const dead = pages.flatMap((page) => {
    const text = read(page).replaceAll(/```[\s\S]*?```/g, "");
    return [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = ""]) => target)
      .filter((target) => !/^(?:[a-z]+:|#)/.test(target))
      .filter((target) => {
        const path = normalize(join(dirname(page), target.replace(/#.*$/, "")));
        return !existsSync(join(ROOT, path));
      })
      .map((target) => `${page}: ${target}`);
  });
  expect(dead).toEqual([]);
});

test("every heading that a link or a comment names is there", () => {
  const named = sourceFiles("{packages,bench,tools}/**/*.ts").flatMap(({ path, text }) =>
    [...text.matchAll(/\b(docs\/[\w/-]+\.md)#([\w-]+)/g)].map(([, page = "", anchor = ""]) => ({
      path,
      page,
      anchor,
    })),
  );
  const missing = named
    .filter(({ page, anchor }) => existsSync(join(ROOT, page)) && !headingsOf(page).has(anchor))
    .map(({ path, page, anchor }) => `${path}: ${page}#${anchor}`);
  expect(missing).toEqual([]);
});

test("every page that the code names is there", () => {
  const missing = sourceFiles("{packages,bench,tools}/**/*.ts").flatMap(({ path, text }) =>
    [...text.matchAll(/\bdocs\/[\w/-]+\.md\b/g)]
      .filter(([page]) => !existsSync(join(ROOT, page)))
      .map(([page]) => `${path}: ${page}`),
  );
  expect(missing).toEqual([]);
});

test("every format has its page: what the world reads back must be written down", () => {
  // A folder with a reader or a writer of bytes that leave the process.
  const folders = new Set(
    [
      ...files("packages/wire/src/*/{encode,decode,format,frame,encoder,decoder,writer,reader}.ts"),
      ...files("packages/storage/src/*/format.ts"),
    ].map((path) => dirname(path)),
  );
  expect(folders.size).toBeGreaterThan(0);
  const unwritten = [...folders].filter(
    (folder) => !sourceFiles(`${folder}/*.ts`).some(({ text }) => text.includes("docs/formats/")),
  );
  expect(unwritten).toEqual([]);
});

test("every format page belongs to code", () => {
  const code = sourceFiles("packages/**/*.ts")
    .map(({ text }) => text)
    .join("\n");
  expect(files("docs/formats/*.md").filter((page) => !code.includes(page))).toEqual([]);
});

test("every pnpm command of a page is there", () => {
  const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  const known = new Set([...Object.keys(scripts), "install", "vitest"]);
  const missing = pages.flatMap((page) =>
    [...read(page).matchAll(/\bpnpm ([a-z][\w:-]*)/g)]
      .map(([, command = ""]) => command)
      .filter((command) => !known.has(command))
      .map((command) => `${page}: pnpm ${command}`),
  );
  expect(missing).toEqual([]);
});
