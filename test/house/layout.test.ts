import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, onTestFinished, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const biome = createRequire(import.meta.url).resolve("@biomejs/biome/bin/biome");
/** The most lines that a file of src/ may have. */
const MOST_LINES = 350;

const order = (/^base <[\s\S]*?< cli$/m.exec(readFileSync(join(root, "CONTRIBUTING.md"), "utf8"))?.[0] ?? "").split(
  /\s*<\s*/,
);

/** Runs Biome's linter, with the project's settings, on files in an empty folder. Returns the restricted imports. */
async function restrictedImports(files: Record<string, string>): Promise<string[]> {
  const folder = temporaryFolder(onTestFinished);
  writeFileSync(join(folder, "biome.json"), readFileSync(join(root, "biome.json")));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, ".."), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const flags = ["lint", "--reporter=json", "--max-diagnostics=none", "--only=style/noRestrictedImports", "src"];
  const { stdout, stderr } = await run(process.execPath, [biome, ...flags], { cwd: folder });
  expect(stdout, stderr).not.toBe("");
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: { category: string; location: { path: string } }[] };
  return diagnostics
    .filter(({ category }) => category === "lint/style/noRestrictedImports")
    .map(({ location }) => location.path.replaceAll("\\", "/"));
}

/** A file in a folder of src/ that imports from others. */
const importing = (folders: readonly string[]) =>
  folders.map((name) => `import "../${name}/${name}.js";\n`).join("") || "export {};\n";

describe("src/", () => {
  test("its root holds index.ts, and the folders that CONTRIBUTING.md orders", () => {
    const entries = readdirSync(join(root, "src"), { withFileTypes: true });
    expect(entries.filter((entry) => !entry.isDirectory()).map(({ name }) => name)).toEqual(["index.ts"]);
    const folders = entries.filter((entry) => entry.isDirectory() && entry.name !== "generated");
    expect(folders.map(({ name }) => name).sort()).toEqual([...order].sort());
  });

  test(`no file has more than ${MOST_LINES} lines`, () => {
    const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).filter(
      (path) => !path.startsWith(`generated${sep}`) && statSync(join(root, "src", path)).isFile(),
    );
    expect(files.length).toBeGreaterThan(100);
    const long = files
      .map((path) => ({ path, lines: readFileSync(join(root, "src", path), "utf8").split("\n").length - 1 }))
      .filter(({ lines }) => lines > MOST_LINES);
    expect(long).toEqual([]);
  });

  test("docs/architecture.svg is drawn from its imports", async () => {
    const { code, stderr } = await run(process.execPath, ["scripts/draw-architecture.mjs", "--check"], { cwd: root });
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });
});

describe("Biome", () => {
  test("reports an import of src/plan in src/base", async () => {
    const planted = { "src/base/zz-planted.ts": importing(["plan"]) };
    expect(await restrictedImports(planted)).toEqual(["src/base/zz-planted.ts"]);
  });

  test("reports each import of a later folder, and none of an earlier one", async () => {
    const files: Record<string, string> = {};
    const expected: string[] = [];
    for (const [at, folder] of order.entries()) {
      const later = order.slice(at + 1);
      files[`src/${folder}/up.ts`] = importing(later);
      files[`src/${folder}/down.ts`] = importing(order.slice(0, at));
      expected.push(...later.map(() => `src/${folder}/up.ts`));
    }
    expect(expected).toHaveLength(120);
    expect((await restrictedImports(files)).sort()).toEqual(expected.sort());
  });
});
