/** `A x` in float64, and for each row the sum over j of |A(i, j) x(j)|, which bounds on roundings are made of. */
export function product(matrix: ArrayLike<number>, x: ArrayLike<number>): { value: number; magnitude: number }[] {
  const columns = x.length;
  return Array.from({ length: matrix.length / columns }, (_, row) => {
    let value = 0;
    let magnitude = 0;
    for (let j = 0; j < columns; j++) {
      const term = matrix[row * columns + j]! * x[j]!;
      value += term;
      magnitude += Math.abs(term);
    }
    return { value, magnitude };
  });
}

/** The first values further apart than their bound, with their places: none if all is well. */
export function apart(
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  bound: (i: number) => number = () => 0,
): string[] {
  if (actual.length !== expected.length) return [`${actual.length} values instead of ${expected.length}`];
  const found: string[] = [];
  for (let i = 0; i < expected.length && found.length < 5; i++) {
    const difference = Math.abs(actual[i]! - expected[i]!);
    if (!(difference <= bound(i))) found.push(`[${i}] is ${actual[i]}, not ${expected[i]} within ${bound(i)}`);
  }
  return found;
}
