import { Shuffle, type ShuffleKeys } from "./shuffle.js";

/**
 * The order of an epoch in blocks of chunks, see docs/shuffle.md: the chunks are shuffled, then the items of each block of
 * them. Like `Shuffle` it holds no table.
 */
export class ChunkShuffle {
  readonly #length: number;
  readonly #chunkItems: number;
  readonly #blockChunks: number;
  readonly #chunks: number;
  /** The items that the last chunk has fewer than the others. */
  readonly #short: number;
  readonly #order: Shuffle;
  /** The place of the last chunk in the order of chunks. */
  readonly #lastPlace: number;
  readonly #keys: ShuffleKeys;
  readonly #epoch: number;
  #block: { readonly begin: number; readonly end: number; readonly order: Shuffle } | undefined;

  /**
   * @param length the number of items, 1..2^53
   * @param chunkItems the number of items of a chunk, at least 1
   * @param blockChunks the number of chunks of a block, at least 1
   */
  constructor(keys: ShuffleKeys, epoch: number, length: number, chunkItems: number, blockChunks: number) {
    this.#keys = keys;
    this.#epoch = epoch;
    this.#length = length;
    this.#chunkItems = Math.min(chunkItems, length);
    this.#chunks = Math.ceil(length / this.#chunkItems);
    this.#blockChunks = Math.min(blockChunks, this.#chunks);
    this.#short = (this.#chunkItems - (length % this.#chunkItems)) % this.#chunkItems;
    this.#order = new Shuffle(keys.of(epoch), this.#chunks);
    this.#lastPlace = this.#order.positionOf(this.#chunks - 1);
  }

  /** Returns the item at a position of the order, 0 <= position < length. */
  at(position: number): number {
    const { begin, end, order } = this.#blockOf(position);
    const inOrder = begin + order.at(position - begin);
    const place = this.#find(inOrder, 1, Math.floor(inOrder / this.#chunkItems), end);
    return this.#order.at(place) * this.#chunkItems + (inOrder - this.#start(place));
  }

  /** Returns the first position of the chunk in a place of the order of chunks; `length` for the place after the last. */
  #start(place: number): number {
    if (place >= this.#chunks) return this.#length;
    return place * this.#chunkItems - (place > this.#lastPlace ? this.#short : 0);
  }

  /** The short chunk moves all later ones forward, so a position belongs to the piece that division finds or to the next. */
  #find(position: number, chunks: number, quotient: number, end: number): number {
    const next = this.#start((quotient + 1) * chunks);
    return next < end && position >= next ? quotient + 1 : quotient;
  }

  #blockOf(position: number) {
    const known = this.#block;
    if (known && position >= known.begin && position < known.end) return known;
    const width = this.#blockChunks;
    const quotient = width < this.#chunks ? Math.floor(position / (width * this.#chunkItems)) : 0;
    const block = this.#find(position, width, quotient, this.#length);
    const first = block * width;
    const begin = this.#start(first);
    const end = this.#start(first + width);
    const order = new Shuffle(this.#keys.of(this.#epoch, block + 1), end - begin);
    this.#block = { begin, end, order };
    return this.#block;
  }
}
