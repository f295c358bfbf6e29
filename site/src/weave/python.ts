import type { Place } from "../data/place.js";

/**
 * The program in Python that makes the task from its recipe, by the package in python/. That package reads IDX and .npz; for
 * other formats the program says which arrays it needs, and the digest in the recipe checks them.
 */
export function python(place: Place): string {
  const { imports, dataset } = datasetOf(place);
  return `${imports}import taskloom

${dataset}
tasks = taskloom.open_tasks("recipe.json", dataset)
inputs, targets = tasks[0]
`;
}

function datasetOf(place: Place): { imports: string; dataset: string } {
  const { files, reading, examples } = place;
  if (!files) {
    const names = ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"].map((name) => JSON.stringify(name)).join(", ");
    return { imports: "", dataset: `dataset = taskloom.read_idx(${names}, limit=${examples})` };
  }
  const plain = !reading.shape && !reading.resize && !reading.split;
  if (plain && files.kind === "pair") {
    const [images, labels] = [JSON.stringify(files.images), JSON.stringify(files.labels)];
    if (files.format === "idx") return { imports: "", dataset: `dataset = taskloom.read_idx(${images}, ${labels})` };
    if (/\.npy$/i.test(files.images) && /\.npy$/i.test(files.labels)) {
      return {
        imports: "import numpy as np\n",
        dataset: `dataset = taskloom.Dataset.of(np.load(${images}), np.load(${labels}))`,
      };
    }
  }
  if (plain && files.kind === "file" && /\.npz$/i.test(files.name)) {
    const names = (["images", "labels"] as const)
      .filter((name) => typeof reading[name] === "string")
      .map((name) => `, ${name}=${JSON.stringify(reading[name])}`);
    return { imports: "", dataset: `dataset = taskloom.read_npz(${JSON.stringify(files.name)}${names.join("")})` };
  }
  return { imports: "", dataset: byArrays(place) };
}

/** The dataset of arrays that another library of Python reads. */
function byArrays({ files, examples, shape, dtype, classes }: Place): string {
  const what = files?.kind === "file" || files?.kind === "folder" ? files.name : "your files";
  return `# This package reads IDX and .npz. Read ${what} by another library, in the same order, into
# images: ${dtype} [${[examples, ...shape].join(", ")}]
# targets: integers [${examples}], 0 to ${classes - 1}
# open_tasks compares their digest with that of the recipe.
dataset = taskloom.Dataset.of(images, targets, classes=${classes})`;
}
