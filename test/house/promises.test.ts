import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The sources of the tests. */
const tests = readdirSync(join(root, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".test.ts"))
  .map((path) => readFileSync(join(root, "test", path), "utf8"));

test("each promise in docs/store.md names a test that there is", () => {
  const rows = [...readFileSync(join(root, "docs/store.md"), "utf8").matchAll(/^\| (.+) \| (.*) \|$/gm)];
  const named = rows.map(([, promise, cell]) => ({ promise, names: [...(cell as string).matchAll(/"([^"]+)"/g)] }));
  const promises = named.filter(({ names }) => names.length > 0);
  expect(promises.length).toBeGreaterThan(25);
  for (const { promise, names } of promises) {
    for (const [, name] of names) {
      const parts = (name as string).split("...").filter((part) => part.trim() !== "");
      // A name of test.each() has its values in the place of dots, and may be written with escapes.
      const found = tests.some((text) => parts.every((part) => text.includes(part.replace(/^[, ]+|[, ]+$/g, ""))));
      expect(found, `${promise}: ${name}`).toBe(true);
    }
  }
});
