/**
 * The inputs of each output position along one axis, and their weights. Output `i` is the sum over
 * `j < count[i]` of `weights[i * taps + j] * input[first[i] + j]`, and its weights sum to 1.
 */
export interface AxisWeights {
  readonly outputs: number;
  /** The stride of `weights`: the most inputs any output is made of. */
  readonly taps: number;
  readonly first: Int32Array;
  readonly count: Int32Array;
  readonly weights: Float64Array;
}

/**
 * The weights of torch's `interpolate(mode="bilinear", align_corners=False)` in f64, as torch computes them for uint8.
 * Pixel centres are at half-integers. With `antialias` it is a triangle as wide as the shrinkage (Pillow's filter), cut
 * off at the borders and normalized; when enlarging, and without `antialias`, it is two taps.
 */
export function bilinearWeights(inputs: number, outputs: number, antialias: boolean): AxisWeights {
  const scale = inputs / outputs;
  const support = antialias && scale > 1 ? scale : 1;
  const taps = Math.ceil(support) * 2 + 1;
  const first = new Int32Array(outputs);
  const count = new Int32Array(outputs);
  const weights = new Float64Array(outputs * taps);
  for (let i = 0; i < outputs; i++) {
    // Without the filter torch keeps the sample between the outermost centres, so that no tap leaves the image.
    const sample = scale * (i + 0.5);
    const centre = antialias ? sample : Math.min(Math.max(sample, 0.5), inputs - 0.5);
    const begin = Math.max(0, Math.trunc(centre - support + 0.5));
    const length = Math.min(taps, Math.min(inputs, Math.trunc(centre + support + 0.5)) - begin);
    let total = 0;
    for (let j = 0; j < length; j++) {
      const weight = Math.max(0, 1 - Math.abs((j + begin - centre + 0.5) * (1 / support)));
      weights[i * taps + j] = weight;
      total += weight;
    }
    for (let j = 0; j < length; j++) weights[i * taps + j] = (weights[i * taps + j] as number) / total;
    first[i] = begin;
    count[i] = length;
  }
  return { outputs, taps, first, count, weights };
}

/**
 * The weights as integers in units of `2^-bits`, with the most bits (at most 22) that keep the largest below 2^15: torch
 * and Pillow hold them in int16. A sum of products stays below 2^31: the weights sum to about 2^bits, values are below 2^8.
 */
export function fixedPoint({ weights }: AxisWeights): { weights: Int32Array; bits: number } {
  const largest = weights.reduce((a, b) => Math.max(a, b), 0);
  let bits = 0;
  while (bits < 22 && Math.floor(0.5 + largest * 2 ** (bits + 1)) < 2 ** 15) bits++;
  return { weights: Int32Array.from(weights, (weight) => Math.floor(0.5 + weight * 2 ** bits)), bits };
}
