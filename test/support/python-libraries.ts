import type { TestContext } from "vitest";
import { findPythonWith, findTorch } from "../../scripts/python.mjs";

/** The command of a Python that can import all of these libraries. Where there is none, the test is skipped. */
export function pythonWith({ skip }: TestContext, ...libraries: string[]): string {
  return findPythonWith(...libraries) ?? skip(`no Python with ${libraries.join(" and ")}`);
}

/** The command of a Python that has PyTorch up to 2.6. Where there is none, the test is skipped. */
export function pythonWithTorch({ skip }: TestContext): string {
  return findTorch() ?? skip("no Python with PyTorch up to 2.6");
}
