// npm run bench:peers: Taskloom beside the libraries people would use instead, on the same work in the same run.
//
// Every peer is a process of its own, one after the other, in several passes, so that a slow moment of the machine hits
// all of them. It compiles and warms up, is timed, and checks what it makes: shapes, moments, products, one-hots. Ratios are
// of the medians, to Taskloom on the same kind of device: on WebGPU to Taskloom on WebGPU with results read back; on CUDA,
// where results stay, to Taskloom on WebGPU with results that stay, too; else to its WebAssembly on one thread. Two
// processes of one thread, as a PyTorch DataLoader starts them, take half of the row with one thread at best. A peer that is
// not installed, or does not run here, is named with what it lacks.
//
//   npm run bench:peers -- [--passes 3] [--only taskloom,torch] [--device wasm,cpu] [--python /usr/bin/python3 --python ...]
//
// --only: peers whose script begins so. --device: those on wasm, cpu, webgpu, cuda or gpu, which is JAX's. --python, any number of times: where PyTorch, JAX and NumPy are looked for; each
// version that is found is measured, once. Default: TASKLOOM_PYTHON, else Debian's. jax-js and tfjs: npm ci in bench/peers.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { useSoftwareDriver } from "../scripts/webgpu.mjs";
import { openDevice } from "./gpu/device.mjs";
import { machine, median, mnistFolder, table, version } from "./support.mjs";

const { values } = parseArgs({
  options: {
    passes: { type: "string", default: "3" },
    only: { type: "string" },
    python: { type: "string", multiple: true },
    device: { type: "string", default: "wasm,cpu,webgpu,cuda,gpu" },
  },
});
const debian = spawnSync("/usr/bin/python3", ["--version"]).status === 0 ? "/usr/bin/python3" : "python3";
const pythons = values.python ?? [process.env.TASKLOOM_PYTHON ?? debian];

const found = new Map();
const devices = values.device.split(",");
const isWanted = (script, device) =>
  devices.includes(device.split("-")[0]) && (values.only ?? "").split(",").some((name) => script.startsWith(name));
const node = (script, device, threads, tasks, repeats = 5) =>
  isWanted(script, device) ? [{ command: process.execPath, script, device, threads, tasks, repeats, more: [] }] : [];
/** A peer for each version of its library. */
const py = (script, device, threads, tasks, ...more) =>
  (isWanted(script, device) ? pythonsWith(script.split("_")[0]) : []).map((command) => {
    return { command, script, device, threads, tasks, repeats: 5, more };
  });
useSoftwareDriver();
const adapter = devices.includes("webgpu") ? await findAdapter() : { why: "--device leaves it out" };
// On a software adapter a task takes a second or so.
const gpuTasks = adapter.software ? 2 : 512;
const gpuRepeats = adapter.software ? 2 : 5;
const PEERS = [
  node("taskloom.mjs", "wasm", 1, 200),
  node("taskloom.mjs", "wasm", 2, 400),
  py("torch_notebook.py", "cpu", 1, 50),
  py("torch_lean.py", "cpu", 1, 50),
  py("torch_lean.py", "cpu", 2, 50),
  py("torch_batched.py", "cpu", 1, 64),
  py("torch_batched.py", "cpu", 2, 64),
  py("numpy_lean.py", "cpu", 1, 50),
  py("jax_jit.py", "cpu", 1, 32),
  py("jax_jit.py", "cpu", 2, 32),
  py("torch_batched.py", "cuda", 1, 4096),
  py("torch_batched.py", "cuda", 1, 4096, "--tf32"),
  py("jax_jit.py", "gpu", 1, 4096),
  node("jax_js.mjs", "wasm", 1, 20),
  node("tfjs.mjs", "wasm", 1, 20),
  ...(adapter.why === undefined
    ? [
        node("taskloom.mjs", "webgpu", 1, gpuTasks, gpuRepeats),
        adapter.software ? [] : node("taskloom.mjs", "webgpu-kept", 1, gpuTasks, gpuRepeats),
        node("jax_js.mjs", "webgpu", 1, gpuTasks, gpuRepeats),
        node("tfjs.mjs", "webgpu", 1, gpuTasks, gpuRepeats),
      ]
    : []),
].flat();
const BASE = { webgpu: "webgpu", "webgpu-kept": "webgpu", cuda: "webgpu-kept", gpu: "webgpu-kept" };

const folder = fileURLToPath(new URL("peers", import.meta.url));
const results = new Map();
const left = new Set();
for (let pass = 0; pass < Number(values.passes); pass++) {
  for (const peer of PEERS) {
    if (!left.has(peer)) measure(peer);
  }
}

console.log(`taskloom ${version()} on ${machine()}`);
console.log("MNIST, 784 x 784, sequences of 100; ms a task");
if (adapter.why !== undefined) console.log(`WebGPU is not measured: ${adapter.why}`);
else if (adapter.software) console.log("WebGPU on a program that does a GPU's work: says nothing about GPUs");
const adapters = [...results.values()].filter((result) => result.adapter).map((r) => `${r.device}: ${r.adapter}`);
console.log([...new Set(adapters), ""].join("\n"));
table([...results.values()].map(row));

/** Runs a peer once more. */
function measure(peer) {
  const { command, script, device, threads, tasks, repeats, more } = peer;
  const flags = { data: mnistFolder(), device, threads, tasks, repeats };
  const args = [script, ...Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]), ...more];
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
  const line = stdout?.trim().split("\n").at(-1) ?? "";
  if (status !== 0 || !line.startsWith("{")) {
    console.error(`${script} failed (exit ${status}):\n${stderr}`);
    process.exitCode = 1;
    return;
  }
  const result = { device, ...JSON.parse(line) };
  if (result.missing || result.absent) left.add(peer);
  // What a machine does not have is no row: most have no CUDA.
  if (result.absent) {
    console.log(`${result.peer} on ${device} is left out: ${result.absent}`);
    return;
  }
  const known = results.get(peer);
  if (known) known.seconds.push(...result.seconds.map((s) => (s * known.tasks) / result.tasks));
  else results.set(peer, result);
  if (result.ok === false) {
    console.error(`${script} computes something else: ${result.why ?? "its shapes are wrong"}`);
    process.exitCode = 1;
  }
}

function perTask({ seconds, tasks }) {
  return seconds.map((s) => (s / tasks) * 1000);
}

function row(result) {
  const { peer, version: v, device, threads, batch = 1, missing } = result;
  const ratio = "times taskloom's";
  if (missing) {
    return { peer, version: "-", device, threads: "-", batch: "-", min: "-", median: "-", max: "-", [ratio]: missing };
  }
  const ms = perTask(result);
  const baseDevice = BASE[device] ?? "wasm";
  const base = [...results.values()].find((r) => r.peer === "taskloom" && r.threads === 1 && r.device === baseDevice);
  return {
    peer,
    version: v,
    device,
    threads,
    batch,
    min: Math.min(...ms).toFixed(2),
    median: median(ms).toFixed(2),
    max: Math.max(...ms).toFixed(2),
    [ratio]: base ? (median(ms) / median(perTask(base))).toFixed(2) : "-",
  };
}

/** The Pythons that have a library, one for each version of it; where none has it, one that will say so. */
function pythonsWith(library) {
  const known = found.get(library);
  if (known) return known;
  const versions = new Map();
  for (const command of pythons) {
    const { status, stdout } = spawnSync(command, ["-c", `import ${library}; print(${library}.__version__)`]);
    if (status === 0 && !versions.has(`${stdout}`)) versions.set(`${stdout}`, command);
  }
  found.set(library, versions.size ? [...versions.values()] : pythons.slice(0, 1));
  return found.get(library);
}

/** Says whether the WebGPU adapter that peers in Node find is software, or why there is none. */
async function findAdapter() {
  try {
    const { device, info } = await openDevice();
    device.destroy();
    return { software: info.software };
  } catch (error) {
    return { why: error.message };
  }
}
