import { deflateSync } from "node:zlib";
import { describe, expect, it, test } from "vitest";
import { decodeImage } from "../../../src/dataset/readers/images.js";
import { decodeNpy } from "../../../src/dataset/readers/npy-decode.js";
import { unpacked } from "../../dataset/data-files.js";

const files = unpacked("kinds.zip");
const expected = unpacked("kinds.npz");

/** A kind of image, decoded, and what Pillow makes of it. */
function kind(name: string) {
  const file = Object.keys(files).find((path) => path.startsWith(`${name}.`)) as string;
  const { data, shape } = decodeNpy(expected[`${name}.npy`] as Uint8Array, name);
  return { image: decodeImage({ bytes: files[file] as Uint8Array, name: file }), data: data as Uint8Array, shape };
}

describe("PNG as Pillow decodes it", () => {
  it.each(["gray", "rgb", "rgba", "gray-alpha", "palette", "one-bit", "gray-16"])("%s", (name) => {
    const { image, data, shape } = kind(name);
    expect([image.height, image.width, image.channels]).toEqual([shape[0], shape[1], shape[2] ?? 1]);
    expect(image.data).toEqual(data);
    expect(image.reduced).toBe(name === "gray-16");
  });
});

describe("JPEG within a few grey levels of Pillow's", () => {
  it.each([
    ["jpeg-gray", 2],
    ["jpeg-444", 4],
    ["jpeg-progressive", 4],
    // Colors at half the size: decoders differ in how they enlarge them.
    ["jpeg-420", 24],
  ])("%s", (name, bound) => {
    const { image, data, shape } = kind(name);
    expect([image.height, image.width, image.channels]).toEqual([shape[0], shape[1], shape[2] ?? 1]);
    const distance = image.data.reduce((most, value, i) => Math.max(most, Math.abs(value - (data[i] as number))), 0);
    expect(distance).toBeLessThanOrEqual(bound);
  });
});

const crcOf = (bytes: Uint8Array) => {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
};

/** A PNG by hand: width, height, bits, type of color, interlaced, and the data. */
function png([width, height, depth, color, interlaced]: number[], data: Uint8Array): Uint8Array {
  const chunk = (type: string, content: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
    const ends = Buffer.alloc(8);
    ends.writeUInt32BE(content.length, 0);
    ends.writeUInt32BE(crcOf(body), 4);
    return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width as number, 0);
  header.writeUInt32BE(height as number, 4);
  header.set([depth as number, color as number, 0, 0, interlaced as number], 8);
  const parts = [chunk("IHDR", header), chunk("IDAT", deflateSync(data)), chunk("IEND", new Uint8Array(0))];
  return new Uint8Array(Buffer.concat([Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10]), ...parts]));
}

test("grey levels of 2 and 4 bits are spread over 0 to 255", () => {
  const of = (bytes: Uint8Array) => [...decodeImage({ bytes, name: "x.png" }).data];
  expect(of(png([3, 2, 2, 0, 0], Uint8Array.of(0, 0b00011011, 0, 0b11100100)))).toEqual([0, 85, 170, 255, 170, 85]);
  expect(of(png([3, 1, 4, 0, 0], Uint8Array.of(0, 0x0f, 0x80)))).toEqual([0, 255, 136]);
});

describe("damaged images", () => {
  const whole = files["rgb.png"] as Uint8Array;
  const jpeg = files["jpeg-444.jpg"] as Uint8Array;
  it.each<[string, Uint8Array, RegExp]>([
    ["truncated", whole.subarray(0, 60), /is a damaged image: it is truncated/],
    ["a wrong checksum", whole.map((byte, i) => (i === whole.length - 20 ? byte ^ 1 : byte)), /is a damaged image/],
    ["a truncated JPEG", jpeg.subarray(0, 400), /is a damaged image/],
    ["a huge size", png([2 ** 16, 2 ** 16, 8, 0, 0], new Uint8Array(9)), /65536 x 65536 pixels; allowed/],
    ["a size without data", png([1000, 1000, 8, 0, 0], new Uint8Array(9)), /is a damaged image/],
    ["more data than pixels", png([9, 9, 8, 0, 0], new Uint8Array(2 ** 29)), /more data than its pixels/],
    ["interlaced bits", png([9, 9, 1, 0, 1], new Uint8Array(99)), /interlaced with 1 bits/],
    ["GIF", new TextEncoder().encode("GIF89a...."), /is a GIF image, not a PNG or JPEG image; convert it to PNG/],
    ["a Git LFS pointer", new TextEncoder().encode("version https://git-lfs.github.com/spec/v1"), /Git LFS pointer/],
    ["something else", Uint8Array.of(1, 2, 3, 0), /is no PNG or JPEG image/],
  ])("%s", (_, bytes, message) => {
    expect(() => decodeImage({ bytes, name: "x" })).toThrow(message);
  });
});
