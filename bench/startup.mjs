// npm run bench:startup [-- --rounds 21] [--browser]: what Taskloom adds to the start of a process, in fresh processes that
// take turns, and with --browser of a page in Chromium. The dataset is a few bytes, so that no file is read.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine, median, table, version } from "./support.mjs";

const { values: flags } = parseArgs({
  options: { rounds: { type: "string", default: "21" }, browser: { type: "boolean", default: false } },
});
const rounds = Number(flags.rounds);
const dist = new URL("../dist/", import.meta.url);
const kernel = readFileSync(new URL("../build/kernel.wasm", import.meta.url));

/** The program of a process or a page; it says how many milliseconds each of its steps took. */
const first = (base, workers) => `
  const start = performance.now();
  const { Dataset, TaskAugmentor } = await import("${base}index.js");
  const imported = performance.now();
  const dataset = Dataset.from({ images: new Uint8Array(256).fill(1), targets: new Uint8Array(16), shape: [4, 4] });
  const tasks = new TaskAugmentor({ taskCount: 2, backend: "wasm", workers: ${workers}, sequenceLength: 16 });
  await tasks.batch(dataset, 0);
  const made = performance.now();
  await tasks.batch(dataset, 1);
  const again = performance.now();
  tasks.dispose();
  const steps = { import: imported - start, "first task": made - imported, "next task": again - made };`;
const scripts = {
  "an empty process": "const steps = {};",
  "import of taskloom": `
    const start = performance.now();
    await import("${dist}index.js");
    const steps = { import: performance.now() - start };`,
  "import of taskloom/node": `
    const start = performance.now();
    await import("${dist}node.js");
    const steps = { import: performance.now() - start };`,
  "a task in the calling thread": first(dist, 0),
  "a task in one worker": first(dist, 1),
  "an empty worker of Node alone": `
    const { Worker } = await import("node:worker_threads");
    const start = performance.now();
    const code = "const { parentPort } = require('node:worker_threads'); parentPort.postMessage(0);";
    const worker = new Worker(code, { eval: true });
    await new Promise((resolve) => worker.once("message", resolve));
    const steps = { "first task": performance.now() - start };
    await worker.terminate();`,
};

const folder = mkdtempSync(join(tmpdir(), "taskloom-bench-"));
const runs = Object.fromEntries(Object.keys(scripts).map((name) => [name, []]));
try {
  for (let round = 0; round < rounds; round++) {
    for (const [name, script] of Object.entries(scripts)) runs[name].push(run(script));
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
const empty = median(runs["an empty process"].map(({ whole }) => whole));
const cell = (measured, step) => (step in measured[0] ? median(measured.map((steps) => steps[step])).toFixed(1) : "");
const rows = Object.entries(runs).map(([name, measured]) => ({
  "ms, medians": name,
  "whole process": cell(measured, "whole"),
  "more than empty": (median(measured.map(({ whole }) => whole)) - empty).toFixed(1),
  import: cell(measured, "import"),
  "first task": cell(measured, "first task"),
  "next task": cell(measured, "next task"),
}));
console.log(`taskloom ${version()} on ${machine()}; ${rounds} processes each`);
console.log(`the WebAssembly module has ${kernel.length} bytes\n`);
table(rows);
if (flags.browser) await inBrowser();

/** Runs a script in a process of its own. */
function run(script) {
  const file = join(folder, "script.mjs");
  writeFileSync(file, `${script}\nprocess.stdout.write(JSON.stringify(steps));`);
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8" });
  const whole = performance.now() - start;
  if (status !== 0) throw new Error(stderr);
  return { whole, ...JSON.parse(stdout) };
}

/** The same in a page, each time in a context of its own, whose cache is empty. */
async function inBrowser() {
  const { chromium } = await import("playwright");
  const { findBrowser } = await import("../scripts/browser.mjs");
  const types = { ".js": "text/javascript", ".html": "text/html" };
  const server = createServer(({ url }, response) => {
    response.setHeader("content-type", types[extname(url)] ?? "text/html");
    response.end(extname(url) === ".js" ? readFileSync(fileURLToPath(new URL(`.${url}`, dist))) : "<!doctype html>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}/`;
  const browser = await chromium.launch({ executablePath: findBrowser(), args: ["--no-sandbox"] });
  const measured = { 0: [], 1: [] };
  for (let round = 0; round < rounds; round++) {
    for (const workers of [0, 1]) {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(address);
      measured[workers].push(await page.evaluate(`(async () => {${first(address, workers)} return steps; })()`));
      await context.close();
    }
  }
  console.log(`\na page in Chromium ${browser.version()}, files from a server on this machine`);
  const name = ["a task in the calling thread", "a task in one worker"];
  table(
    Object.entries(measured).map(([workers, steps]) => ({
      "ms, medians": name[workers],
      import: cell(steps, "import"),
      "first task": cell(steps, "first task"),
      "next task": cell(steps, "next task"),
    })),
  );
  await browser.close();
  server.close();
}
