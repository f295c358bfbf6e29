// PNG and JPEG images in folders, and Parquet files.
import { readFileSync } from "node:fs";
import { unzipSync } from "fflate";
import { readDataset } from "../../dist/index.js";
import { mutateBytes } from "./bytes.mjs";

const file = (name) => readFileSync(new URL(`../../test/vectors/data/${name}`, import.meta.url));

export async function prepare() {
  return {
    images: Object.values(unzipSync(file("kinds.zip"))).map((bytes) => Buffer.from(bytes)),
    tables: ["train-00001-of-00002.parquet", "lists.parquet", "table.parquet"].map(file),
  };
}

/** Damage anywhere, or at the end, where Parquet has what it says of itself. */
function damaged(bytes, random) {
  if (random.oneIn(3)) return mutateBytes(bytes, random);
  const at = Math.max(0, bytes.length - 1 - random.below(1200));
  return Buffer.concat([
    bytes.subarray(0, at),
    mutateBytes(bytes.subarray(at, at + 16), random),
    bytes.subarray(at + 16),
  ]);
}

export function make({ images, tables }, random) {
  if (random.oneIn(2)) return { "a.parquet": damaged(random.pick(tables), random) };
  return { "1.image": mutateBytes(random.pick(images), random), "2.image": random.pick(images) };
}

export async function run(_, input) {
  if (input["a.parquet"]) return readDataset(new Uint8Array(input["a.parquet"]), { classes: "compact" });
  const files = ["1", "2"].map((name) => new File([input[`${name}.image`]], `${name}/${name}.png`));
  return readDataset(files, { resize: [4, 4] });
}
