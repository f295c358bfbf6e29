// Files of datasets: .npz, .npy, CSV, CIFAR, tar and zip.
import { readFileSync } from "node:fs";
import { gunzipSync, gzipSync } from "node:zlib";
import { unzipSync, zipSync } from "fflate";
import { readDataset } from "../../dist/index.js";
import { mutateBytes } from "./bytes.mjs";

const file = (name) => readFileSync(new URL(`../../test/vectors/data/${name}`, import.meta.url));

export async function prepare() {
  const arrays = unzipSync(file("npy.zip"));
  const csv = Buffer.from('label,a,"b ""x"""\r\n1,2,3\r\n0,255,7\r\ncat,"4",\r\n');
  return {
    whole: [
      file("mnist20.npz"),
      Buffer.from(zipSync({ "x.npy": arrays["images-f2.npy"], "y.npy": arrays["labels-text.npy"] }, { level: 0 })),
      csv,
      Buffer.from("1;2;3\n4;5;6\n"),
      file("kaggle.zip"),
      gunzipSync(file("cifar-10-binary.tar.gz")),
      gunzipSync(file("cifar-100-binary.tar.gz")),
    ],
    arrays: Object.values(arrays).map((bytes) => Buffer.from(bytes)),
  };
}

/** Damage of the bytes themselves, and behind compression. */
const damaged = (bytes, random) => {
  const changed = random.oneIn(8) ? bytes : mutateBytes(bytes, random);
  return random.oneIn(6) ? gzipSync(changed) : changed;
};

export function make({ whole, arrays }, random) {
  const options = {
    classes: random.pick([undefined, "compact", 10]),
    labels: random.pick([undefined, undefined, 0, -1, "label", "y_train"]),
    limit: random.pick([undefined, 1, 5]),
    dtype: random.pick([undefined, "uint8", "float32"]),
    nonFinite: "allow",
  };
  const settings = { "options.json": Buffer.from(JSON.stringify(options)) };
  if (random.oneIn(2)) return { ...settings, file: damaged(random.pick(whole), random) };
  return { ...settings, images: damaged(random.pick(arrays), random), labels: damaged(random.pick(arrays), random) };
}

export async function run(_, input) {
  const options = JSON.parse(input["options.json"].toString());
  const bytes = (name) => new Uint8Array(input[name]);
  if (input.file) return readDataset(bytes("file"), options);
  const { labels: _labels, ...others } = options;
  return readDataset({ images: bytes("images"), labels: bytes("labels") }, others);
}
