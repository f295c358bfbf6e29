import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { readWhole } from "../../files/disk.js";
import type { ChunkDigests } from "../../store/manifest.js";
import { wrap } from "./disk.js";

/**
 * The finished chunks of an unfinished store: a line of JSON each. Every run has a file of its own, so that no run
 * appends to what another one broke off, and runs on many machines need not know of each other. A chunk that is renamed
 * but not yet in a journal when a run ends is made again, into the same bytes.
 */
export class Journal {
  readonly #path: string;
  #handle: FileHandle | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  /** Says that a chunk is in its place. */
  async append(chunk: number, sha256: ChunkDigests): Promise<void> {
    try {
      this.#handle ??= await open(this.#path, "a");
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

export const JOURNAL = /^journal-.*\.jsonl$/;

/** What the journals in a folder say; a folder that is not there says nothing. Broken lines are left out. */
export async function readJournals(folder: string): Promise<Map<number, ChunkDigests>> {
  const chunks = new Map<number, ChunkDigests>();
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((entry) => JOURNAL.test(entry))) {
    // Gone since: whoever finished the store took it away, and the manifest says more.
    const text = await readText(join(folder, name)).catch(() => "");
    for (const line of text.split("\n")) {
      const entry = parseLine(line);
      if (entry) chunks.set(entry.chunk, entry.sha256);
    }
  }
  return chunks;
}

async function readText(path: string): Promise<string> {
  return new TextDecoder().decode(await readWhole(path, { limit: JOURNAL_LIMIT }));
}

function parseLine(line: string): { chunk: number; sha256: ChunkDigests } | undefined {
  try {
    const { chunk, sha256 } = JSON.parse(line);
    return Number.isSafeInteger(chunk) && typeof sha256 === "object" && sha256 !== null ? { chunk, sha256 } : undefined;
  } catch {
    return undefined;
  }
}
