import { readFileSync } from "node:fs";
import { Dataset, TaskAugmentor } from "taskloom";
import { describe, expect, test } from "vitest";
import { deviatesOf } from "../support/module.js";
import { sha256 } from "../support/support.js";

interface Case {
  name: string;
  seed: string;
  task: number;
  features: number;
  outFeatures: number;
  length: number;
  scale: number;
  standardDeviation: number;
  inputScaling: "unit" | { mean: number; standardDeviation: number };
  dtype: "float32" | "float16";
  identity: boolean;
  indices: number[];
  sums_first4: string[];
  largest_sum: string;
  inputs_sha256: string;
}

const golden = JSON.parse(readFileSync(new URL("./int16-v1.json", import.meta.url), "utf8")) as {
  examples: number;
  classes: number;
  cases: Case[];
};

function datasetOf({ features, scale }: Case): Dataset {
  const length = golden.examples * features;
  return Dataset.from({
    images: Int16Array.from({ length }, (_, i) => (Math.imul(i + 1, 2654435761) >>> 16) - 32768),
    targets: Uint16Array.from({ length: golden.examples }, (_, n) => n % golden.classes),
    shape: [features],
    classes: golden.classes,
    scale,
  });
}

async function weave(c: Case, backend: "wasm" | "webgpu") {
  using tasks = new TaskAugmentor({
    seed: BigInt(c.seed),
    taskOffset: c.task,
    sequenceLength: c.length,
    outFeatures: c.outFeatures,
    standardDeviation: c.standardDeviation,
    inputScaling: c.inputScaling,
    dtype: c.dtype,
    identity: { projection: c.identity },
    labelLayout: "none",
    backend,
    ...(backend === "wasm" ? { workers: 0 } : {}),
  });
  const { inputs } = await tasks.transform(datasetOf(c));
  expect(inputs.shape).toEqual([1, c.length, c.outFeatures]);
  return sha256(inputs.data);
}

describe.each(golden.cases.map((c) => [c.name, c] as const))("int16, %s", (_, c) => {
  test("sums of more than 32 bits, of the deviates of the module", async () => {
    const { images } = datasetOf(c);
    const rows = Math.min(4, c.outFeatures);
    const g = await deviatesOf(BigInt(c.seed), c.task, rows, c.features);
    const mean = c.inputScaling === "unit" ? 0 : c.inputScaling.mean / c.scale;
    const first = (c.indices[0] as number) * c.features;
    const sums = Array.from({ length: rows }, (_, i) => {
      let sum = 0n;
      for (let j = 0; j < c.features; j++) {
        const entry = c.identity ? Number(i === j) : (g[i * c.features + j] as number);
        sum += BigInt(entry * ((images[first + j] as number) - mean));
      }
      return String(sum);
    });
    expect(sums).toEqual(c.sums_first4.slice(0, rows));
    if (!c.identity && c.features > 500) expect(BigInt(c.largest_sum)).toBeGreaterThan(2n ** 32n);
  });

  test("inputs on WebAssembly", async () => {
    expect(await weave(c, "wasm")).toBe(c.inputs_sha256);
  });

  test("inputs on WebGPU", { tags: ["webgpu"] }, async () => {
    expect(await weave(c, "webgpu")).toBe(c.inputs_sha256);
  });
});
