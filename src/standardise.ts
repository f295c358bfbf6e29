import { Dataset } from "./dataset/index.js";
import type { InputScaling } from "./presets.js";

/**
 * The dataset as backends take it. uint8 examples stay as they are, a backend subtracts from them itself; float32 ones
 * are standardised here, `f32((x - mean) / deviation)`, so that no precision is lost in sums.
 */
export function standardised(dataset: Dataset, scaling: InputScaling): Dataset {
  if (dataset.dtype === "uint8" || scaling === "unit") return dataset;
  const { mean, standardDeviation } = scaling === "standard" ? dataset.moments() : scaling;
  const { name, targets, shape, classes } = dataset;
  const images = Float32Array.from(dataset.images, (value) => (value - mean) / standardDeviation);
  return Dataset.from({ name, images, targets, shape, classes });
}
