import { isAlways } from "../../../plan/curriculum.js";
import type { Plan } from "../../../plan/plan.js";
import { floatPath } from "./float-path.js";
import { fusedPath } from "./fused-path.js";
import { identityFloatPath } from "./identity-float-path.js";
import { identityPath } from "./identity-path.js";
import type { Path } from "./path.js";
import { productPath } from "./product-path.js";

/** Positions of a task above which writing its matrix once is faster than making it again for each tile of positions. */
const MANY = 512;

/** Picks the path that makes a plan's values. */
export function pathFor(plan: Plan): Path {
  const identity = isAlways(plan.identityProjection);
  if (plan.exampleDtype === "float32") return identity ? identityFloatPath : floatPath;
  if (identity) return identityPath;
  if (plan.exampleDtype === "int16") return fusedPath;
  return plan.mode === "dataset" && plan.itemsPerTask > MANY ? productPath : fusedPath;
}
