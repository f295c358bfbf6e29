/** Modules in plain JavaScript that the page shares with benchmarks and examples, as far as it uses them. */
declare module "*/learnability/classifiers.mjs" {
  export function innerProducts(rows: Float32Array, length: number, stride: number, features: number): Float64Array;
  export function nearestNeighbour(gram: Float64Array, targets: ArrayLike<number>): Uint16Array;
}
