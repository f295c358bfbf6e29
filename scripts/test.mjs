// npm test: everything, from a fresh clone: packages, build, browser, Python, format and types, the suite. Arguments go to
// vitest. What the chosen tests do not need is not looked for.
import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuild, ensurePackages, root, succeeds } from "./ensure.mjs";

const args = process.argv.slice(2);
/** The needs that the machine lacks; vitest.config.ts skips the tests that need it. */
const missing = [];
const environment = { ...process.env };

/** Fails in continuous integration; elsewhere the tests that need it are skipped, and this says so. */
function lack(tag, what, remedy) {
  const { CI } = process.env;
  if (CI && CI !== "false") throw new Error(`no ${what}, and CI is set; ${remedy}`);
  console.log(`no ${what}: the tests that need it are skipped; ${remedy}`);
  missing.push(tag);
}

/** Finds or gets what the chosen tests need; names to the tests what is used. */
async function prepare() {
  ensurePackages();
  ensureBuild();
  const { needsOfRun } = await import("./needs.mjs");
  const needs = needsOfRun(args);
  if (needs.has("browser")) {
    const { ensureBrowser } = await import("./browser.mjs");
    const browser = await ensureBrowser();
    if (browser) environment.TASKLOOM_CHROMIUM = process.env.TASKLOOM_CHROMIUM = browser;
    if (browser) console.log(`Chromium: ${browser}`);
    else lack("browser", "Chromium", "install one, or name one in TASKLOOM_CHROMIUM");
  }
  if (needs.has("webgpu")) await prepareAdapter();
  if (needs.has("python")) {
    const { ensurePython, ensurePythonLibraries } = await import("./python.mjs");
    const python = ensurePython();
    if (python) environment.TASKLOOM_PYTHON = python;
    if (python) console.log(`Python: ${python}`);
    else lack("python", "Python with NumPy", "install one, or name one in TASKLOOM_PYTHON");
    if (python && needs.has("python-libraries")) ensurePythonLibraries();
  }
  // Deno's package completes itself when it first runs, and two tests may start it at once.
  if (needs.has("deno")) succeeds(process.execPath, [join(root, "node_modules/deno/bin.cjs"), "--version"]);
}

async function prepareAdapter() {
  if (process.env.TASKLOOM_NO_WEBGPU) return console.log("TASKLOOM_NO_WEBGPU is set: WebGPU is NOT tested");
  const { ensureAdapter } = await import("./webgpu.mjs");
  const variables = await ensureAdapter();
  if (!variables) return lack("webgpu", "WebGPU adapter", "install a driver, or set TASKLOOM_NO_WEBGPU=1");
  if (variables.VK_DRIVER_FILES) console.log(`WebGPU driver: ${variables.VK_DRIVER_FILES}`);
  Object.assign(environment, variables);
}

/** Runs the script of a package to its end; answers its exit status. */
function tool(path, ...toolArgs) {
  const child = spawn(process.execPath, [join(root, "node_modules", path), ...toolArgs], {
    cwd: root,
    stdio: "inherit",
    env: environment,
  });
  // Ctrl-C reaches the child by itself, and this process stays to clean up after it.
  const wait = () => undefined;
  const pass = () => child.kill("SIGTERM");
  process.on("SIGINT", wait).on("SIGTERM", pass);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  }).finally(() => process.off("SIGINT", wait).off("SIGTERM", pass));
}

/** Looks at the whole tree; a run of chosen tests does without. */
async function checks() {
  return (
    (await tool("@biomejs/biome/bin/biome", "check", ".")) ||
    (await tool("typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json")) ||
    (await tool("typescript/bin/tsc", "--noEmit", "-p", "test/tsconfig.json")) ||
    (await tool("publint/src/cli.js", "--strict"))
  );
}

/**
 * Runs the suite with a temporary folder of its own, which goes with everything that browsers and others leave in it. A
 * test that leaves a folder there fails the run, see test/support/closing-line.ts.
 */
async function suite() {
  const temporary = mkdtempSync(join(tmpdir(), "taskloom-test-"));
  // One test runs the command as another user.
  chmodSync(temporary, 0o755);
  for (const name of ["TMPDIR", "TEMP", "TMP"]) environment[name] = temporary;
  environment.XDG_RUNTIME_DIR ??= temporary;
  environment.TASKLOOM_WITHOUT = missing.join(",");
  environment.TASKLOOM_TEMPORARY = temporary;
  try {
    return await tool("vitest/vitest.mjs", "run", ...args);
  } finally {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
  }
}

try {
  await prepare();
  process.exitCode = (args.length > 0 ? 0 : await checks()) || (await suite());
} catch (error) {
  console.error(`error: ${error.message}`);
  process.exitCode = 1;
}
