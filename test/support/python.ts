import { spawnSync } from "node:child_process";

const CANDIDATES = [process.env.TASKLOOM_PYTHON, "python3", "/usr/bin/python3", "python"];

/** A Python that can import NumPy. */
export function pythonWithNumpy(): string {
  const found = CANDIDATES.find((name) => name && spawnSync(name, ["-c", "import numpy"]).status === 0);
  if (!found)
    throw new Error("no Python with NumPy: install it, or name one in the environment variable TASKLOOM_PYTHON");
  return found;
}
