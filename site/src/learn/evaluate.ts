import { innerProducts, nearestNeighbour } from "../../../examples/learnability/classifiers.mjs";
import type { Accuracy, Attention } from "./messages.js";
import { LAST, LENGTH, TOKEN, VALUES } from "./settings.js";
import type { Tokens } from "./tasks.js";

/** The accuracy of predicted labels `[count, LENGTH]`. */
export function accuracyOf(labels: ArrayLike<number>, { count, targets }: Tokens): Accuracy {
  const positions = new Float64Array(LENGTH);
  const lasts = new Float64Array(count);
  for (let s = 0; s < count; s++) {
    for (let p = 0; p < LENGTH; p++) {
      if (labels[s * LENGTH + p] !== targets[s * LENGTH + p]) continue;
      positions[p] = (positions[p] ?? 0) + 1 / count;
      if (p >= LENGTH - LAST) lasts[s] = (lasts[s] ?? 0) + 1 / LAST;
    }
  }
  const last = lasts.reduce((sum, share) => sum + share, 0) / count;
  const squares = lasts.reduce((sum, share) => sum + (share - last) ** 2, 0);
  return { n: count, positions, last, error: Math.sqrt(squares / Math.max(1, count - 1) / count) };
}

/** The standard error of a share of n independent sequences. */
export function errorOf(share: number, n: number): number {
  return Math.sqrt((share * (1 - share)) / n);
}

/** The accuracy of the label of the nearest input before each position. */
export function neighborAccuracy(batch: Tokens): Accuracy {
  const labels = new Uint16Array(batch.count * LENGTH);
  for (let s = 0; s < batch.count; s++) {
    const rows = batch.tokens.subarray(s * LENGTH * TOKEN, (s + 1) * LENGTH * TOKEN);
    const targets = batch.targets.subarray(s * LENGTH, (s + 1) * LENGTH);
    labels.set(nearestNeighbour(innerProducts(rows, LENGTH, TOKEN, VALUES), targets), s * LENGTH);
  }
  return accuracyOf(labels, batch);
}

/**
 * The attention of the first sequence. Position j shows the label of position j - 1 with its input, so weight on j is weight
 * on the example j - 1.
 */
export function attentionOf(weights: Float32Array, { count, targets }: Tokens): Attention {
  let [right, even, rows] = [0, 0, 0];
  for (let s = 0; s < count; s++) {
    for (let t = LENGTH - LAST; t < LENGTH; t++) {
      let same = 0;
      for (let j = 1; j <= t; j++) {
        if (targets[s * LENGTH + j - 1] !== targets[s * LENGTH + t]) continue;
        same++;
        right += weights[(s * LENGTH + t) * LENGTH + j] ?? 0;
      }
      even += same / (t + 1);
      rows++;
    }
  }
  return {
    weights: weights.slice(0, LENGTH * LENGTH),
    targets: targets.slice(0, LENGTH),
    right: right / rows,
    even: even / rows,
  };
}
