import * as everywhere from "taskloom";
import * as node from "taskloom/node";
import { expect, test } from "vitest";

// A name that appears or goes is a change of the public API: look twice, then update the snapshot.
test("the exported names", () => {
  expect(Object.keys(everywhere).sort()).toMatchInlineSnapshot(`
    [
      "BackendError",
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
