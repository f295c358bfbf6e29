// What the chosen tests need beside Node. A test says it by its tags, see vitest.config.ts.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./ensure.mjs";

/** The test files that vitest chooses by these arguments, as vitest itself lists them; undefined where it cannot. */
function chosenFiles(args) {
  const list = join(root, "build", `chosen-tests-${process.pid}.json`);
  mkdirSync(join(root, "build"), { recursive: true });
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  spawnSync(process.execPath, [vitest, "list", "--filesOnly", ...args, `--json=${list}`], {
    cwd: root,
    stdio: "ignore",
  });
  try {
    return JSON.parse(readFileSync(list, "utf8")).map(({ file }) => file);
  } catch {
    return undefined;
  } finally {
    rmSync(list, { force: true });
  }
}

/** The tags of a test file, and "deno" and "python-libraries" where it uses them. */
export function needsOf(file) {
  const text = readFileSync(file, "utf8");
  const lists = [...text.matchAll(/\btags: \[([^\]]*)\]/g)].map((match) => match[1]);
  const tags = lists.flatMap((list) => [...list.matchAll(/"(\w+)"/g)].map((match) => match[1]));
  const moduleTags = [...text.matchAll(/@module-tag (\w+)/g)].map((match) => match[1]);
  const uses = ["deno/bin.cjs", "support/python-libraries"].filter((name) => text.includes(name));
  return [...tags, ...moduleTags, ...uses.map((name) => (name.startsWith("deno") ? "deno" : "python-libraries"))];
}

/** The needs of a run with these arguments, a set of tags. A run without arguments needs everything. */
export function needsOfRun(args) {
  const files = args.length > 0 ? chosenFiles(args) : undefined;
  return new Set(files?.flatMap(needsOf) ?? ["browser", "webgpu", "python", "python-libraries", "deno"]);
}
