import { Dataset } from "taskloom";

const codes = { uint8: 0x08, int8: 0x09, int16: 0x0b, int32: 0x0c, float32: 0x0d, float64: 0x0e } as const;

/** An IDX file, written without the code under test. */
export function idxFile(kind: keyof typeof codes, shape: readonly number[], values: ArrayLike<number>): Uint8Array {
  const width = { uint8: 1, int8: 1, int16: 2, int32: 4, float32: 4, float64: 8 }[kind];
  const header = 4 + 4 * shape.length;
  const bytes = new Uint8Array(header + values.length * width);
  const view = new DataView(bytes.buffer);
  bytes.set([0, 0, codes[kind], shape.length]);
  shape.forEach((size, axis) => {
    view.setUint32(4 + 4 * axis, size);
  });
  const setters = {
    uint8: view.setUint8,
    int8: view.setInt8,
    int16: view.setInt16,
    int32: view.setInt32,
    float32: view.setFloat32,
    float64: view.setFloat64,
  };
  for (let i = 0; i < values.length; i++) setters[kind].call(view, header + i * width, values[i] as number);
  return bytes;
}

/** `count` uint8 examples whose values tell where they come from. */
export function fakeDataset(count = 5, shape: readonly number[] = [4, 3]): Dataset {
  const features = shape.reduce((a, b) => a * b, 1);
  const images = Uint8Array.from({ length: count * features }, (_, i) => (i * 7) % 256);
  return Dataset.from({
    images,
    targets: Array.from({ length: count }, (_, i) => i % 3),
    shape,
    classes: 3,
    name: "fake",
  });
}

/** The error a call throws, so that its fields can be looked at. */
export async function errorOf(call: () => unknown): Promise<Error> {
  try {
    await call();
  } catch (error) {
    return error as Error;
  }
  throw new Error("expected an error, got none");
}
