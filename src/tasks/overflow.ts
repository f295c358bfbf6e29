import { notice } from "../base/notice.js";
import type { FloatDtype } from "../base/tensor.js";

/**
 * The values of a task set that are infinite, where some can be: they are counted as they are made, and said once, at the
 * end of the first walk that has some.
 */
export class Overflow {
  readonly #name: string;
  readonly #dtype: FloatDtype;
  readonly #possible: boolean;
  #said = false;

  /**
   * @param name the dataset's
   * @param possible false where no value can be infinite: then nothing is looked at
   */
  constructor(name: string, dtype: FloatDtype, possible: boolean) {
    this.#name = name;
    this.#dtype = dtype;
    this.#possible = possible;
  }

  /** The pieces of a walk, looked at as they pass. */
  async *over<T extends { readonly woven: { readonly inputs: ArrayBuffer } }>(pieces: AsyncIterable<T>) {
    const seen = this.#count();
    try {
      for await (const piece of pieces) {
        seen.look(piece.woven.inputs);
        yield piece;
      }
    } finally {
      seen.end();
    }
  }

  /** Looks at the inputs of one result. */
  look(inputs: ArrayBuffer | ArrayBufferView): void {
    const seen = this.#count();
    seen.look(inputs);
    seen.end();
  }

  #count() {
    let [values, infinite] = [0, 0];
    return {
      look: (inputs: ArrayBuffer | ArrayBufferView) => {
        if (!this.#possible || this.#said) return;
        const found = countOf(inputs, this.#dtype);
        values += found.values;
        infinite += found.infinite;
      },
      end: () => {
        if (infinite > 0 && !this.#said) this.#say(`${infinite} of ${values} values of the inputs are infinite or NaN`);
      },
    };
  }

  /** Says of results that stay on a GPU, and are not looked at, that some can be infinite. */
  warn(): void {
    if (this.#possible && !this.#said)
      this.#say("values of the inputs can be infinite; those on a GPU are not counted");
  }

  #say(found: string): void {
    this.#said = true;
    const most = this.#dtype === "float16" ? "65504, the largest float16" : "3.4e38, the largest float32";
    const remedy =
      this.#dtype === "float16" ? 'a smaller standardDeviation, or dtype: "float32"' : "a smaller standardDeviation";
    notice(`${this.#name}: ${found}, beyond ${most}; give ${remedy}`);
  }
}

function countOf(inputs: ArrayBuffer | ArrayBufferView, dtype: FloatDtype): { values: number; infinite: number } {
  const buffer = ArrayBuffer.isView(inputs) ? inputs.buffer : inputs;
  let infinite = 0;
  if (dtype === "float32") {
    const values = new Float32Array(buffer);
    for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) infinite++;
    return { values: values.length, infinite };
  }
  const halves = new Uint16Array(buffer);
  for (let i = 0; i < halves.length; i++) if (((halves[i] as number) & 0x7c00) === 0x7c00) infinite++;
  return { values: halves.length, infinite };
}
