/**
 * Two classifiers that learn in context: the label at each position of a sequence is predicted from the examples and
 * labels before it, and from nothing else. All arithmetic is float64.
 */

/** Weight of the ridge penalty, in units of an example's squared length, as examples are brought to length 1. */
export const RIDGE_PENALTY = 0.1;

/**
 * Inner products of the inputs of a sequence with each other, `[length, length]`.
 *
 * @param {Float32Array} rows `[length, stride]`, of which the first `features` values of each are the input
 * @param {number} length
 * @param {number} stride
 * @param {number} features
 */
export function innerProducts(rows, length, stride, features) {
  const gram = new Float64Array(length * length);
  for (let i = 0; i < length; i++) {
    for (let j = 0; j <= i; j++) {
      const [a, b] = [i * stride, j * stride];
      let sum = 0;
      for (let k = 0; k < features; k++) sum += rows[a + k] * rows[b + k];
      gram[i * length + j] = sum;
      gram[j * length + i] = sum;
    }
  }
  return gram;
}

/**
 * The label of the nearest example before each position, by Euclidean distance, the earlier one of two as near; at the
 * first position class 0.
 *
 * @param {Float64Array} gram of `innerProducts`
 * @param {ArrayLike<number>} targets `[length]`
 */
export function nearestNeighbour(gram, targets) {
  const length = targets.length;
  const predicted = new Uint16Array(length);
  for (let p = 1; p < length; p++) {
    let least = Number.POSITIVE_INFINITY;
    for (let j = 0; j < p; j++) {
      // |x_p - x_j|^2 less |x_p|^2, which all j share.
      const distance = gram[j * length + j] - 2 * gram[p * length + j];
      if (distance >= least) continue;
      least = distance;
      predicted[p] = targets[j];
    }
  }
  return predicted;
}

/**
 * The class that ridge regression on one-hot labels gives the highest score, for each position; the lowest one of equal
 * scores, hence class 0 at the first position. Inputs are brought to length 1 and get a constant feature of 1.
 *
 * In dual form the score of a class at position p is `k' (G + c I)^-1 y`, with G the inner products of the examples before
 * p, k theirs with the example at p and y their labels less 1 / classes. With `G + c I = L L'` this is
 * `(L^-1 k) . (L^-1 y)`; and `L^-1 k` is row p of the factor of the whole sequence, whose leading blocks are the factors of
 * its beginnings. So one factorisation serves all positions, and none sees what comes after it.
 *
 * @param {Float64Array} gram of `innerProducts`
 * @param {ArrayLike<number>} targets `[length]`
 * @param {number} classes
 */
export function ridge(gram, targets, classes) {
  const length = targets.length;
  const size = Float64Array.from({ length }, (_, i) => Math.sqrt(gram[i * length + i]) || 1);
  const kernel = Float64Array.from(gram, (product, at) => {
    const [i, j] = [Math.floor(at / length), at % length];
    return product / (size[i] * size[j]) + 1 + (i === j ? RIDGE_PENALTY : 0);
  });
  const factor = cholesky(kernel, length);
  const predicted = new Uint16Array(length);
  /** `L^-1 y` for each class, row by row as positions pass. */
  const solved = new Float64Array(length * classes);
  for (let p = 0; p < length; p++) {
    const scores = new Float64Array(classes);
    for (let j = 0; j < p; j++) {
      const weight = factor[p * length + j];
      for (let c = 0; c < classes; c++) scores[c] += weight * solved[j * classes + c];
    }
    predicted[p] = scores.indexOf(Math.max(...scores));
    for (let c = 0; c < classes; c++) {
      const label = (targets[p] === c ? 1 : 0) - 1 / classes;
      solved[p * classes + c] = (label - scores[c]) / factor[p * length + p];
    }
  }
  return predicted;
}

/**
 * The lower triangular L with `L L'` equal to a symmetric positive definite matrix, row by row (Cholesky-Banachiewicz).
 *
 * @param {Float64Array} matrix `[n, n]`
 * @param {number} n
 */
export function cholesky(matrix, n) {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * n + j];
      for (let k = 0; k < j; k++) rest -= factor[i * n + k] * factor[j * n + k];
      factor[i * n + j] = i === j ? Math.sqrt(rest) : rest / factor[j * n + j];
    }
  }
  return factor;
}

/**
 * The class whose examples before each position have the largest sum of inner products with the example at it, the lowest one
 * of equal sums, hence class 0 at the first position. One layer of linear attention computes these sums, with nothing
 * learned: keys and queries are the inputs, values are the labels.
 *
 * @param {Float64Array} gram of `innerProducts`
 * @param {ArrayLike<number>} targets `[length]`
 * @param {number} classes
 */
export function linearAttention(gram, targets, classes) {
  const length = targets.length;
  const predicted = new Uint16Array(length);
  for (let p = 0; p < length; p++) {
    const scores = new Float64Array(classes);
    for (let j = 0; j < p; j++) scores[targets[j]] += gram[p * length + j];
    predicted[p] = scores.indexOf(Math.max(...scores));
  }
  return predicted;
}

/** The classifiers by name. */
export const CLASSIFIERS = { "1-nearest neighbour": nearestNeighbour, ridge };

/**
 * Where each classifier is right, for the sequences of a batch: by its name `[sequences, length]` of 0 and 1.
 *
 * @param {{ inputs: { data: Float32Array, shape: readonly number[] }, targets: { data: ArrayLike<number> } }} batch
 * @param {number} classes as many values of each input are the one-hot of the label before
 * @param {Record<string, (gram: Float64Array, targets: number[], classes: number) => Uint16Array>} classifiers by name
 */
export function judge({ inputs, targets }, classes, classifiers = CLASSIFIERS) {
  const [sequences, length, stride] = inputs.shape;
  const right = Object.fromEntries(Object.keys(classifiers).map((name) => [name, new Uint8Array(sequences * length)]));
  for (let s = 0; s < sequences; s++) {
    const rows = inputs.data.subarray(s * length * stride, (s + 1) * length * stride);
    const labels = Array.from({ length }, (_, p) => targets.data[s * length + p]);
    const gram = innerProducts(rows, length, stride, stride - classes);
    for (const [name, classify] of Object.entries(classifiers)) {
      const predicted = classify(gram, labels, classes);
      labels.forEach((label, p) => {
        right[name][s * length + p] = predicted[p] === label ? 1 : 0;
      });
    }
  }
  return right;
}

/**
 * The share of sequences that are right at each position, `[length]`.
 *
 * @param {Uint8Array} right `[sequences, length]`, one of `judge`
 * @param {number} length
 */
export function curve(right, length) {
  const sequences = right.length / length;
  const shares = new Float64Array(length);
  right.forEach((value, k) => {
    shares[k % length] += value / sequences;
  });
  return shares;
}

/**
 * What a classifier gains along a sequence: its share of right answers in the last quarter less that in the first, the
 * mean over sequences and that mean's standard error, sequences being independent of each other.
 *
 * @param {Uint8Array} right `[sequences, length]`, at least two sequences
 * @param {number} length
 */
export function gain(right, length) {
  const quarter = Math.floor(length / 4);
  const share = (from) => right.subarray(from, from + quarter).reduce((sum, value) => sum + value, 0) / quarter;
  const sequences = right.length / length;
  const gains = Array.from({ length: sequences }, (_, s) => share((s + 1) * length - quarter) - share(s * length));
  const mean = gains.reduce((sum, value) => sum + value, 0) / sequences;
  const squares = gains.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, standardError: Math.sqrt(squares / (sequences - 1) / sequences) };
}
