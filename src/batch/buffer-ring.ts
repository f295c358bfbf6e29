import { destroyBuffers, type ItemBuffers } from "../backend/backend.js";

/**
 * The buffers of a walk that reuses them. The queue runs commands in order: commands that a caller submits before it gives
 * a batch back run before those that fill it again, so nobody waits.
 */
export class BufferRing {
  readonly #free: ItemBuffers[] = [];
  #closed = false;

  /** Makes a batch in free buffers, if there are some. `make` uses them up: it fills them, or destroys those that do not fit. */
  async fill(make: (into: ItemBuffers | undefined) => Promise<ItemBuffers>): Promise<ItemBuffers> {
    const into = this.#free.pop();
    try {
      return await make(into);
    } catch (error) {
      if (into) destroyBuffers(into);
      throw error;
    }
  }

  /** Takes a set of buffers back. */
  give(buffers: ItemBuffers): void {
    if (this.#closed) destroyBuffers(buffers);
    else this.#free.push(buffers);
  }

  /** Destroys the free sets, and from now on each set that is given back. */
  close(): void {
    this.#closed = true;
    for (const buffers of this.#free.splice(0)) destroyBuffers(buffers);
  }
}
