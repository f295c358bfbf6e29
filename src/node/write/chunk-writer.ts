import type { Sink, Upload } from "../../files/sink.js";
import type { ArrayName } from "../../store/arrays.js";
import { chunkBytes, chunkKey, type StoreLayout } from "../../store/zarr.js";
import type { ChunkRecord } from "./chunk-table.js";

/** One chunk of every array on its way into a sink. */
export class ChunkWriter {
  readonly #uploads: ReadonlyMap<ArrayName, Upload>;

  static async open(sink: Sink, layout: StoreLayout, chunk: number): Promise<ChunkWriter> {
    const uploads = new Map<ArrayName, Upload>();
    const writer = new ChunkWriter(uploads);
    try {
      for (const array of layout.arrays) {
        uploads.set(array.name, await sink.putChunk(chunkKey(layout, array, chunk), chunkBytes(layout, array)));
      }
    } catch (error) {
      await writer.discard();
      throw error;
    }
    return writer;
  }

  private constructor(uploads: ReadonlyMap<ArrayName, Upload>) {
    this.#uploads = uploads;
  }

  /** Appends to the chunk of an array. */
  async write(name: ArrayName, bytes: Uint8Array): Promise<void> {
    await (this.#uploads.get(name) as Upload).write(bytes);
  }

  /**
   * Gives the files their names once they are whole.
   *
   * @param check called before the files get their names; it rejects where they must not
   */
  async finish(check: () => Promise<void>): Promise<ChunkRecord> {
    const record = { sha256: {}, version: {} } as { sha256: Record<string, string>; version: Record<string, string> };
    for (const [name, upload] of this.#uploads) {
      const { sha256, version } = await upload.finish(check);
      record.sha256[name] = sha256;
      record.version[name] = version;
    }
    return record;
  }

  /** Takes away what has no name yet. */
  async discard(): Promise<void> {
    for (const upload of this.#uploads.values()) await upload.discard();
  }
}
