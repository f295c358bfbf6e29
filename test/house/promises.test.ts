import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The sources of the tests. */
const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => readFileSync(join(root, "test", path), "utf8"));

/** Tells whether there is a test of this name. Dots stand for the values of `test.each`. */
function isIn(name: string): boolean {
  const parts = name.split("...").filter((part) => part.trim() !== "");
  return tests.some((text) => parts.every((part) => text.includes(part.replace(/^[, ]+|[, ]+$/g, ""))));
}

test("each promise in docs/store.md names a test that there is", () => {
  const rows = [...readFileSync(join(root, "docs/store.md"), "utf8").matchAll(/^\| (.+) \| (.*) \|$/gm)];
  const named = rows.map(([, promise, cell]) => ({ promise, names: [...(cell as string).matchAll(/"([^"]+)"/g)] }));
  const promises = named.filter(({ names }) => names.length > 0);
  expect(promises.length).toBeGreaterThan(25);
  for (const { promise, names } of promises) {
    for (const [, name] of names) expect(isIn(name as string), `${promise}: ${name}`).toBe(true);
  }
});

test("each cell of Taskloom in the comparison of docs/loader.md names a test that there is", () => {
  const [, section] = readFileSync(join(root, "docs/loader.md"), "utf8").split("## Other loaders");
  const rows = [...(section as string).matchAll(/^\| ([^|]+) \| ([^|]+) \|.*\|$/gm)].slice(1);
  expect(rows.length).toBeGreaterThan(10);
  for (const [, row, cell] of rows) {
    const names = [...(cell as string).matchAll(/"([^"]+)"/g)];
    expect(names.length, row).toBeGreaterThan(0);
    for (const [, name] of names) expect(isIn(name as string), `${row}: ${name}`).toBe(true);
  }
});
