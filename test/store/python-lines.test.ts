import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generate, mnist } from "taskloom/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { run } from "../support/cli.js";
import { pythonWith } from "../support/python-libraries.js";

// @module-tag python
const folder = mkdtempSync(join(tmpdir(), "taskloom-lines-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(async () => {
  const dataset = await mnist({ limit: 200 });
  const options = { taskCount: 16, seed: 42, sequenceLength: 10, workers: 0 } as const;
  await generate(dataset, { ...options, out: join(folder, "tasks") });
  await generate(dataset, { ...options, dtype: "float16", format: "safetensors", out: join(folder, "tasks16") });
  await generate(dataset, { ...options, format: "zarr", chunkTasks: 8, out: join(folder, "tasks.zarr") });
});

/** The Python blocks of a document. */
function blocksOf(document: string): string[] {
  const text = readFileSync(new URL(`../../${document}`, import.meta.url), "utf8");
  const blocks = [...text.matchAll(/^```python\n(.*?)^```$/gms)].map(([, lines]) => lines as string);
  // Those of the Python package are run by test/python and `npm run test:wheel`.
  return blocks.filter((lines) => !/^import taskloom$/m.test(lines));
}

/** The libraries that lines import, by the names of their packages. */
function librariesOf(lines: string): string[] {
  const names = [...lines.matchAll(/^(?:import|from) (\w+)/gm)].map(([, name]) => name as string);
  // A part of a library that needs another one.
  if (lines.includes("from safetensors.torch")) names.push("torch");
  return [...new Set(["numpy", ...names])].filter((name) => name !== "json");
}

/** Runs lines where the sets are; a warning to users is an error. */
const python = (command: string, lines: string) =>
  run(command, ["-W", "error::UserWarning", "-c", `import os\nos.chdir(${JSON.stringify(folder)})\n${lines}`]);

const readme = blocksOf("README.md");
const all = [
  ...readme.map((_, i) => ["README.md", readme.slice(0, i + 1).join("\n")] as const),
  ...blocksOf("docs/store.md").map((lines) => ["docs/store.md", lines] as const),
];

test("the documents have lines for each library", () => {
  const libraries = new Set(all.flatMap(([, lines]) => librariesOf(lines)));
  expect([...libraries].sort()).toEqual(["jax", "numpy", "safetensors", "torch", "xarray", "zarr"]);
});

describe.each(all)("%s", (_, lines) => {
  test(librariesOf(lines).join(", "), async (context) => {
    const command = pythonWith(context, ...librariesOf(lines));
    const shapes = /\binputs = .*\[8:16\]/.test(lines) ? "\nassert inputs.shape == (8, 10, 794)" : "";
    const result = await python(command, lines + shapes);
    expect([result.code, result.stderr]).toEqual([0, ""]);
  }, 60_000);
});

test("PyTorch warns of arrays that cannot be written to: the lines above avoid what is noticed", async (context) => {
  const lines = 'import numpy as np, torch\ntorch.from_numpy(np.load("tasks/inputs.npy", mmap_mode="r"))';
  const { code, stderr } = await python(pythonWith(context, "numpy", "torch"), lines);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/UserWarning: The given NumPy array is not writ/)]);
}, 60_000);
