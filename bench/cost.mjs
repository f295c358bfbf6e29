// npm run bench:cost: what a store of MNIST tasks costs: core-hours, bytes, chunks, files. The rate is measured, of one thread
// that makes and writes a store; chunks and bytes are those that generate lays out. A shard without a chunk writes the
// documents only, so nothing large is written.
//
//   npm run bench:cost -- [--tasks 1024] [--folder DIR]
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generate, mnist } from "../dist/node.js";
import { machine, median, table, version } from "./support.mjs";

const { values: given } = parseArgs({
  options: { tasks: { type: "string", default: "1024" }, folder: { type: "string" } },
});
const tasks = Number(given.tasks);
const folder = mkdtempSync(join(given.folder ?? tmpdir(), "taskloom-cost-"));
const dataset = await mnist();

/** Seconds of one thread for a sequence. */
async function measured() {
  const out = join(folder, "measured");
  let first;
  let last;
  await generate(dataset, {
    taskCount: tasks,
    format: "zarr",
    workers: 0,
    backend: "wasm",
    out,
    onProgress: (done) => {
      const point = { done, time: performance.now() };
      // The first pieces warm up.
      if (done >= tasks / 8) first ??= point;
      last = point;
    },
  });
  rmSync(out, { recursive: true });
  return (last.time - first.time) / 1000 / (last.done - first.done);
}

async function layoutOf(taskCount) {
  const out = join(folder, `${taskCount}`);
  await generate(dataset, { taskCount, format: "zarr", workers: 0, out, shard: { index: 0, count: 2 ** 20 } });
  const { attributes, consolidated_metadata } = JSON.parse(readFileSync(join(out, "zarr.json"), "utf8"));
  const { chunkItems, arrays } = attributes.taskloom_store;
  const chunks = Math.ceil(taskCount / chunkItems);
  const bytes = arrays.map((name) => {
    const { chunk_grid, data_type } = consolidated_metadata.metadata[name];
    return chunk_grid.configuration.chunk_shape.reduce((a, b) => a * b) * (data_type === "uint8" ? 1 : 4);
  });
  return { chunks, chunk: bytes.reduce((a, b) => a + b), files: chunks * arrays.length + 2 * arrays.length + 2 };
}

try {
  const each = median([await measured(), await measured(), await measured()]);
  console.log(`taskloom ${version()} on ${machine()}; ${new Date().toISOString().slice(0, 10)}`);
  console.log(`one thread makes and writes ${(1 / each).toFixed(0)} sequences a second\n`);
  const rows = [];
  for (const power of [16, 20, 24]) {
    const { chunks, chunk, files } = await layoutOf(2 ** power);
    rows.push({
      tasks: `2^${power}`,
      "core-hours": ((2 ** power * each) / 3600).toPrecision(2),
      bytes: `${((chunks * chunk) / 1e9).toFixed(1)} GB`,
      chunks: chunks.toLocaleString("en-US"),
      "MB a chunk": (chunk / 1e6).toFixed(0),
      "files and folders": files.toLocaleString("en-US"),
    });
  }
  table(rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
