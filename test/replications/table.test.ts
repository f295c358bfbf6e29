import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";

const page = readFileSync(new URL("../../docs/replications.md", import.meta.url), "utf8");

const files = {
  "Lerostre/gpicl, the notebook": "lerostre",
  "kir-gadjello/GPICL": "kir-gadjello",
  "RobvanGastel/meta-in-context-learning": "vangastel",
};

/** The names of a file's tests, as they are written. */
function testsOf(name: string): string[] {
  const text = readFileSync(new URL(`${name}.test.ts`, import.meta.url), "utf8");
  return [...text.matchAll(/\btest(?:\.each\([\s\S]*?\))?\(\s*"((?:[^"\\]|\\.)*)"/g)].map(
    ([, title]) => title as string,
  );
}

/** The last cells of a section's table rows: the names of their tests. */
function rowsOf(section: string): string[] {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? "";
  return text
    .split("\n")
    .filter((line) => line.startsWith("| ") && !/^\| (---|their option)/.test(line))
    .map((line) => line.split(" | ").at(-1)?.replace(/ \|$/, "") as string);
}

describe.each(Object.entries(files))("%s", (section, name) => {
  test("each row of its table has a test, and each test a row", () => {
    const rows = rowsOf(section);
    expect(rows.length).toBeGreaterThan(12);
    expect([...new Set(rows)]).toEqual(rows);
    expect([...rows].sort()).toEqual(testsOf(name).sort());
  });
});
