// Stores that a caller's object serves: damaged documents and chunks, and objects that answer in other ways.
import { join } from "node:path";
import { openStore, openTasks } from "../../dist/index.js";
import { damageFiles } from "./damage.mjs";
import { generateFiles, OPTIONS } from "./examples.mjs";
import { itemBytesOf, MOST_BYTES, readSome } from "./read-some.mjs";

const WAYS = [
  "well",
  "well",
  "well",
  "well",
  "no ranges",
  "short",
  "long",
  "throws",
  "throws nothing",
  "null",
  "later",
];

export async function prepare(folder) {
  const format = "zarr";
  return {
    bases: [
      await generateFiles(join(folder, "a"), { ...OPTIONS[0], format, chunkTasks: 2 }),
      await generateFiles(join(folder, "b"), { ...OPTIONS[1], format, chunkTasks: 2, onehot: false }),
      await generateFiles(join(folder, "c"), { ...OPTIONS[2], format }),
      await generateFiles(join(folder, "d"), { ...OPTIONS[4], format, chunkTasks: 3 }),
    ],
  };
}

export function make({ bases }, random) {
  const base = random.below(bases.length);
  const options = { verify: random.oneIn(3), wholeChunks: random.oneIn(4) };
  const choices = { base, way: random.pick(WAYS), options };
  return { "choices.json": Buffer.from(JSON.stringify(choices)), ...damageFiles(bases[base], random) };
}

export async function run({ bases }, input) {
  const { base, way, options } = JSON.parse(input["choices.json"].toString());
  const store = await openStore(storeOf(new Map([...bases[base], ...Object.entries(input)]), way), options);
  if (itemBytesOf(store.arrays) > MOST_BYTES) return;
  await store.read(0, Math.min(store.items, 3));
  await store.read(store.items - 1);
  const tasks = await openTasks(store);
  await readSome(tasks);
  await tasks.dispose();
}

/** An object with zarrita's interface. */
function storeOf(files, way) {
  const get = (key) => {
    if (way === "throws" && key.includes("/c.")) throw new Error("broke off");
    if (way === "throws nothing" && key.includes("/c.")) throw undefined;
    const bytes = files.get(key.slice(1)) ?? undefined;
    if (bytes === undefined && way === "null") return null;
    return bytes && new Uint8Array(bytes);
  };
  const getRange = (key, { offset, length }) => {
    const extra = way === "long" ? 5 : way === "short" ? -1 : 0;
    return get(key)?.subarray(offset, offset + length + extra);
  };
  if (way === "later") return { get: async (key) => get(key), getRange: async (key, range) => getRange(key, range) };
  return way === "no ranges" ? { get } : { get, getRange };
}
