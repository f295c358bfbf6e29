// Builds dist/: the WASM module, its embedding, the bundles and the type declarations.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { writeShaders } from "./shaders.mjs";

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

// Flat, as the worker script must stand beside whatever chunk starts it. valibot goes in: a browser without a bundler
// could not resolve its name. What only Node runs keeps its imports.
const common = {
  outdir: "dist",
  bundle: true,
  // Errors are called after their classes.
  keepNames: true,
  format: "esm",
  platform: "neutral",
  target: "es2022",
  mainFields: ["module", "main"],
  external: ["node:*", "commander", "cli-progress", "pngjs"],
  sourcemap: true,
  define: { TASKLOOM_VERSION: JSON.stringify(JSON.parse(readFileSync("package.json", "utf8")).version) },
  legalComments: "inline",
};
const entryPoints = { index: "src/index.ts", node: "src/node/index.ts", cli: "src/cli/main.ts" };
await build({ ...common, entryPoints, splitting: true });
// By itself, as every file that a worker imports delays its start.
await build({ ...common, entryPoints: { worker: "src/backend/wasm/worker.ts" } });
tool(
  require.resolve("typescript/package.json").replace("package.json", "bin/tsc"),
  "-p",
  "tsconfig.json",
  "--outDir",
  "dist/types",
);
