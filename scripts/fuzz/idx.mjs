// IDX files, plain and gzip.
import { gzipSync } from "node:zlib";
import { readIdxDataset } from "../../dist/index.js";
import { mutateBytes } from "./bytes.mjs";

function idx(code, shape, width) {
  const values = shape.reduce((a, b) => a * b, width);
  const bytes = Buffer.alloc(4 + 4 * shape.length + values);
  bytes.set([0, 0, code, shape.length]);
  for (const [axis, size] of shape.entries()) bytes.writeUInt32BE(size, 4 + 4 * axis);
  for (let i = 0; i < values; i++) bytes[bytes.length - values + i] = i % width === width - 1 ? (i / width) % 3 : 0;
  return bytes;
}

export async function prepare() {
  return {
    images: [idx(8, [3, 2, 2], 1), idx(13, [3, 4], 4), idx(8, [3, 1, 1, 2], 1)],
    labels: [idx(8, [3], 1), idx(11, [3], 2), idx(12, [3], 4), idx(9, [3], 1)],
  };
}

export function make({ images, labels }, random) {
  const part = (good) => {
    let bytes = random.oneIn(3) ? good : mutateBytes(good, random);
    // Many bytes behind the array, which gzip makes small.
    if (random.oneIn(200)) bytes = Buffer.concat([bytes, Buffer.alloc(2 ** 24)]);
    if (random.oneIn(2)) return bytes;
    const zipped = gzipSync(bytes);
    if (random.oneIn(8)) return Buffer.concat([zipped, random.oneIn(2) ? zipped : mutateBytes(zipped, random)]);
    return random.oneIn(2) ? zipped : mutateBytes(zipped, random);
  };
  const options = {
    classes: random.pick([undefined, "compact", 3, 65536]),
    nonFinite: random.pick([undefined, "allow"]),
  };
  return {
    "images.idx": part(random.pick(images)),
    "labels.idx": part(random.pick(labels)),
    "options.json": Buffer.from(JSON.stringify(options)),
  };
}

export async function run(_, input) {
  await readIdxDataset({
    ...JSON.parse(input["options.json"].toString()),
    images: new Uint8Array(input["images.idx"]),
    labels: new Uint8Array(input["labels.idx"]),
  });
}
