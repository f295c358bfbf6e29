// Writes a store of very many tiny chunks, all but the last one, and the journals of 64 runs, as those runs would have left
// them. One real run makes the documents and says how a journal begins.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Dataset } from "../../dist/index.js";
import { generate } from "../../dist/node.js";

const RUNS = 64;

export const dataset = Dataset.from({
  images: Uint8Array.from({ length: 40 }, (_, i) => i),
  targets: Uint8Array.from({ length: 10 }, (_, i) => i % 2),
  shape: [4],
  classes: 2,
  name: "tiny",
});

/** A task of two examples for each chunk: 32 bytes of inputs, 2 of targets. */
export const optionsOf = (chunks, out) => ({
  taskCount: chunks,
  sequenceLength: 2,
  outFeatures: 2,
  format: "zarr",
  chunkTasks: 1,
  workers: 0,
  out,
});

export async function simulate(chunks, out) {
  rmSync(out, { recursive: true, force: true });
  // A shard of one chunk: its journal names the store.
  await generate(dataset, { ...optionsOf(chunks, out), shard: { index: 0, count: chunks } });
  const [name] = readdirSync(join(out, "unfinished")).filter((entry) => entry.startsWith("journal-"));
  const [first] = readFileSync(join(out, "unfinished", name), "utf8").split("\n");
  rmSync(join(out, "unfinished", name));
  const contents = { inputs: Buffer.alloc(32), targets: Buffer.alloc(2) };
  const sha256 = {};
  for (const [array, bytes] of Object.entries(contents)) {
    sha256[array] = createHash("sha256").update(bytes).digest("hex");
  }
  let lines = [first];
  for (let chunk = 0; chunk < chunks - 1; chunk++) {
    const version = {};
    for (const [array, bytes] of Object.entries(contents)) {
      const path = join(out, array, array === "inputs" ? `c.${chunk}.0.0` : `c.${chunk}.0`);
      writeFileSync(path, bytes);
      const { ino, mtimeMs } = statSync(path);
      version[array] = `${ino}:${mtimeMs}`;
    }
    lines.push(JSON.stringify({ chunk, sha256, version }));
    if ((chunk + 1) % Math.ceil(chunks / RUNS) === 0 || chunk === chunks - 2) {
      const run = String(chunk).padStart(8, "0");
      writeFileSync(join(out, "unfinished", `journal-host-1-${run}.jsonl`), `${lines.join("\n")}\n`);
      lines = [first];
    }
  }
}
