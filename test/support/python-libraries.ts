import { findPythonWith } from "../../scripts/python.mjs";

/**
 * The command of a Python that can import all of these libraries, or nothing, said loudly: the tests of that library do
 * not run then.
 */
export function pythonWith(...libraries: string[]): string | undefined {
  const python = findPythonWith(...libraries);
  if (!python) console.warn(`NO PYTHON WITH ${libraries.join(" AND ")}: reading by it is NOT tested`);
  return python;
}
