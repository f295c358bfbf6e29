// npm run bench:peers: Taskloom beside the libraries people would use instead, on the same work in the same run.
//
// Every peer is a process of its own, one after the other, in several passes, so that a slow moment of the machine hits
// all of them. Ratios are of the medians. A peer that is not installed is named with what it lacks.
//
//   npm run bench:peers -- [--passes 3] [--only taskloom,torch]
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine, median, mnistFolder, table, version } from "./support.mjs";

const { values } = parseArgs({ options: { passes: { type: "string", default: "3" }, only: { type: "string" } } });
const python =
  process.env.TASKLOOM_PYTHON ??
  (spawnSync("/usr/bin/python3", ["--version"]).status === 0 ? "/usr/bin/python3" : "python3");

const node = (script, threads, tasks) => ({ command: process.execPath, script, threads, tasks });
const py = (script, threads, tasks) => ({ command: python, script, threads, tasks });
const PEERS = [
  node("taskloom.mjs", 1, 200),
  node("taskloom.mjs", 2, 400),
  py("torch_notebook.py", 1, 50),
  py("torch_lean.py", 1, 50),
  py("torch_lean.py", 2, 50),
  py("numpy_lean.py", 1, 50),
  node("jax_js.mjs", 1, 10),
  node("tfjs.mjs", 1, 10),
].filter(({ script }) => !values.only || values.only.split(",").some((name) => script.startsWith(name)));

const folder = fileURLToPath(new URL("peers", import.meta.url));
const results = new Map();
for (let pass = 0; pass < Number(values.passes); pass++) {
  for (const peer of PEERS) {
    const { command, script, threads, tasks } = peer;
    const args = [script, "--data", mnistFolder(), "--threads", threads, "--tasks", tasks, "--repeats", 5].map(String);
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: "utf8" });
    const line = stdout?.trim().split("\n").at(-1) ?? "";
    if (status !== 0 || !line.startsWith("{")) {
      console.error(`${script} failed (exit ${status}):\n${stderr}`);
      process.exitCode = 1;
      continue;
    }
    const result = JSON.parse(line);
    const known = results.get(peer);
    if (known) known.seconds?.push(...(result.seconds ?? []));
    else results.set(peer, result);
    if (result.ok === false) {
      console.error(`${script} computes something else: ${result.why ?? "its shapes are wrong"}`);
      process.exitCode = 1;
    }
  }
}

const perTask = ({ seconds, tasks }) => seconds.map((s) => (s / tasks) * 1000);
const base = [...results.values()].find(({ peer, threads }) => peer === "taskloom" && threads === 1);
console.log(`taskloom ${version()} on ${machine()}`);
console.log("MNIST, 784 x 784, sequences of 100, one task after the other; ms a task\n");
table(
  [...results.values()].map((result) => {
    const { peer, version: v, threads, missing } = result;
    if (missing)
      return { peer, version: "-", threads: "-", min: "-", median: "-", max: "-", "times taskloom's": missing };
    const ms = perTask(result);
    return {
      peer,
      version: v,
      threads,
      min: Math.min(...ms).toFixed(2),
      median: median(ms).toFixed(2),
      max: Math.max(...ms).toFixed(2),
      "times taskloom's": base ? (median(ms) / median(perTask(base))).toFixed(2) : "-",
    };
  }),
);
