/**
 * Lets one write be under way while the next piece is made: a disk and the machinery that makes tasks work at the same
 * time. Writes follow each other in the order of the calls, one at a time.
 */
export class WriteBehind {
  #last: Promise<void> = Promise.resolve();

  /**
   * Begins a write as soon as the one before has ended, and returns then: what the write before used is free again.
   *
   * @throws what the write before threw
   */
  async begin(write: () => Promise<void>): Promise<void> {
    await this.#last;
    this.#last = write();
    this.#last.catch(() => undefined); // reported by the next call
  }

  /**
   * Waits for the last write.
   *
   * @throws what it threw
   */
  async end(): Promise<void> {
    await this.#last;
  }

  /** Waits for the last write, whatever becomes of it: nothing touches the files afterwards. */
  async settled(): Promise<void> {
    await this.#last.catch(() => undefined);
  }
}
