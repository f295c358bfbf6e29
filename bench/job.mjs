// npm run bench:job: the main job as a whole process. Tasks a second with one worker and with all, and the peak memory,
// which must not grow with the number of tasks.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { machine, median, table, version } from "./support.mjs";

const cli = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
// Loaded before the command: says at the end how much memory the process had at most.
const PROBE = `process.on("exit", () => process.stderr.write("peak " + process.resourceUsage().maxRSS + "\\n"))`;

const all = availableParallelism();
const rounds = 5;
const rows = [];
for (const [tasks, workers] of [
  [256, all],
  [1024, 1],
  [1024, all],
  [4096, all],
]) {
  const runs = Array.from({ length: rounds }, () => generate(tasks, workers));
  const seconds = median(runs.map((run) => run.seconds));
  rows.push({
    tasks,
    workers,
    seconds: seconds.toFixed(2),
    "tasks/s": (tasks / seconds).toFixed(0),
    "MiB/s written": (median(runs.map((run) => run.bytes / run.seconds)) / 2 ** 20).toFixed(0),
    "peak memory, MiB": Math.max(...runs.map((run) => run.peak)).toFixed(0),
  });
}
console.log(`taskloom ${version()} on ${machine()}`);
console.log("taskloom generate --dataset mnist, from the first byte written to the last file renamed; medians\n");
table(rows);

function generate(tasks, workers) {
  const out = mkdtempSync(join(tmpdir(), "taskloom-bench-"));
  try {
    const probe = `data:text/javascript,${encodeURIComponent(PROBE)}`;
    const flags = ["--tasks", tasks, "--workers", workers, "--seed", 42, "--out", out, "--json"];
    const args = ["--import", probe, cli, "generate", ...flags];
    const { status, stdout, stderr } = spawnSync(process.execPath, args.map(String), { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return { ...JSON.parse(stdout), peak: Number(/peak (\d+)/.exec(stderr)[1]) / 1024 };
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}
