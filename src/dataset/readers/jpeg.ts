import decode from "jpeg-js/lib/decoder.js";
import type { Image } from "./image.js";
import { MOST_PIXELS } from "./png.js";

/**
 * Decodes a JPEG image with jpeg-js, everywhere with the same bits. Other decoders, PIL's among them, differ by a few grey
 * levels.
 *
 * @throws Error for a damaged or too large image, and for CMYK
 */
export function decodeJpeg(bytes: Uint8Array): Image {
  const { width, height, components } = frameOf(bytes);
  if (width === 0 || height === 0 || width * height > MOST_PIXELS) {
    throw new Error(`it has ${width} x ${height} pixels; allowed: 1 to ${MOST_PIXELS}`);
  }
  if (components !== 1 && components !== 3) throw new Error(`it has ${components} channels; save it as RGB`);
  const { data } = decode(bytes, {
    useTArray: true,
    formatAsRGBA: false,
    tolerantDecoding: false,
    maxResolutionInMP: MOST_PIXELS / 1e6 + 1,
    maxMemoryUsageInMB: 2048,
  });
  if (data.length !== width * height * 3) throw new Error("it has two sizes");
  if (components === 3) return { width, height, channels: 3, data, reduced: false };
  const values = new Uint8Array(width * height);
  for (let i = 0; i < values.length; i++) values[i] = data[3 * i] as number;
  return { width, height, channels: 1, data: values, reduced: false };
}

/** Size and channels, from the marker that begins the frame. */
function frameOf(bytes: Uint8Array): { width: number; height: number; components: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 2; at + 10 <= bytes.length; ) {
    if (bytes[at] !== 0xff) break;
    const marker = bytes[at + 1] as number;
    if (marker === 0xff) {
      at++;
      continue;
    }
    // Frames have C0 to CF, without the tables C4, C8 and CC.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc) {
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), components: bytes[at + 9] as number };
    }
    at += 2 + view.getUint16(at + 2);
  }
  throw new Error("it is truncated");
}
