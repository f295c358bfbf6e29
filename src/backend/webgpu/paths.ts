import { isAlways } from "../../curriculum.js";
import type { Plan } from "../plan.js";
import { fusedPath } from "./fused.js";
import { identityPath } from "./identity.js";
import { floatPath } from "./kernels/float-path.js";
import { identityFloatPath } from "./kernels/identity-float-path.js";
import { productPath } from "./kernels/product-path.js";
import type { Path } from "./path.js";

/** Positions of a task from which on its matrix is better written out once than made again for each tile of them. */
const MANY = 512;

/** The way a plan's values are made. */
export function pathFor(plan: Plan): Path {
  const identity = isAlways(plan.identityProjection);
  if (plan.exampleDtype === "float32") return identity ? identityFloatPath : floatPath;
  if (identity) return identityPath;
  return plan.mode === "dataset" && plan.itemsPerTask > MANY ? productPath : fusedPath;
}
