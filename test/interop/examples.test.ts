import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureInterop } from "../../scripts/interop.mjs";
import { block, changed, Examples, expectedSums, type Outcome, typeErrors } from "./support.js";

// @module-tag browser

const missing = await ensureInterop();
if (missing && process.env.CI === "true") throw new Error(missing);
if (missing) console.warn(`the examples of docs/gpu.md are NOT tested: ${missing}`);

const raw = block("raw");
const tfjs = block("tfjs");
const onnxruntime = block("onnxruntime");
const jax = block("jax");

const FLUSH = "  flush(); // before the next batch is asked for\n";
const LOOP = "for await (const { inputs, targets } of tasks.gpuBatches(dataset, walk)) {";
const OWN = "for await (const { inputs, targets, destroy } of tasks.gpuBatches(dataset, { batchSize: 5 })) {";
const KEEP = "  results.push(result);\n";
const REMOVE = 'tf.removeBackend("webgpu"); // the import has registered one, and a name is registered only once\n';

/** Programs whose sums are right: the page's, and what its text says about them. */
const RIGHT: Record<string, string> = {
  raw,
  tfjs,
  "tfjs-its-own-device": changed(
    tfjs,
    ["const device = await adapter.requestDevice();\n", ""],
    [REMOVE, ""],
    ['tf.registerBackend("webgpu", () => new WebGPUBackend(device, adapter.info));\n', ""],
    ["backend: device", "backend: (tf.backend() as WebGPUBackend).device"],
  ),
  "tfjs-nothing-to-flush": changed(tfjs, [FLUSH, "flush();\nflush();\n"]),
  "tfjs-destroy": changed(tfjs, [LOOP, OWN], [FLUSH, "flush();\ndestroy();\n"]),
  "tfjs-flag": changed(tfjs, [FLUSH, ""], [REMOVE, `${REMOVE}tf.env().set("WEBGPU_DEFERRED_SUBMIT_BATCH_SIZE", 1);\n`]),
  "tfjs-read-in-each-step": changed(
    tfjs,
    [FLUSH, ""],
    [KEEP, "await result.sums.data();\nawait result.targetSums.data();\nresults.push(result);\n"],
  ),
  "tfjs-copied": changed(
    tfjs,
    [FLUSH, ""],
    ["buffer: inputs.buffer, zeroCopy: true", "buffer: inputs.buffer"],
    ["buffer: targets.buffer, zeroCopy: true", "buffer: targets.buffer"],
  ),
  onnxruntime,
  "onnxruntime-destroy": changed(
    onnxruntime,
    [LOOP, OWN],
    ["  sums.push(...(results", "  destroy();\n  sums.push(...(results"],
  ),
  jax,
  "jax-destroy": changed(
    jax,
    [LOOP, OWN],
    ["  const y = await copy(targets, np.uint32);\n", "  const y = await copy(targets, np.uint32);\n  destroy();\n"],
  ),
};

/** Programs that do what the page warns of. */
const TRAPS: Record<string, string> = {
  "raw-late": changed(
    raw,
    ["  device.queue.submit([encoder.finish()]); // before", "  late.push(encoder.finish()); // before"],
    ["  sums.destroy();\n", ""],
    ["using tasks", "const late: GPUCommandBuffer[] = [];\nusing tasks"],
    ["await Promise.all", "device.queue.submit(late);\nawait Promise.all"],
  ),
  "tfjs-not-removed": changed(tfjs, [REMOVE, ""]),
  "tfjs-not-flushed": changed(tfjs, [FLUSH, ""]),
  "tfjs-stale": changed(tfjs, [FLUSH, ""], ["(dataset, walk)", "(dataset, { ...walk, batchSize: 3 })"]),
  "tfjs-destroyed-before": changed(tfjs, [LOOP, OWN], [FLUSH, "destroy();\n"]),
  "tfjs-view": changed(tfjs, ["tf.sum(y, -1)", 'tf.cast(y, "float32")']),
  "onnxruntime-environment": changed(
    onnxruntime,
    ['[{ name: "webgpu", device }]', '["webgpu"]'],
    ["const session", "(ort.env.webgpu as { device: unknown }).device = device;\nconst session"],
  ),
  "jax-without-ref": changed(jax, ["array.ref.gpuBuffer()", "array.gpuBuffer()"]),
};

/** Gives the numbers that tfjs reads from the tensors of each batch, which are as many as the buffers have. */
const LENGTHS = changed(
  tfjs,
  ["sums: tf.sum(x, -1)", "sums: tf.reshape(x, [-1])"],
  ["targetSums: tf.sum(y, -1)", "targetSums: tf.reshape(y, [-1])"],
  [KEEP, "lengths.push((await result.sums.data()).length, (await result.targetSums.data()).length);\n"],
  ["using tasks", "const lengths: number[] = [];\nusing tasks"],
);

test("row-sums.onnx is what its script writes", () => {
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
  const written = execFileSync(process.execPath, [here("make-row-sums.mjs")]);
  expect(readFileSync(here("row-sums.onnx")).equals(written)).toBe(true);
});

describe.skipIf(missing)(`docs/gpu.md${missing ? `: not run, ${missing}` : ""}`, () => {
  let examples: Examples;
  let expected: Awaited<ReturnType<typeof expectedSums>>;
  beforeAll(async () => {
    expected = await expectedSums();
    examples = await Examples.open({ ...RIGHT, ...TRAPS, "tfjs-lengths": LENGTHS });
  });
  afterAll(() => examples?.close());

  /** The number of sums that are out of bounds; those expected are of the positions from `first` on. */
  function wrong(sums: readonly number[] = [], first = 0): number {
    const { bounds } = expected;
    return sums.filter((sum, i) => !(Math.abs(sum - expected.sums[first + i]!) <= bounds[first + i]!)).length;
  }
  /** Runs a program that nothing stops, whatever its results. */
  async function silent(name: string): Promise<Outcome & { said: string }> {
    const outcome = await examples.run(name);
    const said = outcome.console.join("\n");
    expect(outcome.error, said).toBeUndefined();
    expect(outcome.sums?.length).toBe(24 * 16);
    return { ...outcome, said };
  }
  const DESTROYED = "used in submit while destroyed";

  test.each(Object.keys(RIGHT))("right sums: %s", async (name) => {
    const { sums, targets, targetSums, said } = await silent(name);
    expect(wrong(sums), said).toBe(0);
    if (targets) expect(targets).toEqual(expected.targets);
    else expect(targetSums).toEqual(expected.targetSums);
    expect(said).not.toMatch(/\[(Buffer|Device|Invalid)/);
  });

  test("the examples hold under strict TypeScript", async () => {
    expect(await typeErrors(["raw", "tfjs", "onnxruntime", "jax"])).toBe("");
  });

  test("tfjs reads as many numbers as a batch has, of the short last one too", async () => {
    const { lengths, error } = await examples.run("tfjs-lengths");
    expect(error).toBeUndefined();
    const values = (tasks: number) => [tasks * 16 * expected.width, tasks * 16];
    expect(lengths).toEqual([5, 5, 5, 5, 4].flatMap(values));
  });

  test.each(["raw-late", "tfjs-not-flushed", "tfjs-destroyed-before"])("trap: %s reads zeros", async (name) => {
    const { sums, said } = await silent(name);
    expect(sums?.every((sum) => sum === 0)).toBe(true);
    expect(said).toContain(DESTROYED);
  });

  test("trap: without a flush tfjs reads later batches", async () => {
    const { sums } = await silent("tfjs-stale");
    // Eight batches of 3 tasks in three sets: the eighth is in the buffers of the second when dispatch 15 submits them all.
    const second = sums?.slice(3 * 16, 6 * 16);
    expect(wrong(second, 3 * 16)).toBe(3 * 16);
    expect(wrong(second, 21 * 16)).toBe(0);
  });

  test("trap: without removeBackend tfjs stays on its own device and reads zeros", async () => {
    const { sums, said } = await silent("tfjs-not-removed");
    expect(sums?.every((sum) => sum === 0)).toBe(true);
    expect(said).toContain("webgpu backend was already registered");
  });

  test("trap: a view outlives its batch in tfjs", async () => {
    const { sums, targetSums, said } = await silent("tfjs-view");
    expect(wrong(sums), said).toBe(0);
    expect(targetSums).not.toEqual(expected.targets);
    expect(said).toContain(DESTROYED);
  });

  test("trap: onnxruntime-web ignores a device in its environment", async () => {
    const { error } = await examples.run("onnxruntime-environment");
    expect(error).toMatch(/is associated with \[Device\], and cannot be used with \[Device\]/);
  });

  test("trap: jax-js frees an array whose buffer was asked for without .ref", async () => {
    const { error } = await examples.run("jax-without-ref");
    expect(error).toMatch(/freed, please use \.ref/);
  });
});
