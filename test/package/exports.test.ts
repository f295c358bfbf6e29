import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as everywhere from "taskloom";
import * as gpu from "taskloom/gpu";
import * as node from "taskloom/node";
import { expect, test } from "vitest";

// A name that appears or goes is a change of the public API: look twice, then update the snapshot.
test("the exported names", () => {
  expect(Object.keys(everywhere).sort()).toMatchInlineSnapshot(`
    [
      "BackendError",
      "Center",
      "Compose",
      "ConvertImageDtype",
      "Dataset",
      "DatasetError",
      "DisposedError",
      "Flatten",
      "Grayscale",
      "InvalidOptionError",
      "Lambda",
      "LinearProjection",
      "Normalize",
      "OutputError",
      "PRESETS",
      "RecipeError",
      "Resize",
      "StoreError",
      "StoreReader",
      "TargetPermutation",
      "TaskAugmentor",
      "TaskloomError",
      "WebGpuError",
      "findLeaks",
      "generationSeeds",
      "gpuMatrix",
      "gpuNormalize",
      "gpuProject",
      "gpuStatistics",
      "openStore",
      "openTasks",
      "parseRecipe",
      "project",
      "readIdx",
      "readIdxDataset",
      "recipeOf",
      "splitTaskSet",
      "standardizeBatch",
    ]
  `);
  expect(Object.keys(node).sort()).toMatchInlineSnapshot(`
    [
      "FILES",
      "FORMATS",
      "generate",
      "inspect",
      "mnist",
      "openDataset",
      "openStoreFolder",
      "openTasks",
      "preview",
      "readFolder",
      "verify",
    ]
  `);
});

test("the GPU code in one import has the steps of the main entry", () => {
  expect(Object.keys(gpu).sort()).toEqual(["gpuMatrix", "gpuNormalize", "gpuProject", "gpuStatistics"]);
  expect(gpu.gpuMatrix).toBe(everywhere.gpuMatrix);
});

test("the kernel is a file of the package", async () => {
  const file = readFileSync(createRequire(import.meta.url).resolve("taskloom/kernel.wasm"));
  const exports = WebAssembly.Module.exports(await WebAssembly.compile(file)).map(({ name }) => name);
  expect(exports).toContain("projectUint8");
});

test("errors have the names of their classes", () => {
  const { BackendError, DatasetError, DisposedError, InvalidOptionError, OutputError, RecipeError, StoreError } =
    everywhere;
  const made = [
    new BackendError("wasm", "x"),
    new DatasetError("x", "y"),
    new DisposedError("x"),
    new InvalidOptionError("x", 1, "y"),
    new OutputError("x", "y"),
    new RecipeError("x", "y"),
    new StoreError("x", "y"),
    new everywhere.WebGpuError("unavailable", "x"),
  ];
  expect(made.map(({ name }) => name)).toEqual([
    "BackendError",
    "DatasetError",
    "DisposedError",
    "InvalidOptionError",
    "OutputError",
    "RecipeError",
    "StoreError",
    "WebGpuError",
  ]);
});
