import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { readWhole } from "../../files/disk.js";
import type { ChunkDigests } from "../../store/manifest.js";
import { wrap } from "./disk.js";

/**
 * The finished chunks of an unfinished store: a line of JSON each, behind a first line that names the store (see
 * store-identity.ts). Every run has a file of its own, so that no run appends to what another one broke off, and runs on
 * many machines need not know of each other. A chunk that is renamed but not yet in a journal when a run ends is made
 * again, into the same bytes.
 */
export class Journal {
  readonly #path: string;
  readonly #store: string;
  #handle: FileHandle | undefined;

  /** @param store the key of the store that the chunks are of */
  constructor(path: string, store: string) {
    this.#path = path;
    this.#store = store;
  }

  /** Says that a chunk is in its place. */
  async append(chunk: number, sha256: ChunkDigests): Promise<void> {
    try {
      if (!this.#handle) {
        this.#handle = await open(this.#path, "a");
        await this.#handle.write(`${JSON.stringify({ store: this.#store })}\n`);
      }
      await this.#handle.write(`${JSON.stringify({ chunk, sha256 })}\n`);
    } catch (cause) {
      throw wrap(this.#path, cause);
    }
  }

  async close(): Promise<void> {
    await this.#handle?.close().catch(() => undefined);
    this.#handle = undefined;
  }
}

/** Bytes that a journal has at most: the longest text that engines hold. */
const JOURNAL_LIMIT = 2 ** 29;

export const JOURNAL = /^journal-.+-\d+-[0-9a-f]{8}\.jsonl$/;

/**
 * Reads the journals of a store in a folder; a folder that is not there has none. Broken lines are left out, and so are
 * journals of another store, whose names are given to `onForeign`.
 */
export async function readJournals(
  folder: string,
  store: string,
  onForeign: (name: string) => void = () => undefined,
): Promise<Map<number, ChunkDigests>> {
  const chunks = new Map<number, ChunkDigests>();
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((entry) => JOURNAL.test(entry))) {
    // The file may be gone: the run that finished the store removed it, and the manifest has the same records.
    const text = await readText(join(folder, name)).catch(() => "");
    const [first = "", ...lines] = text.split("\n");
    if (text === "") continue;
    if (parse(first)?.store !== store) {
      onForeign(name);
      continue;
    }
    for (const line of lines) {
      const { chunk, sha256 } = parse(line) ?? {};
      if (!Number.isSafeInteger(chunk) || typeof sha256 !== "object" || sha256 === null) continue;
      chunks.set(chunk as number, sha256 as ChunkDigests);
    }
  }
  return chunks;
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readWhole(path, { limit: JOURNAL_LIMIT }));
}

function parse(line: string): { store?: unknown; chunk?: unknown; sha256?: unknown } | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
