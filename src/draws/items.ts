/** Items that a call asks for: a run of consecutive ones, or any, by their numbers. */
export interface Items {
  readonly count: number;
  /** The number of the i-th. */
  at(i: number): number;
  /** The number of consecutive ones from the i-th on. */
  runFrom(i: number): number;
}

/** Items `[first, first + count)`. */
export function runOf(first: number, count: number): Items {
  return { count, at: (i) => first + i, runFrom: (i) => count - i };
}

/** The items of these numbers, in this order. */
export function listOf(numbers: Float64Array): Items {
  return {
    count: numbers.length,
    at: (i) => numbers[i] as number,
    runFrom: (i) => {
      const first = numbers[i] as number;
      let count = 1;
      while (numbers[i + count] === first + count) count++;
      return count;
    },
  };
}
