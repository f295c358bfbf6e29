// Builds dist/: the WASM module, its embedding, the bundles and the type declarations.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeShaders } from "./shaders.mjs";
import { finishTypes } from "./types.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const require = createRequire(import.meta.url);
process.chdir(root);
rmSync("dist", { recursive: true, force: true });
for (const folder of ["build", "dist", "src/generated"]) mkdirSync(folder, { recursive: true });

/** Runs a package's own command-line script with this Node, on any platform. */
function tool(script, ...args) {
  execFileSync(process.execPath, [script, ...args], { stdio: "inherit" });
}

/** Makes build/kernel.wasm, and shows what the compiler says, without a remark on how its optimizer came to an end. */
function compileAssembly() {
  const args = [require.resolve("assemblyscript/bin/asc.js"), "--config", "asconfig.json", "--target", "release"];
  const { status, stderr, error } = spawnSync(process.execPath, args, {
    encoding: "utf8",
    stdio: ["ignore", "inherit", "pipe"],
  });
  process.stderr.write((stderr ?? "").replace(/^Last converge was suboptimal\.\r?\n/gm, ""));
  if (status !== 0) throw error ?? new Error(`the AssemblyScript compiler ended with exit status ${status}`);
}

/** Leaves a file that is committed alone where nothing changed: builds look at times. */
function writeIfChanged(path, bytes) {
  if (!existsSync(path) || !readFileSync(path).equals(bytes)) writeFileSync(path, bytes);
}

compileAssembly();
const kernel = readFileSync("build/kernel.wasm");
writeFileSync(
  "src/generated/kernel.ts",
  `/** The module of assembly/, made by scripts/build.mjs: ${kernel.length} bytes. */\n` +
    `export const KERNEL_BASE64 =\n  "${kernel.toString("base64")}";\n`,
);

// wgsl-minifier (0.7) knows neither override constants nor the packed dot products, which the kernels are built on, so
// wgsl-plus takes out comments and white space.
const { default: minify } = require("wgsl-plus/dist/tools/minify.js");
await writeShaders(minify);

writeFileSync("dist/kernel.wasm", kernel);
// The Python package has the module and the schema in it, so that a clone without Node can install it.
writeIfChanged("python/src/taskloom/kernel.wasm", kernel);
writeIfChanged("python/src/taskloom/recipe.schema.json", readFileSync("recipe.schema.json"));

// Flat, as the worker script must stand beside whatever chunk starts it. valibot goes in: a browser without a bundler
// could not resolve its name. What only Node runs keeps its imports. Names are not kept, as each kept name is a call that
// no bundler leaves out: errors carry theirs as literals.
const common = {
  outdir: "dist",
  bundle: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  mainFields: ["module", "main"],
  external: ["node:*", "commander", "cli-progress", "pngjs"],
  sourcemap: true,
  metafile: true,
  define: { TASKLOOM_VERSION: JSON.stringify(JSON.parse(readFileSync("package.json", "utf8")).version) },
  legalComments: "inline",
};
const entryPoints = {
  index: "src/index.ts",
  node: "src/node/index.ts",
  gpu: "src/steps/gpu-at-once.ts",
  cli: "src/cli/main.ts",
};
const { metafile } = await build({ ...common, entryPoints, splitting: true });
for (const file of orphans(metafile, Object.keys(entryPoints))) {
  rmSync(file);
  console.log(`${file}: nothing imports it, so it is not published`);
}

/** A worker is given the kernel by the thread that starts it: its script does not have the bytes a second time. */
const withoutKernel = {
  name: "without kernel",
  setup({ onLoad }) {
    onLoad({ filter: /generated[\\/]kernel\.ts$/ }, () => ({
      contents: 'export const KERNEL_BASE64 = "";',
      loader: "ts",
    }));
  },
};
// By itself, as every file that a worker imports delays its start; small and without a map, as bundlers copy it as it is.
await build({
  ...common,
  entryPoints: { worker: "src/backend/wasm/worker.ts" },
  plugins: [withoutKernel],
  minify: true,
  sourcemap: false,
});
tool(
  require.resolve("typescript/package.json").replace("package.json", "bin/tsc"),
  "-p",
  "tsconfig.json",
  "--outDir",
  "dist/types",
);
finishTypes("dist/types", ["index", "node/index", "steps/gpu-at-once", "backend/wasm/worker"]);

/** The files that no entry point leads to, as of a dynamic import whose importer was left out; and their maps. */
function orphans({ outputs }, entries) {
  const reached = new Set();
  const reach = (file) => {
    if (reached.has(file) || !outputs[file]) return;
    reached.add(file);
    // What the code does import: the list of imports also has those that were left out.
    const code = readFileSync(file, "utf8");
    for (const { path } of outputs[file].imports) if (code.includes(path.slice("dist/".length))) reach(path);
  };
  for (const name of entries) reach(`dist/${name}.js`);
  return Object.keys(outputs).filter((file) => !reached.has(file.replace(/\.map$/, "")));
}
