import { InvalidOptionError } from "../base/errors.js";

/** The blocks of a matrix' key stream, 16 columns each, are counted in 32 bits. */
export function checkMatrix(outFeatures: number, inFeatures: number): void {
  const most = Math.floor(2 ** 32 / Math.ceil(inFeatures / 16));
  if (outFeatures > most) {
    throw new InvalidOptionError("outFeatures", outFeatures, `at most ${most} for ${inFeatures} input features`);
  }
}

/** @throws InvalidOptionError for more than 2^28 values */
export function checkTorchMatrix(outFeatures: number, inFeatures: number): void {
  const most = Math.floor(MAX_VALUES / inFeatures);
  if (outFeatures > most) {
    const allowed = `at most ${most} for ${inFeatures} input features with the generator "torch"`;
    throw new InvalidOptionError("outFeatures", outFeatures, allowed);
  }
}

/** Values of a matrix: they are made in a row, from the first on, in a WebAssembly memory. */
export const MAX_VALUES = 2 ** 28;
