// npm run bench:sizes [-- --rounds 11]: how large the package is, what of it an app ends up with, and what a page loads, and
// how long that takes, until its first task. Sizes are of minified bundles; the times are of Chromium on this machine.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build, version as esbuild } from "esbuild";
import { chromium } from "playwright";
import { ensureBrowser } from "../scripts/browser.mjs";
import { machine, median, table, version } from "./support.mjs";

const { values: flags } = parseArgs({ options: { rounds: { type: "string", default: "11" } } });
const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const kB = (bytes) => (bytes / 1000).toFixed(1);
const gzip = (bytes) => gzipSync(bytes).length;

/** The imports of an app. All of taskloom is everything that it exports. */
const APPS = {
  PRESETS: "PRESETS",
  TargetPermutation: "TargetPermutation",
  readIdxDataset: "readIdxDataset",
  readDataset: "readDataset",
  Dataset: "Dataset",
  TaskAugmentor: "TaskAugmentor",
  openTasks: "openTasks",
  everything: "* as everything",
};

console.log(`taskloom ${version()}, esbuild ${esbuild}, on ${machine()}\n`);
tarball();
await apps();
await pages();

/** The package as the registry would have it. */
function tarball() {
  const args = ["pack", "--dry-run", "--json", "--ignore-scripts", "--loglevel=error"];
  const packed = JSON.parse(execFileSync("npm", args, { cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 }));
  // npm 12 answers with an object by name, earlier ones with a list.
  const { size, unpackedSize, files } = Object.values(packed)[0];
  const bytesOf = (part) => files.filter(({ path }) => part(path)).reduce((sum, file) => sum + file.size, 0);
  const part = (name, choose) => ({ "the package": name, kB: kB(bytesOf(choose)) });
  table([
    { "the package": `tarball, ${files.length} files`, kB: kB(size) },
    { "the package": "unpacked", kB: kB(unpackedSize) },
    part("of it scripts and the WebAssembly module", (path) => /^dist\/[^/]*\.(js|wasm)$/.test(path)),
    part("of it source maps", (path) => path.endsWith(".map")),
    part("of it declarations", (path) => path.endsWith(".d.ts")),
    part("of it documents and examples", (path) => !path.startsWith("dist/")),
  ]);
}

/** The outputs of esbuild for an app of one import: of entry points, what they load at once, and what only on demand. */
async function bundle(what, entryPoints = {}) {
  const from = what.startsWith("*") ? what : `{ ${what} }`;
  const value = what.replace("* as ", "");
  const folder = mkdtempSync(join(tmpdir(), "taskloom-bench-"));
  try {
    const main = join(folder, "main.js");
    writeFileSync(main, `import ${from} from ${JSON.stringify(join(dist, "index.js"))}; globalThis.app = ${value};`);
    const { metafile, outputFiles } = await build({
      ...{
        bundle: true,
        minify: true,
        splitting: true,
        format: "esm",
        write: false,
        metafile: true,
        logLevel: "error",
      },
      ...{ entryPoints: { main, ...entryPoints }, outdir: folder, absWorkingDir: folder, legalComments: "none" },
    });
    const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
    const loads = Object.fromEntries(
      Object.entries(metafile.outputs).map(([path, { imports }]) => [
        basename(path),
        imports.filter(({ kind }) => kind === "import-statement").map((one) => basename(one.path)),
      ]),
    );
    return { files, loads };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function apps() {
  const rows = [];
  for (const [name, what] of Object.entries(APPS)) {
    const { files, loads } = await bundle(what);
    const eager = new Set(["main.js"]);
    for (const file of eager) for (const next of loads[file]) eager.add(next);
    const sum = (measure, part) =>
      [...files].filter(([file]) => eager.has(file) === part).reduce((bytes, [, text]) => bytes + measure(text), 0);
    rows.push({
      "kB of an app that imports": name,
      "at once": kB(sum((text) => text.length, true)),
      "gzip ": kB(sum(gzip, true)),
      "on demand": kB(sum((text) => text.length, false)),
      gzip: kB(sum(gzip, false)),
    });
  }
  const worker = (await bundle("PRESETS", { worker: join(dist, "worker.js") })).files.get("worker.js");
  rows.push({
    "kB of an app that imports": "the script of a worker",
    "at once": kB(worker.length),
    "gzip ": kB(gzip(worker)),
    "on demand": "",
    gzip: "",
  });
  console.log("");
  table(rows);
}

/** The bytes that a page loads for a first task, and how long that takes in a context of its own, whose cache is empty. */
async function pages() {
  const bundled = (await bundle("* as everything", { worker: join(dist, "worker.js") })).files;
  const own = new Map(readdirSync(dist, { withFileTypes: true }).flatMap(fileOf));
  const ways = {
    "dist/, in the calling thread": { files: own, script: "index.js", workers: 0 },
    "dist/, in one worker": { files: own, script: "index.js", workers: 1 },
    "a bundle, in the calling thread": { files: bundled, script: "main.js", workers: 0 },
    "a bundle, in one worker": { files: bundled, script: "main.js", workers: 1 },
  };
  let files = own;
  let asked = new Set();
  const server = createServer(({ url }, response) => {
    const name = basename(url);
    const content = files.get(name);
    if (content) asked.add(name);
    response.setHeader("content-type", content ? "text/javascript" : "text/html");
    response.end(content ?? "<!doctype html>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = `http://127.0.0.1:${server.address().port}/`;
  const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: ["--no-sandbox"] });
  const measured = Object.fromEntries(Object.keys(ways).map((name) => [name, []]));
  const loaded = {};
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const [name, way] of Object.entries(ways)) {
      files = way.files;
      asked = new Set();
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(address);
      measured[name].push(await page.evaluate(firstTask, way));
      await context.close();
      loaded[name] = [...asked].map((file) => files.get(file));
    }
  }
  await browser.close();
  server.close();
  console.log(`\nChromium ${browser.version()}, files from a server on this machine, medians of ${flags.rounds}`);
  table(
    Object.entries(measured).map(([name, times]) => ({
      "a page": name,
      files: loaded[name].length,
      kB: kB(loaded[name].reduce((sum, file) => sum + file.length, 0)),
      gzip: kB(loaded[name].reduce((sum, file) => sum + gzip(file), 0)),
      "import, ms": median(times.map((steps) => steps.imported)).toFixed(1),
      "first task, ms": median(times.map((steps) => steps.made)).toFixed(1),
    })),
  );
}

/** A file of dist/ by its name. */
function fileOf(entry) {
  return entry.isFile() && entry.name.endsWith(".js") ? [[entry.name, readFileSync(join(dist, entry.name))]] : [];
}

/** Runs in a page: imports the library, and makes one small task. */
async function firstTask({ script, workers }) {
  const start = performance.now();
  const module = await import(`/${script}`);
  const { Dataset, TaskAugmentor } = globalThis.app ?? module;
  const imported = performance.now();
  const dataset = Dataset.from({ images: new Uint8Array(256).fill(1), targets: new Uint8Array(16), shape: [4, 4] });
  const tasks = new TaskAugmentor({ taskCount: 2, backend: "wasm", workers, sequenceLength: 16 });
  await tasks.batch(dataset, 0);
  const made = performance.now();
  tasks.dispose();
  return { imported: imported - start, made: made - imported };
}
