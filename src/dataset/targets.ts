import { DatasetError, describe, InvalidOptionError } from "../base/errors.js";

/** Labels as a caller may have them: non-negative integers. */
export type Targets = Uint8Array | Uint16Array | Uint32Array | Int8Array | Int16Array | Int32Array | readonly number[];

/** The largest number of classes: targets are held in 16 bits. */
export const maxClasses = 65536;

/**
 * The labels as uint16 and the number of classes, which is the largest label plus one where `classes` is not given.
 * A `Uint16Array` is kept, anything else converted.
 */
export function checkTargets(
  targets: Targets,
  classes: number | undefined,
  name: string,
): { targets: Uint16Array; classes: number } {
  if (classes !== undefined && !(Number.isInteger(classes) && classes >= 1 && classes <= maxClasses)) {
    throw new InvalidOptionError("classes", classes, `an integer from 1 to ${maxClasses}`);
  }
  const limit = classes ?? maxClasses;
  let largest = 0;
  for (let i = 0; i < targets.length; i++) {
    const target = targets[i] as number;
    if (!(Number.isInteger(target) && target >= 0 && target < limit)) {
      throw new DatasetError(
        name,
        `target ${i} is ${describe(target)}; allowed: integers from 0 to ${limit - 1}, ` +
          (classes === undefined ? "as labels are held in 16 bits" : `as classes is ${classes}`),
      );
    }
    if (target > largest) largest = target;
  }
  return {
    targets: targets instanceof Uint16Array ? targets : Uint16Array.from(targets),
    classes: classes ?? largest + 1,
  };
}
