import { allocate, FileError } from "./file-error.js";

/** The part of a file that is wanted, as its first bytes tell. */
export interface Extent {
  readonly bytes: number;
  /** True if the file ends there; otherwise the rest is left out. */
  readonly whole: boolean;
}

/**
 * Tells the extent of a file.
 *
 * @param head the first `HEAD_BYTES` of the file, fewer where it ends
 * @returns undefined when the head is not that of the format: no more is read then
 */
export type ExtentOf = (head: Uint8Array) => Extent | undefined;

/** Bytes from the beginning of a file that hold the header of any IDX file: 4 and 4 for each of 255 dimensions. */
export const HEAD_BYTES = 1024;

/** The error for a file that goes on behind its end. */
export function tooLong(bytes: number, size?: number): FileError {
  const found = size === undefined ? `more than ${bytes} bytes` : `${size} bytes`;
  return new FileError(`has ${found}, where it should end after ${bytes}: it is damaged, or another file`);
}

/** Memory for bytes that come in pieces, of one buffer that is as large as it must be. */
export class Growing {
  #buffer: Uint8Array;
  #filled = 0;
  #limit: number;
  #extentOf: ExtentOf | undefined;
  /** True if bytes behind the limit are left out and are no fault. */
  #cut = false;
  readonly #most: number;
  /** True if there were more bytes than allowed. */
  #overflow = false;

  /**
   * @param limit bytes allowed, without an extent
   * @param hint bytes to expect
   * @param most bytes that there can be: a damaged extent asks for no more memory
   */
  constructor({
    limit = Number.POSITIVE_INFINITY,
    hint = 0,
    most = Number.POSITIVE_INFINITY,
    extentOf,
  }: { limit?: number; hint?: number; most?: number; extentOf?: ExtentOf | undefined }) {
    this.#limit = limit;
    this.#extentOf = extentOf;
    this.#most = most;
    this.#buffer = allocate(Math.min(hint, limit, most));
  }

  /**
   * The bytes that were taken.
   *
   * @throws FileError when there were more than allowed
   */
  get bytes(): Uint8Array {
    if (this.#overflow) throw tooLong(this.#limit);
    return this.#buffer.subarray(0, this.#filled);
  }

  /**
   * Appends a piece.
   *
   * @returns whether more is wanted
   * @throws FileError when there is too little memory
   */
  take(piece: Uint8Array): boolean {
    const kept = this.#append(piece);
    if (this.#extentOf && this.#filled >= HEAD_BYTES && !this.#measure()) return false;
    const rest = piece.subarray(kept);
    if (rest.length > 0 && this.#append(rest) < rest.length) this.#overflow = !this.#cut;
    return !(this.#overflow || (this.#cut && this.#filled === this.#limit));
  }

  /** Reads the extent from the head. Bytes behind it that were taken already are given up. */
  #measure(): boolean {
    const extent = this.#extentOf?.(this.#buffer.subarray(0, Math.min(this.#filled, HEAD_BYTES)));
    this.#extentOf = undefined;
    this.#limit = extent?.bytes ?? this.#filled;
    this.#cut = !extent?.whole;
    const bytes = Math.min(this.#limit, this.#most);
    if (Number.isFinite(bytes)) this.#reserve(bytes);
    if (this.#filled > this.#limit) {
      this.#filled = this.#limit;
      this.#overflow = !this.#cut;
    }
    return extent !== undefined;
  }

  /** @returns bytes that there was room for; before the extent is known, those of the head */
  #append(piece: Uint8Array): number {
    const limit = this.#extentOf ? HEAD_BYTES : this.#limit;
    const count = Math.min(piece.length, Math.max(0, limit - this.#filled));
    const needed = this.#filled + count;
    if (needed > this.#buffer.length) this.#reserve(Math.max(needed, Math.min(2 * this.#buffer.length, this.#limit)));
    this.#buffer.set(piece.subarray(0, count), this.#filled);
    this.#filled = needed;
    return count;
  }

  #reserve(bytes: number): void {
    if (bytes <= this.#buffer.length) return;
    const larger = allocate(bytes);
    larger.set(this.#buffer.subarray(0, this.#filled));
    this.#buffer = larger;
  }
}
