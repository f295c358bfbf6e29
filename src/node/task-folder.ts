import { type FileHandle, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { RecipeError } from "../errors.js";
import { parseRecipe, type Recipe } from "../recipe.js";
import { NPY_HEADER_LIMIT, type NpyInfo, parseNpyHeader } from "../store/npy.js";
import { bytesPerElement } from "../tensor.js";
import { FILES } from "./generate.js";

/** An open .npy file: its header, and values by their index. */
export class NpyFile {
  readonly info: NpyInfo;
  readonly #handle: FileHandle;
  readonly #path: string;

  /** @throws RecipeError when it is missing, no .npy, or shorter or longer than its header says */
  static async open(path: string): Promise<NpyFile> {
    const handle = await open(path).catch((cause) => {
      throw new RecipeError(path, `cannot be opened: ${(cause as Error).message}`, { cause });
    });
    try {
      const head = new Uint8Array(NPY_HEADER_LIMIT);
      const { bytesRead } = await handle.read(head, 0, head.length, 0);
      const info = parseNpyHeader(head.subarray(0, bytesRead), path);
      const expected = info.offset + info.shape.reduce((a, b) => a * b, 1) * bytesPerElement(info.dtype);
      const { size } = await handle.stat();
      if (size !== expected) throw new RecipeError(path, `has ${size} bytes; its header asks for ${expected}`);
      return new NpyFile(path, info, handle);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  private constructor(path: string, info: NpyInfo, handle: FileHandle) {
    this.#path = path;
    this.info = info;
    this.#handle = handle;
  }

  /** `count` values from index `first` on, as their bytes. */
  async read(first: number, count: number): Promise<Uint8Array<ArrayBuffer>> {
    const size = bytesPerElement(this.info.dtype);
    const bytes = new Uint8Array(count * size);
    for (let at = 0; at < bytes.length; ) {
      const { bytesRead } = await this.#handle.read(bytes, at, bytes.length - at, this.info.offset + first * size + at);
      if (bytesRead === 0) throw new RecipeError(this.#path, "ends early");
      at += bytesRead;
    }
    return bytes;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}

/** A folder that `generate` wrote, open for reading. */
export interface TaskFolder {
  readonly recipe: Recipe;
  readonly inputs: NpyFile;
  readonly targets: NpyFile;
  close(): Promise<void>;
}

/** @throws RecipeError when a file is missing or damaged */
export async function openTaskFolder(path: string): Promise<TaskFolder> {
  const recipePath = join(path, FILES.recipe);
  const text = await readFile(recipePath, "utf8").catch((cause) => {
    throw new RecipeError(
      recipePath,
      `cannot be read; was this folder made by taskloom generate? (${(cause as Error).message})`,
      { cause },
    );
  });
  const recipe = parseRecipe(text, recipePath);
  const inputs = await NpyFile.open(join(path, FILES.inputs));
  const targets = await NpyFile.open(join(path, FILES.targets)).catch(async (error) => {
    await inputs.close();
    throw error;
  });
  return {
    recipe,
    inputs,
    targets,
    close: async () => {
      await Promise.all([inputs.close(), targets.close()]);
    },
  };
}
