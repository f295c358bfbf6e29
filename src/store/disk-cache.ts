import { sleep } from "../base/abort.js";
import { InvalidOptionError, messageOf } from "../base/errors.js";
import { fileSystem } from "../base/host.js";
import { notice } from "../base/notice.js";
import { sha256 } from "../base/sha256.js";
import { type FileSystem, readWhole } from "../files/disk.js";
import { roomFor } from "./disk-room.js";

/** The folder of the chunks in the folder that the user names. */
export const CACHE_FOLDER = "taskloom-chunks-v1";
/** Bytes of a file besides the chunk: the SHA-256 of the chunk. */
const DIGEST_BYTES = 32;
/** Age in milliseconds from which a claim is nobody's: the process that made it was killed, or is too slow to wait for. */
const CLAIM_AGE = 30_000;
/** Time between two looks at a chunk that another process fetches, in milliseconds. */
const LOOK = 50;

/**
 * Chunks in files of a folder. Each file holds a chunk and its SHA-256, and has its name when it is whole. Of several
 * processes that want a chunk, one fetches it and the others wait for the file.
 */
export class DiskCache {
  readonly #folder: string;
  readonly #limit: number;
  /** Bytes that may be written before the folder is looked through. */
  #room = 0;
  /** Bytes of the chunks that are being written, which the folder does not show yet. */
  #pending = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #broken = false;

  /** @throws InvalidOptionError when the folder cannot be made or written */
  static async open(folder: string, limit: number): Promise<DiskCache> {
    const own = `${folder.replace(/(?<=.)[/\\]+$/, "")}/${CACHE_FOLDER}`;
    try {
      await files().mkdir(own, { recursive: true });
      const status = await files().lstat(own);
      if (!status.isDirectory()) throw new Error(`${CACHE_FOLDER} in it is a link or a file`);
    } catch (cause) {
      throw new InvalidOptionError("cache.folder", folder, `a folder that can be written: ${messageOf(cause)}`, {
        cause,
      });
    }
    return new DiskCache(own, limit);
  }

  private constructor(folder: string, limit: number) {
    this.#folder = folder;
    this.#limit = limit;
  }

  /**
   * Reads a chunk from the folder, or fetches it and puts it there.
   *
   * @param name 64 hexadecimal digits that stand for these bytes alone
   * @param size bytes of the chunk
   * @param digest the SHA-256 that the chunk must have; without it the one in its file is believed
   */
  async get(
    name: string,
    size: number,
    digest: string | undefined,
    fetch: () => Promise<Uint8Array>,
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    const path = `${this.#folder}/${name}.chunk`;
    for (;;) {
      const kept = await this.#read(path, size, digest, signal);
      if (kept) return kept;
      if (this.#broken) return fetch();
      const claim = await this.#claim(`${this.#folder}/${name}.claim`);
      if (claim === "taken") {
        await sleep(LOOK, signal);
        continue;
      }
      try {
        // Another process may have put it there between the look and the claim.
        const late = claim ? await this.#read(path, size, digest, signal) : undefined;
        if (late) return late;
        const bytes = await fetch();
        await this.#put(path, bytes, digest);
        return bytes;
      } finally {
        if (claim)
          await files()
            .rm(claim, { force: true })
            .catch(() => undefined);
      }
    }
  }

  /** Reads a file of the cache. One that is damaged is removed. */
  async #read(path: string, size: number, digest: string | undefined, signal: AbortSignal) {
    let file: Uint8Array;
    try {
      file = await readWhole(path, { limit: size + DIGEST_BYTES, signal });
    } catch (cause) {
      signal.throwIfAborted();
      if ((cause as NodeJS.ErrnoException).code !== "ENOENT") await this.#remove(path);
      return undefined;
    }
    const bytes = file.subarray(0, Math.max(0, file.length - DIGEST_BYTES));
    const found = await sha256(bytes, path);
    const written = hexOf(file.subarray(bytes.length));
    if (bytes.length !== size || found !== written || (digest !== undefined && found !== digest)) {
      await this.#remove(path);
      return undefined;
    }
    // The time of a file says when it was last used.
    const now = new Date();
    await files()
      .utimes(path, now, now)
      .catch(() => undefined);
    return bytes;
  }

  async #remove(path: string): Promise<void> {
    await files()
      .rm(path, { force: true })
      .catch(() => undefined);
  }

  /** @returns the path of the claim; "taken" when another process has it; undefined when there can be none */
  async #claim(path: string): Promise<string | "taken" | undefined> {
    try {
      await (await files().open(path, "wx")).close();
      return path;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EEXIST") return undefined;
    }
    const { mtimeMs } = await files()
      .stat(path)
      .catch(() => ({ mtimeMs: Number.POSITIVE_INFINITY }));
    if (mtimeMs > Date.now() - CLAIM_AGE) return "taken";
    await this.#remove(path);
    return "taken";
  }

  /** Writes a chunk. A cache that cannot be written says so once, and is then only read. */
  async #put(path: string, bytes: Uint8Array, digest: string | undefined): Promise<void> {
    const size = bytes.length + DIGEST_BYTES;
    let pending = false;
    const random = Math.random().toString(16).slice(2);
    const temporary = `${path.replace(/\.chunk$/, "")}.${random}.part`;
    try {
      pending = await this.#reserve(size);
      if (!pending) return;
      const file = await files().open(temporary, "wx");
      try {
        await file.writeFile(bytes);
        await file.writeFile(bytesOf(digest ?? (await sha256(bytes, path))));
      } finally {
        await file.close();
      }
      await files().rename(temporary, path);
    } catch (cause) {
      await this.#remove(temporary);
      if (this.#broken) return;
      this.#broken = true;
      notice(`${this.#folder}: chunks are no longer kept there: ${messageOf(cause)}`);
    } finally {
      if (pending) this.#pending -= size;
    }
  }

  /** Makes room for a chunk, one after the other; false where there can be none. */
  #reserve(size: number): Promise<boolean> {
    const turn = this.#turn.then(async () => {
      if (size + this.#pending > this.#limit) return false;
      if (this.#room < size) this.#room = await roomFor(this.#folder, size, this.#limit - this.#pending);
      this.#room -= size;
      this.#pending += size;
      return true;
    });
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

const files = () => fileSystem() as FileSystem;

const hexOf = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

const bytesOf = (hex: string) =>
  Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
