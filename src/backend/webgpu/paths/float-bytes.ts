import type { Dataset } from "../../../dataset/index.js";

/**
 * The bytes of float32 examples, for `ByteExamples`: padded to whole blocks of 16 bytes they are whole vec4f.
 *
 * @throws TypeError for uint8 examples, which these paths are not for.
 */
export function floatBytes({ images }: Dataset): Uint8Array {
  if (images instanceof Uint8Array) throw new TypeError("float paths take float32 examples");
  return new Uint8Array(images.buffer, images.byteOffset, images.byteLength);
}
