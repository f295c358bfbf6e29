import { DatasetError, describe, InvalidOptionError } from "../../base/errors.js";
import { allocate, dtypeOf, isShape, kindOf, type Pixels, product, sameShape, shapeText } from "../tensor.js";
import type { ImageBatch, Transform } from "./transform.js";

/** Values a batch may have: 1 MiB of float32, so that what passes between two transforms stays in the cache. */
const batchValues = 2 ** 18;

interface Examples {
  readonly images: Pixels;
  readonly shape: readonly number[];
  readonly dtype: ImageBatch["dtype"];
  readonly scale: number | undefined;
  readonly length: number;
  readonly features: number;
  readonly byteScale?: ImageBatch["byteScale"];
  readonly centeredOn?: string | undefined;
}

/** All examples transformed, batch after batch, into one array. */
export function applyToAll(transform: Transform, source: Examples): Omit<ImageBatch, "count"> {
  checkTransform("transform", transform);
  const { images, shape, dtype, scale, length, features, byteScale, centeredOn } = source;
  const batchLength = Math.max(1, Math.floor(batchValues / features));
  let result: Omit<ImageBatch, "count"> | undefined;
  for (let start = 0; start < length; start += batchLength) {
    const count = Math.min(batchLength, length - start);
    const data = images.subarray(start * features, (start + count) * features);
    const batch = applyOne(transform, { data, shape, dtype, count, scale, byteScale, centeredOn });
    const size = product(batch.shape);
    result ??= { ...batch, data: roomFor(transform, batch, length * size) };
    if (!sameShape(batch.shape, result.shape) || batch.dtype !== result.dtype) {
      const expected = `${shapeText(result.shape)} ${result.dtype}`;
      throw new DatasetError(
        transform.name,
        `made ${shapeText(batch.shape)} ${batch.dtype} examples from ${start} on, after ${expected} ones; all must be alike`,
      );
    }
    result.data.set(batch.data, start * size);
  }
  return result as Omit<ImageBatch, "count">;
}

/**
 * One transform on one batch.
 *
 * @throws {@link DatasetError} for centered bytes that the transform would read as plain ones, and for a result that does
 *   not hold what it says
 */
export function applyOne(transform: Transform, batch: ImageBatch): ImageBatch {
  if (batch.byteScale && !transform.keepsByteScale) {
    throw new DatasetError(transform.name, "got centered bytes, whose 0 is 128; put it before Center");
  }
  const result = transform.apply(batch);
  checkBatch(transform, result, batch.count);
  return result;
}

/** An array for all results. @throws {@link DatasetError} where none of this length can be made. */
function roomFor(transform: Transform, { dtype, shape }: ImageBatch, values: number): Pixels {
  try {
    return allocate(dtype, values);
  } catch (cause) {
    const problem = `makes ${values} values of ${shapeText(shape)} ${dtype} examples, more than one array can hold here`;
    throw new DatasetError(transform.name, `${problem}; make them smaller, or transform parts of the dataset`, {
      cause,
    });
  }
}

/** @throws {@link InvalidOptionError} for anything but a batch, where a transform is called by itself. */
export function checkInput(batch: unknown): asserts batch is ImageBatch {
  const { data, shape, dtype, count } = (batch ?? {}) as Partial<ImageBatch>;
  if (isShape(shape) && dtypeOf(data) === dtype && data?.length === product(shape) * (count ?? Number.NaN)) return;
  const allowed =
    "{ data, shape, dtype, count } with count * product(shape) values; for a dataset call its transform()";
  throw new InvalidOptionError("batch", batch, allowed);
}

/** @throws {@link InvalidOptionError} for anything without the method of a transform. */
export function checkTransform(option: string, transform: unknown): asserts transform is Transform {
  if (typeof (transform as Transform | undefined)?.apply === "function" && typeof transform === "object") return;
  throw new InvalidOptionError(option, transform, "a transform, such as new Flatten(), or new Lambda(function)");
}

/** Refuses a batch that does not hold what it says: transforms may be anyone's. */
function checkBatch(transform: Transform, batch: ImageBatch, count: number): void {
  if (typeof batch !== "object" || batch === null || !isShape(batch.shape)) {
    const problem = `returned ${describe(batch)}; allowed: { data, shape, dtype, count }, shape a list of positive integers`;
    throw new DatasetError(transform.name, problem);
  }
  const expected = product(batch.shape) * count;
  if (dtypeOf(batch.data) !== batch.dtype) {
    throw new DatasetError(transform.name, `returned ${kindOf(batch.data)} as ${batch.dtype} data`);
  }
  if (
    (batch.dtype === "int16" && batch.scale === undefined) ||
    (batch.dtype === "float32" && batch.scale !== undefined)
  ) {
    throw new DatasetError(
      transform.name,
      `made ${batch.dtype} examples with the scale ${batch.scale}; keep the scale and the type of quantized examples, ` +
        "or transform before quantize()",
    );
  }
  if (batch.count !== count || batch.data.length !== expected) {
    throw new DatasetError(
      transform.name,
      `returned ${batch.data.length} values in ${batch.count} examples of ${shapeText(batch.shape)}; ` +
        `expected ${expected} values in ${count} examples`,
    );
  }
}
