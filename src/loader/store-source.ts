import type { Woven } from "../backend/backend.js";
import { RecipeError } from "../errors.js";
import type { Recipe } from "../recipe.js";
import { layoutOf } from "./layout.js";
import type { StoreReader, TaskSource } from "./source.js";

/** Tasks read from a store. */
export class StoreSource implements TaskSource {
  readonly recipe: Recipe;
  /** Files like a few readers; browsers open six connections to a server. */
  readonly width = 6;
  readonly #reader: StoreReader;
  readonly #owned: boolean;

  /**
   * @param owned whether the reader was opened here, and is closed here
   * @throws RecipeError when the store does not hold as many items as its recipe has
   */
  constructor(reader: StoreReader, owned: boolean, name: string) {
    const { items } = layoutOf(reader.recipe);
    if (reader.items !== items) throw new RecipeError(name, `holds ${reader.items} items; its recipe has ${items}`);
    this.recipe = reader.recipe;
    this.#reader = reader;
    this.#owned = owned;
  }

  read(first: number, count: number, signal: AbortSignal): Promise<Woven> {
    return this.#reader.read(first, count, signal);
  }

  async dispose(): Promise<void> {
    if (this.#owned) await this.#reader.close?.();
  }
}
