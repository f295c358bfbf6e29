import { destroyBuffers, type ItemBuffers } from "../backend/backend.js";

/**
 * The buffers of a walk that uses them again. Commands that a caller submitted before giving a batch back come before
 * those that fill it anew, as the queue works in order: nobody has to wait.
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

  /** Takes buffers back that nobody uses any more. */
  give(buffers: ItemBuffers): void {
    if (this.#closed) destroyBuffers(buffers);
    else this.#free.push(buffers);
  }

  /** Destroys what is free, and what is given back from now on. */
  close(): void {
    this.#closed = true;
    for (const buffers of this.#free.splice(0)) destroyBuffers(buffers);
  }
}
