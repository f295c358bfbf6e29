// A Python with NumPy for the tests that read files as users will: the one given, one that is here, or one in build/.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const environment = fileURLToPath(new URL("../build/python", import.meta.url));
const own = join(environment, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

const canImport = (python, ...libraries) => spawnSync(python, ["-c", `import ${libraries.join(", ")}`]).status === 0;

/** The command of a Python that can import all of these libraries. */
export function findPythonWith(...libraries) {
  const given = process.env.TASKLOOM_PYTHON;
  const candidates = [...(given ? [given] : []), "python3", "/usr/bin/python3", "python"];
  return [...candidates, ...(existsSync(own) ? [own] : [])].find((python) => canImport(python, ...libraries));
}

/** The command of a Python that can import NumPy. */
export function findPython() {
  return process.env.TASKLOOM_PYTHON || findPythonWith("numpy");
}

/**
 * The command of a Python that can import PyTorch, if there is one: it is never installed for a test. Up to 2.6, as later
 * ones draw other integers.
 */
export function findTorch() {
  const check = "import sys, torch; sys.exit(tuple(map(int, torch.__version__.split('.')[:2])) > (2, 6))";
  return [process.env.TASKLOOM_PYTHON, "python3", "/usr/bin/python3", "python"].find(
    (python) => python && spawnSync(python, ["-c", check]).status === 0,
  );
}

/** Finds one or makes one: a virtual environment with NumPy, else on Debian and its relatives, as root, a package. */
export function ensurePython() {
  if (findPython()) return;
  console.log("installing NumPy for the tests that read files ...");
  const run = (command, ...args) =>
    spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"], timeout: 300_000 }).status === 0;
  if (run("python3", "-m", "venv", environment)) run(own, "-m", "pip", "install", "--quiet", "numpy");
  if (findPython()) return;
  if (process.platform === "linux" && process.getuid?.() === 0) {
    run("apt-get", "update", "-q");
    run("apt-get", "install", "-y", "-q", "--no-install-recommends", "python3-numpy");
  }
  if (!findPython())
    throw new Error("no Python with NumPy: install one, or name one in the environment variable TASKLOOM_PYTHON");
}

/**
 * Libraries that some tests read stores with, into the same environment where no Python has them: best effort, as those
 * tests say so and stay out where they are missing. PyTorch is too large to install by the way.
 */
export function ensurePythonLibraries() {
  for (const library of ["zarr", "safetensors"]) {
    if (findPythonWith("numpy", library)) continue;
    console.log(`installing ${library} for the tests that read stores ...`);
    const run = (command, ...args) =>
      spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"], timeout: 120_000 }).status === 0;
    if (!existsSync(own) && !run("python3", "-m", "venv", environment)) return;
    run(own, "-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "15", "numpy", library);
  }
}
