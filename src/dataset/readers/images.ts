import { pacer } from "../../base/abort.js";
import { DatasetError, messageOf } from "../../base/errors.js";
import { notice } from "../../base/notice.js";
import { allocate } from "../../files/file-error.js";
import { sniff } from "../sniff.js";
import { Resize } from "../transforms/resize.js";
import type { Content } from "./contents.js";
import type { Image } from "./image.js";
import { decodeJpeg } from "./jpeg.js";
import { decodePng } from "./png.js";

/** Images of one size, one after the other. */
export interface Images {
  readonly pixels: Uint8Array;
  /** `[height, width]` of grey ones, else `[height, width, 3]`. */
  readonly shape: readonly number[];
}

/** @throws DatasetError for bytes that are no PNG or JPEG image */
export function decodeImage({ bytes, name }: Content): Image {
  const { format, name: kind, remedy } = sniff(bytes);
  if (format !== "png" && format !== "jpeg") {
    const told = format === "unknown" ? "is no PNG or JPEG image" : `is ${kind}, not a PNG or JPEG image`;
    throw new DatasetError(name, `${told}${remedy && format !== "text" ? `; ${remedy}` : ""}`);
  }
  try {
    return format === "png" ? decodePng(bytes) : decodeJpeg(bytes);
  } catch (cause) {
    throw new DatasetError(name, `is a damaged image: ${messageOf(cause)}`, { cause });
  }
}

/**
 * Decodes images into one array. If one of them has colors, grey ones get three equal channels.
 *
 * @param count the number of images
 * @param resize the size that all get; without it all must have the same
 * @throws DatasetError for an image that is damaged or of another size
 */
export async function decodeImages(
  contents: AsyncIterable<Content>,
  count: number,
  source: string,
  { resize, signal }: { resize?: readonly [number, number] | undefined; signal?: AbortSignal | undefined },
): Promise<Images> {
  const rest = pacer(signal);
  const transform = resize && new Resize(resize);
  let first: { name: string; height: number; width: number } | undefined;
  let channels = 1;
  let pixels = new Uint8Array(0);
  let at = 0;
  let reduced = 0;
  for await (const content of contents) {
    await rest();
    const decoded = decodeImage(content);
    const image = transform ? resized(decoded, transform) : decoded;
    const { height, width } = image;
    if (!first) {
      first = { name: content.name, height, width };
      pixels = allocate(count * height * width * image.channels) as Uint8Array<ArrayBuffer>;
      channels = image.channels;
    }
    if (height !== first.height || width !== first.width) {
      const problem = `has ${height} x ${width} pixels (height x width), ${first.name} has ${first.height} x ${first.width}`;
      throw new DatasetError(content.name, `${problem}; give one size for all: resize: [height, width] (--resize H,W)`);
    }
    if (image.channels > channels) {
      pixels = threefold(pixels);
      at *= 3;
      channels = 3;
    }
    const values = image.channels < channels ? threefold(image.data) : image.data;
    pixels.set(values, at);
    at += values.length;
    if (image.reduced) reduced++;
  }
  if (reduced > 0) notice(`${source}: ${reduced} images have 16 bits a channel; the upper 8 of them are kept`);
  const { height = 0, width = 0 } = first ?? {};
  return { pixels, shape: channels === 1 ? [height, width] : [height, width, channels] };
}

function resized(image: Image, transform: Resize): Image {
  const { height, width, channels, data } = image;
  const batch = transform.apply({ data, shape: [height, width, channels], dtype: "uint8", count: 1 });
  const [newHeight, newWidth] = batch.shape as [number, number];
  return { ...image, height: newHeight, width: newWidth, data: batch.data as Uint8Array };
}

/** Each value three times. */
function threefold(values: Uint8Array): Uint8Array<ArrayBuffer> {
  const result = new Uint8Array(values.length * 3);
  for (let i = 0; i < values.length; i++) result.fill(values[i] as number, 3 * i, 3 * i + 3);
  return result;
}
