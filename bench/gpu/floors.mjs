// The least time that work takes on an adapter: operations, counted from the problem, at the adapter's own rates.
//
// Operations are counted as few as they can be: what some GPU does in one instruction (a shift and a mask, two logical
// operations, an offset of an address) counts once, and what a kernel does beyond the problem (loops, addresses, edges,
// barriers) not at all. Units work side by side, so a floor is that of the unit that is busy longest; only integer
// operations and dot products, which share a unit on some adapters, are taken together, as a kernel of both shows.

import { PRODUCTS } from "./fused.mjs";

const VECTOR = 16;
const WORD = 4;
const FLOAT = 4;

/** What a task, or another piece of work, is made of. `columns` is a multiple of 16 or rounded up to one. */
export const WORK = {
  /**
   * 8 rounds of 4 quarter rounds, each 4 times an addition, an exclusive or and a rotation, and the addition of the
   * start: 8 * 4 * 4 * 3 + 16 = 400 operations for 16 words.
   */
  words: ({ rows, columns }) => ({ rotations: 25 * rows * columns }),

  /**
   * See shaders/deviate.wgsl. m: shift and mask, or; i: shift (its offset is the address's); t: shift and mask; drop:
   * mask, multiplication, shift; z: shift, difference, shift; sign: shift, exclusive or, difference.
   */
  deviates: ({ rows, columns }) => ({
    simples: 12 * rows * columns,
    multiplications: rows * columns,
    conversions: rows * columns,
    lookups: rows * columns,
  }),

  /** See `limbs4`: for four deviates 4 additions, 2 shifts with an or, and 2 of shift and merge. */
  limbs: ({ rows, columns }) => ({ simples: 2.5 * rows * columns }),

  /**
   * Two limbs, four columns a packed dot product, sums for nothing. `reach` outputs [rows, examples] of an invocation
   * share what it reads from workgroup memory: 16 columns of both limbs of its rows and of its examples.
   */
  packedProducts({ rows, columns, length }, [ownRows, ownExamples]) {
    const dots = (2 * rows * columns * length) / 4;
    const vectors = (2 * ownRows + ownExamples) / (8 * ownRows * ownExamples);
    return { dots, shared: dots * vectors * VECTOR };
  },

  /**
   * 32-bit multiply-adds; four columns at a time are a vector for each row of an invocation, and a word for each of its
   * examples, which takes an operation a pixel apart.
   */
  wideProducts({ rows, columns, length }, [ownRows, ownExamples]) {
    const multiplications = rows * columns * length;
    const bytes = (ownRows * VECTOR + ownExamples * WORD) / (4 * ownRows * ownExamples);
    return { multiplications, simples: multiplications / ownRows, shared: multiplications * bytes };
  },

  /** Multiply-adds; an invocation of shaders/project-float.wgsl has 4 rows of `reach` examples, four columns a vector. */
  floatProducts({ rows, columns, length }, reach = 8) {
    const fmas = rows * columns * length;
    return { fmas, shared: (fmas * (4 + reach) * VECTOR) / (4 * reach * 4) };
  },

  /** A conversion and a multiplication for each value, and the one-hots; `width` values a position are written. */
  epilogue: ({ rows, width, length }) => ({
    conversions: rows * length,
    fmas: rows * length,
    written: FLOAT * width * length,
  }),

  read: (bytes) => ({ read: bytes }),
  written: (bytes) => ({ written: bytes }),
};

/** The making of tiles and the products of a variant of the fused kernel. */
export function fusedWork(product, problem) {
  const { rows, positions } = PRODUCTS[product];
  const made = [WORK.words(problem), WORK.deviates(problem)];
  if (product === "packed") made.push(WORK.limbs(problem));
  const products = product === "packed" ? WORK.packedProducts : WORK.wideProducts;
  return { making: together(...made), products: products(problem, [rows, positions]) };
}

/** Several pieces of work as one. */
export function together(...works) {
  const sum = {};
  for (const work of works) for (const [unit, count] of Object.entries(work)) sum[unit] = (sum[unit] ?? 0) + count;
  return sum;
}

/** Floors by the rates of rates.mjs. */
export class Floors {
  /** How much of the shorter of integer operations and dot products goes beside the longer: 0 nothing, 1 all. */
  overlap;
  rates;

  constructor(rates) {
    this.rates = rates;
    const [rotation, dot, either] = ["rotations", "packed_dots", "dots_and_rotations"].map((name) =>
      this.#time(name, 1),
    );
    const hidden = (rotation + dot - 2 * either) / Math.min(rotation, dot);
    this.overlap = Math.min(1, Math.max(0, hidden));
  }

  /** The least milliseconds of some work, and what takes them. */
  of(work) {
    const count = (unit) => work[unit] ?? 0;
    const integer = this.#time("rotations", count("rotations")) + this.#time("simples", count("simples"));
    const dots = this.#time("packed_dots", count("dots"));
    const both = integer + dots - this.overlap * Math.min(integer, dots);
    const times = {
      [nameOf(integer, dots)]: both,
      multiplications: this.#time("multiplications", count("multiplications")),
      conversions: this.#time("conversions", count("conversions")),
      "f32 multiply-adds": this.#fastest(["fused", "separate"], count("fmas")),
      "workgroup lookups": this.#time("lookups", count("lookups")),
      "workgroup reads": this.#fastest(["shared_reads", "neighbours"], count("shared")),
      "memory read": this.#time("read", count("read")),
      "memory written": this.#time("write", count("written")),
    };
    const [bound, milliseconds] = Object.entries(times).reduce((a, b) => (b[1] > a[1] ? b : a));
    return { milliseconds, bound };
  }

  #time(name, count) {
    return count / this.rates[name].perMillisecond;
  }

  #fastest(names, count) {
    return Math.min(...names.map((name) => this.#time(name, count)));
  }
}

function nameOf(integer, dots) {
  if (dots === 0) return "integer operations";
  return integer === 0 ? "dot products" : "dot products, integer operations";
}
