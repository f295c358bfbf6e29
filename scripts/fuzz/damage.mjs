// Damage to the files of a folder or store.
import { mutateBytes } from "./bytes.mjs";
import { mutateJson } from "./json.mjs";

const WORDS = ["../outside", "../../../../../../../../etc/hostname", "inputs", "labels", "zarr.json", "0".repeat(64)];
WORDS.push("float16", "uint16", "bytes", "little", "/", "taskloom-manifest", "none");

/**
 * One or two damaged files: their new bytes, or null for a file that is removed.
 *
 * @param files the valid files by their place, a Map
 */
export function damageFiles(files, random) {
  const damaged = {};
  const documents = [...files.keys()].filter((path) => path.endsWith(".json"));
  for (let changes = 1 + random.below(2); changes > 0; changes--) {
    const path = random.oneIn(4)
      ? random.pick([...files.keys()])
      : random.pick(documents.length ? documents : [...files.keys()]);
    damaged[path] = damageFile(path, files.get(path), random);
  }
  return damaged;
}

function damageFile(path, bytes, random) {
  if (random.oneIn(12)) return null;
  if (random.oneIn(30)) return Buffer.alloc(0);
  if (path.endsWith(".npy")) return random.oneIn(2) ? damageNpy(bytes, random) : mutateBytes(bytes, random);
  if (path.endsWith(".safetensors")) return damageSafetensors(bytes, random);
  if (!path.endsWith(".json")) return mutateBytes(bytes, random);
  const value = JSON.parse(bytes.toString());
  if (path === "zarr.json" && random.oneIn(3)) return Buffer.from(JSON.stringify(resized(value, random)));
  return mutateJson(value, random, WORDS);
}

/** A store's document that agrees with itself, of another number of tasks or other chunks. */
function resized(document, random) {
  const { taskloom, taskloom_store } = document.attributes;
  const tasks = random.pick([1, 4, 6, 1000, 2 ** 24, 2 ** 32]);
  const chunkItems = random.pick([taskloom_store.chunkItems, 1, 2 ** 20, 2 ** 40, 2 ** 53 - 1]);
  taskloom.taskCount = tasks;
  taskloom.taskOffset = 0;
  taskloom_store.chunkItems = chunkItems;
  for (const array of Object.values(document.consolidated_metadata.metadata)) {
    array.shape[0] = tasks * (taskloom.samplesPerTask ?? 1);
    array.chunk_grid.configuration.chunk_shape[0] = chunkItems;
  }
  return document;
}

/** A header whose numbers are others, of the same length where it can be. */
function damageNpy(bytes, random) {
  const size = bytes.readUInt16LE(8);
  const header = bytes.toString("latin1", 10, 10 + size);
  const number = random.pick([
    "0",
    "1",
    "2",
    "4294967296",
    "9007199254740993",
    "-1",
    "1e9",
    "",
    "99999999999999999999",
  ]);
  const numbers = [...header.matchAll(/\d+/g)];
  const at = random.pick(numbers);
  let changed = header.slice(0, at.index) + number + header.slice(at.index + at[0].length);
  if (random.oneIn(4)) changed = changed.replace("False", "True");
  if (random.oneIn(4))
    changed = changed.replace(/<f\d|\|u1|<u2/, random.pick(["<f8", ">f4", "<i4", "|O", "<u2", "|u1"]));
  const head = Buffer.from(bytes.subarray(0, 10));
  head.writeUInt16LE(Math.min(65535, changed.length), 8);
  return Buffer.concat([head, Buffer.from(changed, "latin1"), bytes.subarray(10 + size)]);
}

/** Another header with its length, or another length. */
function damageSafetensors(bytes, random) {
  const size = Number(bytes.readBigUInt64LE(0));
  const head = Buffer.alloc(8);
  if (random.oneIn(5)) {
    const sizes = [0n, 1n, BigInt(size - 1), BigInt(size + 1), 100_000_000n, 2n ** 32n, 2n ** 53n, 2n ** 64n - 1n];
    head.writeBigUInt64LE(random.pick(sizes));
    return Buffer.concat([head, bytes.subarray(8)]);
  }
  if (random.oneIn(5)) return mutateBytes(bytes, random);
  const value = JSON.parse(bytes.toString("utf8", 8, 8 + size));
  const [name] = Object.keys(value.__metadata__ ?? {});
  let header;
  if (name !== undefined && random.oneIn(3)) {
    // The recipe is a text within the header.
    value.__metadata__[name] = mutateJson(parsed(value.__metadata__[name]), random, WORDS).toString();
    header = Buffer.from(JSON.stringify(value));
  } else header = mutateJson(value, random, WORDS);
  head.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([head, header, bytes.subarray(8 + size)]);
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
