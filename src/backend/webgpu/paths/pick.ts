import { isAlways } from "../../../plan/curriculum.js";
import type { Plan } from "../../../plan/plan.js";
import { floatPath } from "./float-path.js";
import { fusedPath } from "./fused.js";
import { identityFloatPath } from "./identity-float-path.js";
import { identityPath } from "./identity-path.js";
import type { Path } from "./path.js";
import { productPath } from "./product-path.js";

/** Positions of a task from which on its matrix is better written out once than made again for each tile of them. */
const MANY = 512;

/** The way a plan's values are made. */
export function pathFor(plan: Plan): Path {
  const identity = isAlways(plan.identityProjection);
  if (plan.exampleDtype === "float32") return identity ? identityFloatPath : floatPath;
  if (identity) return identityPath;
  return plan.mode === "dataset" && plan.itemsPerTask > MANY ? productPath : fusedPath;
}
