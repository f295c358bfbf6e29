// Lower bounds on the time of work on an adapter: the operations of the problem at the adapter's own rates.
//
// The counts are as low as possible: an operation that some GPU does in one instruction (a shift and a mask, two logical
// operations, an offset of an address) counts once, and the overhead of a kernel (loops, addresses, edges, barriers) does
// not count. Units work in parallel, so a floor is the time of the busiest unit. Integer operations and dot products share
// a unit on some adapters; a kernel with both measures how much, and the two are combined accordingly.

import { PRODUCTS } from "./fused.mjs";

const VECTOR = 16;
const WORD = 4;
const FLOAT = 4;

/** The operations of a task or another piece of work. `columns` is rounded up to a multiple of 16. */
export const WORK = {
  /**
   * 8 rounds of 4 quarter rounds, each with 4 additions, exclusive ors and rotations; then the addition of the initial
   * state: 8 * 4 * 4 * 3 + 16 = 400 operations for 16 words.
   */
  words: ({ rows, columns }) => ({ rotations: 25 * rows * columns }),

  /**
   * See shaders/deviate.wgsl. m: shift and mask, or; i: shift (the address has its offset); t: shift and mask; drop:
   * mask, multiplication, shift; z: shift, difference, shift; sign: shift, exclusive or, difference.
   */
  deviates: ({ rows, columns }) => ({
    simples: 12 * rows * columns,
    multiplications: rows * columns,
    conversions: rows * columns,
    lookups: rows * columns,
  }),

  /** See `limbs4`: four deviates take 4 additions, 2 shifts with an or, and 2 merges with a shift. */
  limbs: ({ rows, columns }) => ({ simples: 2.5 * rows * columns }),

  /**
   * Two limbs, four columns in a packed dot product, which includes the addition. The `reach` [rows, examples] of an
   * invocation share its reads from workgroup memory: 16 columns of both limbs of its rows, and of its examples.
   */
  packedProducts({ rows, columns, length }, [ownRows, ownExamples]) {
    const dots = (2 * rows * columns * length) / 4;
    const vectors = (2 * ownRows + ownExamples) / (8 * ownRows * ownExamples);
    return { dots, shared: dots * vectors * VECTOR };
  },

  /**
   * 32-bit multiply-adds. Four columns are a vector for each row of an invocation and a word for each of its examples;
   * unpacking takes one operation a pixel.
   */
  wideProducts({ rows, columns, length }, [ownRows, ownExamples]) {
    const multiplications = rows * columns * length;
    const bytes = (ownRows * VECTOR + ownExamples * WORD) / (4 * ownRows * ownExamples);
    return { multiplications, simples: multiplications / ownRows, shared: multiplications * bytes };
  },

  /** Multiply-adds. An invocation of shaders/project-float.wgsl has 4 rows of `reach` examples, four columns in a vector. */
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

/** Returns the work of a variant of the fused kernel: the making of its tiles, and its products. */
export function fusedWork(product, problem) {
  const { rows, positions } = PRODUCTS[product];
  const made = [WORK.words(problem), WORK.deviates(problem)];
  if (product === "packed") made.push(WORK.limbs(problem));
  const products = product === "packed" ? WORK.packedProducts : WORK.wideProducts;
  return { making: together(...made), products: products(problem, [rows, positions]) };
}

/** Adds pieces of work. */
export function together(...works) {
  const sum = {};
  for (const work of works) for (const [unit, count] of Object.entries(work)) sum[unit] = (sum[unit] ?? 0) + count;
  return sum;
}

/** Computes floors from the rates of rates.mjs. */
export class Floors {
  /** The part of integer operations and dot products that runs in parallel: 0 for none, 1 for all of the shorter. */
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

  /** Returns the floor of some work in ms, and the unit that sets it. */
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
      "workgroup reads": this.#fastest(["shared_reads", "neighbors"], count("shared")),
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
