// Folders that generate wrote, with damaged, missing and additional files.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspect, openStoreFolder, openTasks, verify } from "../../dist/node.js";
import { damageFiles } from "./damage.mjs";
import { generateFiles, OPTIONS, smallDataset } from "./examples.mjs";
import { itemBytesOf, MOST_BYTES, readSome } from "./read-some.mjs";

/** A target of the folders that these options of `generate` make. */
export function folderTarget(jobs) {
  return {
    async prepare(folder) {
      const bases = [];
      for (const [i, job] of jobs.entries()) {
        const { options, ...rest } = job;
        const out = join(folder, String(i));
        bases.push({ out, files: await generateFiles(out, { ...OPTIONS[options], ...rest }) });
      }
      return { bases };
    },

    make({ bases }, random) {
      const base = random.below(bases.length);
      const { files } = bases[base];
      const changed = damageFiles(files, random);
      const removed = Object.keys(changed).filter((path) => changed[path] === null);
      for (const path of removed) delete changed[path];
      // A folder where a file was.
      const folders = removed.filter(() => random.oneIn(3));
      const added = random.oneIn(8)
        ? random.pick(["zarr.json", "tasks.safetensors", "unfinished/0", "x", "recipe.json"])
        : undefined;
      if (added && !files.has(added)) changed[added] = random.pick([...files.values()]).subarray(0, 1000);
      const call = random.pick(["verify", "verify", "recompute", "inspect", "openTasks", "openStoreFolder"]);
      return { "choices.json": Buffer.from(JSON.stringify({ base, call, removed, folders })), ...changed };
    },

    async run({ bases }, input) {
      const { "choices.json": choices, ...changed } = input;
      const { base, call, removed, folders } = JSON.parse(choices.toString());
      const { out, files } = bases[base];
      try {
        for (const path of removed) rmSync(join(out, path));
        for (const path of folders) mkdirSync(join(out, path));
        for (const [path, bytes] of Object.entries(changed)) write(join(out, path), bytes);
        await CALLS[call](out);
      } finally {
        for (const path of [...folders, ...removed, ...Object.keys(changed)]) {
          rmSync(join(out, path), { recursive: true, force: true });
          if (files.has(path)) writeFileSync(join(out, path), files.get(path));
        }
        if ("unfinished/0" in changed) rmSync(join(out, "unfinished"), { recursive: true, force: true });
      }
    },
  };
}

function write(path, bytes) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}

const CALLS = {
  verify: (path) => verify(path),
  recompute: (path) => verify(path, { recompute: 1, dataset: smallDataset(), workers: 0, backend: "wasm" }),
  inspect: (path) => inspect(path),
  async openTasks(path) {
    const tasks = await openTasks(path);
    try {
      await readSome(tasks);
    } finally {
      await tasks.dispose();
    }
  },
  async openStoreFolder(path) {
    const store = await openStoreFolder(path, { verify: true });
    try {
      if (itemBytesOf(store.arrays) * store.chunkItems <= MOST_BYTES) await store.read(0, 1);
    } finally {
      await store.close();
    }
  },
};
