// npm run bench:store: writing each format against the same bytes written by nothing but writes; then the same 64-sequence
// batches from the recipe and from the store, warm and, where the page cache may be dropped, cold, beside NumPy.
import { spawnSync } from "node:child_process";
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TaskAugmentor } from "../dist/index.js";
import { generate, mnist, openStoreFolder } from "../dist/node.js";
import { findPython } from "../scripts/python.mjs";
import { useSoftwareDriver } from "../scripts/webgpu.mjs";
import { machine, median, table, version } from "./support.mjs";

useSoftwareDriver();
const TASKS = Number(process.argv[2] ?? 1024);
const ROUNDS = 5;
const BATCH = 64;
const SEQUENCE = 100 * 794 * 4;

const folder = mkdtempSync(join(process.env.TASKLOOM_BENCH_DIR ?? tmpdir(), "taskloom-bench-"));
const dataset = await mnist();
const set = { taskCount: TASKS, seed: 42, backend: "wasm" };
console.log(`taskloom ${version()} on ${machine()}`);
try {
  console.log(
    `\nwriting ${TASKS} tasks of MNIST, ${((TASKS * SEQUENCE) / 2 ** 20).toFixed(0)} MiB; medians of ${ROUNDS}\n`,
  );
  await writing();
  console.log(`\nreading batches of ${BATCH} sequences at random, as the one unit that PyTorch would ask for\n`);
  await reading();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Seconds of a call. */
async function seconds(call) {
  const start = performance.now();
  await call();
  return (performance.now() - start) / 1000;
}

async function writing() {
  const ways = {
    "only made": () => makeOnly(),
    "writes alone, 4 MiB at a time": () => writeAlone(join(folder, "plain")),
    npy: () => generate(dataset, { ...set, out: join(folder, "npy"), format: "npy", force: true }),
    safetensors: () => generate(dataset, { ...set, out: join(folder, "st"), format: "safetensors", force: true }),
    zarr: () => generate(dataset, { ...set, out: join(folder, "zarr"), format: "zarr", force: true }),
    "zarr, no one-hots": () =>
      generate(dataset, { ...set, out: join(folder, "narrow"), format: "zarr", onehot: false, force: true }),
  };
  const times = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  // Interleaved, so that whatever else the machine does meets all alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, way] of Object.entries(ways)) times[name].push(await seconds(way));
  }
  table(
    Object.entries(times).map(([format, all]) => {
      const s = median(all);
      const rate = TASKS / s;
      return {
        format,
        seconds: s.toFixed(2),
        "sequences/s": rate.toFixed(0),
        "MiB/s": ((rate * SEQUENCE) / 2 ** 20).toFixed(0),
        "times only made": (s / median(times["only made"])).toFixed(2),
      };
    }),
  );
}

async function makeOnly() {
  const tasks = new TaskAugmentor(set);
  for await (const batch of tasks.batches(dataset, { reuse: true })) void batch;
  tasks.dispose();
}

/** The same bytes, synced once, as dd with conv=fdatasync does it. */
function writeAlone(path) {
  const block = new Uint8Array(4 * 2 ** 20).map((_, i) => i * 31);
  const file = openSync(path, "w");
  for (let left = TASKS * SEQUENCE; left > 0; left -= block.length)
    writeSync(file, block, 0, Math.min(left, block.length));
  fdatasyncSync(file);
  closeSync(file);
}

async function reading() {
  const zarr = join(folder, "zarr");
  // Where batches begin: any sequence, so that they cross chunks.
  const starts = Array.from({ length: 40 }, (_, i) => Math.floor(((i * 0.618034) % 1) * (TASKS - BATCH)));
  const rows = [];
  const row = (reader, cache, all) => {
    const s = median(all) / starts.length;
    rows.push({
      reader,
      "page cache": cache,
      "ms a batch": (s * 1000).toFixed(2),
      "sequences/s": (BATCH / s).toFixed(0),
      "MiB/s": ((BATCH * SEQUENCE) / s / 2 ** 20).toFixed(0),
    });
  };
  const tasks = new TaskAugmentor(set);
  const recipe = async () => {
    for (const start of starts) await tasks.batch(dataset, start, start + BATCH);
  };
  const store = await openStoreFolder(zarr);
  const narrow = await openStoreFolder(join(folder, "narrow"));
  const from = (reader) => async () => {
    for (const start of starts) await reader.read(start, BATCH);
  };
  await recipe();
  row("recipe (wasm)", "not used", await rounds(recipe));
  const gpu = await onAdapter(starts[0]);
  if (gpu)
    row(
      `recipe (webgpu: ${gpu.adapter})`,
      "not used",
      gpu.seconds.map((s) => s * starts.length),
    );
  for (const [name, prepare] of [
    ["warm", undefined],
    ["cold", dropCaches()],
  ]) {
    if (name === "cold" && !prepare) {
      console.log("cold reads are not measured: only root may drop the page cache\n");
      continue;
    }
    for (const [reader, opened] of [
      ["openStoreFolder", store],
      ["openStoreFolder, no one-hots", narrow],
    ]) {
      await from(opened)();
      row(reader, name, await rounds(from(opened), prepare));
    }
    const numpy = numpyRounds(zarr, starts, prepare !== undefined);
    if (numpy) row("NumPy, memmap of the chunks, copied", name, numpy);
  }
  tasks.dispose();
  table(rows);
}

/** One of the recipe's batches through WebGPU, on whichever adapter there is: a software one takes seconds for it. */
async function onAdapter(start) {
  const tasks = new TaskAugmentor({ ...set, backend: "webgpu" });
  try {
    const { reason } = await tasks.describeBackend();
    const call = () => tasks.batch(dataset, start, start + BATCH);
    await tasks.batch(dataset, 0);
    return { adapter: reason.replace(/^asked for: /, ""), seconds: await rounds(call) };
  } catch (error) {
    console.log(`the recipe on WebGPU is not measured: ${error.message}\n`);
    return undefined;
  } finally {
    tasks.dispose();
  }
}

async function rounds(call, prepare = () => undefined) {
  const all = [];
  for (let round = 0; round < ROUNDS; round++) {
    prepare();
    all.push(await seconds(call));
  }
  return all;
}

/** Empties the page cache; nothing where that is not allowed. */
function dropCaches() {
  const drop = () => {
    spawnSync("sync");
    writeFileSync("/proc/sys/vm/drop_caches", "3");
  };
  try {
    drop();
    return drop;
  } catch {
    return undefined;
  }
}

function numpyRounds(path, starts, cold) {
  const python = findPython();
  if (!python) return undefined;
  const script = `
import json, subprocess, sys, time
import numpy as np
path, starts, batch, rounds, cold = sys.argv[1], json.loads(sys.argv[2]), ${BATCH}, ${ROUNDS}, ${cold ? "True" : "False"}
arrays = {}
for name in ("inputs", "targets"):
    document = json.load(open(f"{path}/{name}/zarr.json"))
    arrays[name] = document["chunk_grid"]["configuration"]["chunk_shape"], document["data_type"]
def read(name, start):
    shape, dtype = arrays[name]
    out = np.empty((batch, *shape[1:]), dtype)
    for i in range(start // shape[0], (start + batch - 1) // shape[0] + 1):
        chunk = np.memmap(f"{path}/{name}/c/{i}" + "/0" * (len(shape) - 1), dtype, "r", shape=tuple(shape))
        first, last = max(start, i * shape[0]), min(start + batch, (i + 1) * shape[0])
        out[first - start : last - start] = chunk[first - i * shape[0] : last - i * shape[0]]
    return out
def walk():
    for start in starts:
        read("inputs", start), read("targets", start)
walk()
times = []
for _ in range(rounds):
    if cold:
        subprocess.run("sync; echo 3 > /proc/sys/vm/drop_caches", shell=True, check=True)
    begin = time.perf_counter()
    walk()
    times.append(time.perf_counter() - begin)
print(json.dumps(times))
`;
  const { status, stdout, stderr } = spawnSync(python, ["-c", script, path, JSON.stringify(starts)], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}
