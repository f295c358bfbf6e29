import fc from "fast-check";

/** A task set small enough for a software adapter, as JSON: options of an augmentor and a uint8 or int16 dataset. */
const smallSet = fc
  .record({
    n: fc.integer({ min: 3, max: 12 }),
    features: fc.integer({ min: 1, max: 70 }),
    classes: fc.constantFrom(2, 3, 10, 256, 300),
    zeros: fc.constantFrom(0, 0.5, 0.9, 1),
    salt: fc.nat(2 ** 20),
    seed: fc.bigInt(0n, 2n ** 64n - 1n),
    taskOffset: fc.nat(2 ** 32 - 8),
    outFeatures: fc.integer({ min: 1, max: 70 }),
    dtype: fc.constantFrom("float32", "float16"),
    preset: fc.constantFrom("notebook", "paper"),
    identity: fc.constantFrom(false, false, 0.5, true, { projection: true }, { permutation: 0.5 }),
    fixed: fc.constantFrom(null, null, { share: 0.5, projection: true, task: 12, pool: 2 }),
    labelLayout: fc.constantFrom("shifted", "shifted", "query-last", "none"),
    labelFormat: fc.constantFrom("one-hot", "one-hot", "integer"),
    specialTokens: fc.constantFrom(0, 0, 2),
    outputScaling: fc.constantFrom("none", "none", "none", "example", "set"),
    kind: fc.constantFrom("sequence", "sequence", "dataset", "samples"),
    length: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ n, features, classes, zeros, salt, kind, length, seed, labelLayout, labelFormat, ...choice }) => {
    const image = (i: number) => {
      const hash = Math.imul(i + salt, 2654435761) >>> 0;
      return (hash & 0xff) / 256 < zeros ? 0 : hash >>> 24;
    };
    const images = Array.from({ length: n * features }, (_, i) => image(i));
    // At least two values, as the preset paper divides by their deviation.
    images[0] = images[1] === 255 ? 0 : 255;
    return {
      images: features * n === 1 ? [7] : images,
      targets: Array.from({ length: n }, (_, i) => (i * 7 + salt) % classes),
      shape: [features],
      classes,
      seed: String(seed),
      taskCount: 3,
      ...choice,
      ...(kind === "sequence"
        ? { labelLayout, labelFormat, sequenceLength: Math.min(length, n), samplesPerTask: 1 + (salt % 2) }
        : { drawSequence: false }),
      ...(kind === "samples" ? { samples: 5 } : {}),
    };
  });

/**
 * Task sets that vary what can vary; the same ones in every run, so that runtimes can be compared. Each fourth one has int16
 * examples, to both ends of their range.
 */
export function smallSets(count: number) {
  return fc.sample(smallSet, { numRuns: count, seed: 20260 }).map((set, i) => {
    if (i % 4 !== 1) return set;
    const images = set.images.map((byte, at) => (byte === 0 ? 0 : (byte - 128) * 256 + ((at * 97) % 256)));
    return { ...set, images, scale: 2 ** -10 };
  });
}
