// Run by verify.test.ts on a file system of 3 MiB: fills it while a store is written, looks, makes room, goes on.
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Dataset } from "../../dist/index.js";
import { generate, verify } from "../../dist/node.js";

const folder = process.argv[2];
const dataset = Dataset.from({
  images: Uint8Array.from({ length: 50 * 100 }, (_, i) => (i * 31) % 256),
  targets: Uint8Array.from({ length: 50 }, (_, i) => i % 10),
  shape: [100],
  classes: 10,
  name: "made up",
});
const out = join(folder, "store");
// 2 MiB in 20 chunks, of which there is room for a few once the filler is there.
const options = {
  taskCount: 40,
  sequenceLength: 120,
  outFeatures: 100,
  chunkTasks: 2,
  format: "zarr",
  workers: 0,
  out,
};

let error;
await generate(dataset, {
  ...options,
  onProgress: (done) => {
    if (done === 0) writeFileSync(join(folder, "filler"), new Uint8Array(2 * 2 ** 20));
  },
}).catch((cause) => {
  error = { code: cause.code, message: cause.message };
});
const partial = readdirSync(join(out, "unfinished")).filter((name) => name.startsWith("part-"));
const { faults, hashed } = await verify(out);
rmSync(join(folder, "filler"));
const { resumed } = await generate(dataset, options);
const verified = (await verify(out, { recompute: true, dataset })).faults;
const kinds = faults.map(({ kind }) => kind);
// Two files of a chunk of two sequences each were hashed.
console.log(JSON.stringify({ error, partial, faults: kinds, made: hashed, resumed, verified }));
