import { findPython } from "../../scripts/python.mjs";

/** A Python that can import NumPy; see scripts/python.mjs for which. */
export function pythonWithNumpy(): string {
  const python = findPython();
  if (!python) throw new Error("no Python with NumPy: `npm test` without arguments installs one");
  return python;
}
