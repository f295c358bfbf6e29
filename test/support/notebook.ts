import { mersenne } from "pure-rand/generator/mersenne";

/** PyTorch's CPU generator as docs/torch.md has it, in float64 from its formulas. */
export class TorchGenerator {
  readonly #words: { next(): number };

  constructor(seed: number) {
    this.#words = mersenne(seed);
  }

  #word(): number {
    return this.#words.next() >>> 0;
  }

  /** `torch.randint(0, n, (count,))`, n below 2^32. */
  randint(n: number, count: number): number[] {
    return Array.from({ length: count }, () => this.#word() % n);
  }

  randperm(n: number): number[] {
    const p = Array.from({ length: n }, (_, i) => i);
    for (let i = 0; i < n - 1; i++) {
      const j = i + (this.#word() % (n - i));
      [p[i], p[j]] = [p[j]!, p[i]!];
    }
    return p;
  }

  /** `normal_(0, scale)` of at least 16 values. */
  normal(count: number, scale: number): Float64Array {
    const uniform = () => (this.#word() & 0xffffff) / 2 ** 24;
    const values = Float64Array.from({ length: count }, uniform);
    const transform = (start: number) => {
      for (let j = start; j < start + 8; j++) {
        const radius = Math.sqrt(-2 * Math.log(1 - values[j]!));
        const theta = Math.fround(Math.fround(2 * Math.PI) * values[j + 8]!);
        values[j] = radius * Math.cos(theta) * scale;
        values[j + 8] = radius * Math.sin(theta) * scale;
      }
    };
    for (let start = 0; start + 16 <= count; start += 16) transform(start);
    if (count % 16 > 0) {
      for (let i = count - 16; i < count; i++) values[i] = uniform();
      transform(count - 16);
    }
    return values;
  }
}

/** Arguments of the notebook's `TaskAugmentor` and of its `transform`, without their defaults. */
export interface NotebookOptions {
  nTasks: number;
  randomState: number;
  drawSequence: boolean;
  sequenceLength: number;
  nSamples?: number;
  normalize: boolean;
  identity?: boolean;
}

/** Examples as the notebook's transform leaves them, row after row, in [0, 1]. */
export interface NotebookExamples {
  data: Float64Array;
  targets: readonly number[];
  dim: number;
}

/**
 * The notebook's `transform`, in float64. `error` has a bound, for each value, on how far a float32 evaluation may be from
 * it: see `projectionBound`; for normalized values with mean m and deviation s, both moved by at most the largest error e
 * of their column, |dz| <= (e + e + 1.1 |z| e) / s, and one rounding. (1.1: the unbiased deviation of errors of at most e
 * is at most e sqrt(n / (n - 1)), for n > 5.)
 */
export function notebookTransform(options: NotebookOptions, examples: NotebookExamples) {
  const { randomState, drawSequence, sequenceLength, normalize, identity = false } = options;
  const { data, targets, dim } = examples;
  const total = targets.length;
  const nTasks = identity ? 1 : options.nTasks;
  const seeds = new TorchGenerator(randomState).randint(2 ** 32 - 1, options.nTasks);
  // Seeded once more where transform() begins.
  const generator = new TorchGenerator(randomState);
  const nSamples = drawSequence ? (options.nSamples ?? 1) : options.nSamples;
  let chosen: number[][];
  if (drawSequence) {
    chosen = Array.from({ length: nTasks }, () => generator.randint(total, nSamples! * sequenceLength));
  } else {
    const all = nSamples
      ? generator.randint(nTasks * total, nSamples)
      : Array.from({ length: nTasks * total }, (_, i) => i);
    chosen = Array.from({ length: nTasks }, (_, n) =>
      all.filter((i) => i >= n * total && i < (n + 1) * total).map((i) => i - n * total),
    );
  }

  const rows: number[][] = [];
  const errors: number[][] = [];
  const labels: number[] = [];
  chosen.forEach((numbers, n) => {
    const matrix = new TorchGenerator(seeds[n]!).normal(dim * dim, Math.fround(1 / dim));
    const permutation = new TorchGenerator(seeds[n]!).randperm(10);
    for (const number of numbers) {
      const x = data.subarray(number * dim, (number + 1) * dim);
      if (identity) {
        rows.push([...x]);
        errors.push([...x].map((value) => 2 ** -24 * value));
      } else {
        const row = projected(matrix, x);
        rows.push(row.value);
        errors.push(row.error);
      }
      labels.push(identity ? targets[number]! : permutation[targets[number]!]!);
    }
  });

  if (drawSequence) {
    rows.forEach((row, i) => {
      const previous = i % sequenceLength > 0 ? labels[i - 1] : undefined;
      for (let c = 0; c < 10; c++) row.push(c === previous ? 1 : 0);
      errors[i]!.push(...new Array<number>(10).fill(0));
    });
  }
  if (normalize && nSamples !== 1) normalizeColumns(rows, errors);
  return { seeds, data: rows.flat(), error: errors.flat(), targets: labels };
}

/**
 * Each entry of the matrix is within 5 * 2^-24 * radius * s of the formula (docs/torch.md), the radius being at most
 * sqrt(48 ln 2); and the float32 product within (n + 3) * 2^-24 * sum of |A x| of the true one, the example's rounding to
 * float32 included.
 */
function projected(matrix: Float64Array, x: Float64Array): { value: number[]; error: number[] } {
  const n = x.length;
  const sum = x.reduce((a, b) => a + b, 0);
  const entries = (5 * Math.sqrt(48 * Math.LN2) * sum) / n;
  const value: number[] = [];
  const error: number[] = [];
  for (let i = 0; i < n; i++) {
    let dot = 0;
    let magnitude = 0;
    for (let j = 0; j < n; j++) {
      const term = matrix[i * n + j]! * x[j]!;
      dot += term;
      magnitude += Math.abs(term);
    }
    value.push(dot);
    error.push(2 ** -24 * (entries + (n + 3) * magnitude));
  }
  return { value, error };
}

function normalizeColumns(rows: number[][], errors: number[][]): void {
  const n = rows.length;
  for (let c = 0; c < rows[0]!.length; c++) {
    const mean = rows.reduce((sum, row) => sum + row[c]!, 0) / n;
    const deviation = Math.sqrt(rows.reduce((sum, row) => sum + (row[c]! - mean) ** 2, 0) / (n - 1)) + 1e-12;
    const worst = errors.reduce((most, error) => Math.max(most, error[c]!), 0);
    for (let i = 0; i < n; i++) {
      const z = (rows[i]![c]! - mean) / deviation;
      rows[i]![c] = z;
      errors[i]![c] = ((2 + 1.1 * Math.abs(z)) * worst) / deviation + 2 ** -23 * Math.abs(z);
    }
  }
}
