import { findPython } from "../../scripts/python.mjs";

/** The command of a Python that can import NumPy, see scripts/python.mjs. Tests that call this have the tag "python". */
export function pythonWithNumpy(): string {
  const python = findPython();
  if (!python) throw new Error("no Python with NumPy: install one, or name one in TASKLOOM_PYTHON");
  return python;
}
