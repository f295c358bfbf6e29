// Gives the package damaged recipes, IDX files, states, stores, manifests, datasets and files: each must give a value or a
// TaskloomError, within 5 s and within 1 GiB.
//
//   npm run fuzz -- [--seconds 60] [--seed 1] [--only recipe,idx] [--case 17]
//
// A case is a function of the seed, the target and its number: what is printed for a failure repeats it.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const TARGETS = ["recipe", "idx", "state", "store", "manifest", "safetensors", "npy", "files", "images"];
/** A case that takes longer hangs. */
const SILENCE = 5000;
/** The first case waits for imports and examples too. */
const STARTING = 30_000;
const MOST_MEMORY = 2 ** 30;

const root = fileURLToPath(new URL("..", import.meta.url));
const child = fileURLToPath(new URL("fuzz/child.mjs", import.meta.url));
const keep = join(root, "build", "fuzz");

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: String(Math.floor(Math.random() * 2 ** 32)) },
    only: { type: "string" },
    case: { type: "string" },
  },
});
const targets = values.only?.split(",") ?? TARGETS;
const unknown = targets.filter((target) => !TARGETS.includes(target));
if (unknown.length > 0 || !(Number(values.seconds) > 0)) {
  console.error(`--only takes ${TARGETS.join(", ")}; --seconds takes a positive number`);
  process.exit(2);
}
const { seed } = values;

/** Resident bytes of a process; undefined where the system does not say. */
function residentBytes(pid) {
  try {
    const [, pages] = readFileSync(`/proc/${pid}/statm`, "utf8").split(" ");
    return Number(pages) * 4096;
  } catch {
    return undefined;
  }
}

/** Runs cases in one process until it ends or has to be ended. */
function runChild(job) {
  const folder = mkdtempSync(join(tmpdir(), "taskloom-fuzz-"));
  const progress = join(folder, "progress");
  const args = ["--max-old-space-size=512", child, JSON.stringify({ ...job, seed, keep, progress })];
  const environment = { ...process.env, TASKLOOM_FUZZ_WORK: join(folder, "work") };
  mkdirSync(environment.TASKLOOM_FUZZ_WORK);
  return new Promise((resolve) => {
    const started = spawn(process.execPath, args, {
      env: environment,
      stdio: ["ignore", "ignore", "pipe", "ipc"],
    });
    let report;
    let ended;
    let errors = "";
    let seen = "";
    let since = Date.now();
    const current = () => {
      try {
        return readFileSync(progress, "utf8").trim();
      } catch {
        return "";
      }
    };
    const end = (problem) => {
      ended ??= problem;
      started.kill("SIGKILL");
    };
    const timer = setInterval(() => {
      const now = current();
      if (now !== seen) since = Date.now();
      seen = now;
      if (Date.now() - since > (seen === "" ? STARTING : SILENCE)) end(`hangs: no end after ${SILENCE / 1000} s`);
      const bytes = residentBytes(started.pid);
      if (bytes > MOST_MEMORY) end(`too much memory: ${Math.round(bytes / 2 ** 20)} MiB`);
    }, 100);
    started.stderr.setEncoding("utf8").on("data", (text) => {
      errors = (errors + text).slice(-4000);
    });
    started.on("message", (message) => {
      report = message;
    });
    started.on("close", (code, signal) => {
      clearInterval(timer);
      const at = current();
      rmSync(folder, { recursive: true, force: true });
      if (report) return resolve(report);
      const problem = ended ?? `the process ended with ${signal ?? code}: ${errors.trim()}`;
      resolve({ crashed: at !== "", number: Number(at), problem });
    });
  });
}

/** Runs a target for some seconds, in a new process after each crash. */
async function fuzz(target, seconds) {
  const start = Date.now();
  const until = start + seconds * 1000;
  const only = values.case !== undefined;
  const failures = [];
  let first = only ? Number(values.case) : 0;
  let peak = 0;
  let given = 0;
  do {
    const result = await runChild({ target, first, only, until });
    if (result.next === undefined) {
      if (!result.crashed) {
        failures.push({ number: first, times: 1, problem: `no case could begin: ${result.problem}` });
        break;
      }
      await runChild({ target, first: result.number, only: true, until, makeOnly: true });
      const input = join(keep, `${target}-${seed}-${result.number}`);
      failures.push({ number: result.number, times: 1, problem: result.problem, input });
      first = result.number + 1;
    } else {
      failures.push(...result.failures);
      first = result.next;
      given += result.values;
      peak = Math.max(peak, result.maxRSS);
    }
  } while (!only && Date.now() < until && failures.length < 20);
  const rate = Math.round(first / ((Date.now() - start) / 1000));
  const memory = peak > 0 ? `, at most ${Math.round(peak / 1024)} MiB` : "";
  const cases = `${only ? 1 : first} cases, ${rate} a second, ${given} gave values`;
  console.log(`${target}: ${cases}${memory}, ${failures.length} failures`);
  for (const { number, times, problem, input } of failures) {
    console.log(`  case ${number}${times > 1 ? ` and ${times - 1} more` : ""}: ${problem.replaceAll("\n", "\n    ")}`);
    if (input) console.log(`    input: ${input}`);
    console.log(`    again: node scripts/fuzz.mjs --only ${target} --seed ${seed} --case ${number}`);
  }
  return failures.length;
}

console.log(`seed ${seed}`);
let failed = 0;
for (const target of targets) failed += await fuzz(target, Number(values.seconds) / targets.length);
process.exitCode = failed > 0 ? 1 : 0;
