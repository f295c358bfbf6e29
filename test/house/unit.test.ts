import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The files of test/ by their paths from the root, those of the apps and installed packages apart. */
const files = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .map((path) => posix.join("test", ...path.split(sep)))
  .filter((path) => /\.(ts|mjs|js|html)$/.test(path) && !path.includes("node_modules"));

/** The files that a file imports or mocks, types included, by their paths from the root. */
function importsOf(path: string): string[] {
  const text = readFileSync(join(root, path), "utf8");
  const names = text.matchAll(/(?:\bfrom|\bimport|\bimport\(|\bvi\.mock\()\s*["'](\.{1,2}\/[^"']*)["']/g);
  return [...names].map(([, name]) => posix.join(dirname(path), name as string));
}

/** Parts of the project that the package does not export. Finders and the builder of the Python package set tests up. */
function isSource(path: string): boolean {
  return (
    /^(src|assembly|scripts|bench)\//.test(path) &&
    !/^scripts\/(browser|python|python-package|webgpu|interop)\.mjs$/.test(path)
  );
}

const importing = files.map((path) => ({ path, sources: importsOf(path).filter(isSource) }));
const isUnit = ({ path }: { path: string }) => path.startsWith("test/unit/");

test("tests outside of test/unit import the package by its names, and no sources", () => {
  expect(importing.filter((file) => !isUnit(file)).length).toBeGreaterThan(100);
  expect(importing.filter((file) => !isUnit(file) && file.sources.length > 0)).toEqual([]);
});

test("each test in test/unit imports sources", () => {
  const unit = importing.filter((file) => isUnit(file) && file.path.endsWith(".test.ts"));
  expect(unit.length).toBeGreaterThan(25);
  expect(unit.filter(({ sources }) => sources.length === 0)).toEqual([]);
});

test("no test outside of test/unit imports from it", () => {
  const others = files.filter((path) => !isUnit({ path }));
  const across = others.filter((path) => importsOf(path).some((name) => name.startsWith("test/unit/")));
  expect(across).toEqual([]);
});
