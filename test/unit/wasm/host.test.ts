import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { TaskAugmentorOptions } from "taskloom";
import { expect, test } from "vitest";
import { Engine } from "../../../src/backend/wasm/engine.js";
import { Dataset } from "../../../src/dataset/index.js";
import { makePlan } from "../../../src/plan/make-plan.js";
import { resolveOptions } from "../../../src/plan/options.js";
import type { Plan } from "../../../src/plan/plan.js";
import { prepareExamples } from "../../../src/plan/prepare-examples.js";
import { run, temporaryFolder } from "../../support/cli.js";
import { pythonWith } from "../../support/python-libraries.js";
import { recipes } from "../../support/recipes.js";
import { trainingSet } from "../../support/support.js";

const HOST = fileURLToPath(new URL("host.py", import.meta.url));
const KERNEL = fileURLToPath(new URL("../../../build/kernel.wasm", import.meta.url));
const NONE = 0xffffffff;

/** The recipes that other readers are held to, PyTorch's generator, and float32 examples. */
const sets: readonly (readonly [string, TaskAugmentorOptions, "bytes" | "floats"])[] = [
  ...recipes.map(([name, options]) => [name, options, "bytes"] as const),
  ["torch", { taskCount: 3, preset: "notebook-torch", seed: 69, sequenceLength: 12 }, "bytes"],
  ["torch, far away", { taskCount: 2, taskOffset: 1e9, preset: "notebook-torch", sequenceLength: 5 }, "bytes"],
  [
    "torch, samples",
    { preset: "notebook-torch", drawSequence: false, samples: 50, taskCount: 1000, outFeatures: 16 },
    "bytes",
  ],
  [
    "torch, samples of 2^32 tasks",
    { preset: "notebook-torch", drawSequence: false, samples: 5, taskCount: 2 ** 32, outFeatures: 16 },
    "bytes",
  ],
  ["float32", { taskCount: 3, sequenceLength: 12, seed: 3 }, "floats"],
  ["float32, identity, float16", { taskCount: 3, sequenceLength: 12, identity: true, dtype: "float16" }, "floats"],
];

/** The fields of the struct, as docs/module.md numbers their values. */
function fieldsOf(plan: Plan): Record<string, unknown> {
  const { episode, fixed } = plan;
  const flags = fixed
    ? 1 + (fixed.permutation ? 2 : 0) + (fixed.projection ? 4 : 0) + (fixed.task === "step" ? 8 : 0)
    : 0;
  return {
    ...plan,
    version: 1,
    seed: String(plan.seed),
    mode: ["sequence", "dataset", "samples"].indexOf(plan.mode),
    replacement: Number(plan.replacement),
    startToken: plan.startToken ?? NONE,
    labelLayout: ["none", "shifted", "query-last"].indexOf(plan.labelLayout),
    labelFormat: ["one-hot", "integer"].indexOf(plan.labelFormat),
    generator: ["chacha8", "torch"].indexOf(plan.generator),
    exampleDtype: ["uint8", "float32"].indexOf(plan.exampleDtype),
    dtype: ["", "float32", "float16"].indexOf(plan.dtype),
    ways: episode?.ways ?? 0,
    shots: episode?.shots ?? 0,
    queries: episode?.queries ?? 0,
    relabel: Number(episode?.relabel ?? false),
    fixed: flags,
    fixedTask: typeof fixed?.task === "number" ? fixed.task : 0,
    fixedPool: fixed?.pool ?? 0,
    fixedShare: fixed?.share ?? [],
  };
}

test("a host in Python makes the bytes of every recipe", async (context) => {
  const python = pythonWith(context, "wasmtime");
  const parent = temporaryFolder();
  const folders = sets.map((_, i) => join(parent, String(i)));
  for (const [i, [, options, kind]] of sets.entries()) {
    const { plan, examples } = await planned(options, kind);
    const folder = folders[i] as string;
    mkdirSync(folder);
    writeFileSync(join(folder, "plan.json"), JSON.stringify({ ...fieldsOf(plan), ...partOf(plan) }));
    writeFileSync(join(folder, "examples.bin"), examples.images);
    writeFileSync(join(folder, "labels.bin"), examples.targets);
  }
  const list = join(parent, "jobs.json");
  writeFileSync(list, JSON.stringify(folders));
  const { code, stderr } = await run(python, [HOST, KERNEL, list]);
  expect(code, stderr).toBe(0);
  const different: string[] = [];
  for (const [i, [name, options, kind]] of sets.entries()) {
    const { plan, examples } = await planned(options, kind);
    const { first, count } = partOf(plan);
    const { inputs, targets, labels } = (await Engine.create(plan, examples)).weave(first, count);
    const made = (file: string) => readFileSync(join(folders[i] as string, file));
    expect(inputs.byteLength).toBeGreaterThan(0);
    for (const [file, expected] of [
      ["inputs.bin", inputs],
      ["targets.bin", targets],
      ["labels-given.bin", labels ?? new ArrayBuffer()],
    ] as const) {
      if (!made(file).equals(Buffer.from(expected))) different.push(`${name}: ${file}`);
    }
  }
  expect(different).toEqual([]);
});

/** A whole set, or of one too large for that the last two items. */
function partOf({ itemCount }: Plan): { first: number; count: number } {
  const count = itemCount <= 600 ? itemCount : 2;
  return { first: itemCount - count, count };
}

async function planned(given: TaskAugmentorOptions, kind: "bytes" | "floats") {
  const mnist = (await trainingSet()).head(300);
  const { targets, shape } = mnist;
  const images = kind === "bytes" ? mnist.images : Float32Array.from(mnist.images, (value) => value / 255 - 0.1);
  const dataset = Dataset.from({ name: kind, images, targets, shape, classes: 10 });
  const options = resolveOptions(given);
  const { examples, inputScaling } = prepareExamples(options, dataset);
  return { plan: makePlan({ ...options, inputScaling }, examples), examples };
}
