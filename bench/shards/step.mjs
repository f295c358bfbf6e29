// One step on a simulated store, in a process of its own: prints seconds, peak memory in MiB, and how many files were looked at
// or opened.
import promises from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

let looks = 0;
for (const name of ["stat", "open"]) {
  const original = promises[name];
  promises[name] = (path, ...rest) => {
    if (/[/\\]c\.\d/.test(String(path))) looks++;
    return original(path, ...rest);
  };
}
syncBuiltinESMExports();

const { finish, generate, openStoreFolder, openTasks, verify } = await import("../../dist/node.js");
const { dataset, optionsOf, simulate } = await import("./simulate.mjs");

const [step, count, out] = process.argv.slice(2);
const chunks = Number(count);
const shard = (index) => generate(dataset, { ...optionsOf(chunks, out), shard: { index, count: 64 } });
const steps = {
  simulate: () => simulate(chunks, out),
  idle: () => shard(0),
  unfinished: () => finish(out, { shards: 64 }),
  end: async () => {
    const { complete } = await shard(63);
    if (!complete) throw new Error("the store is not complete");
  },
  again: () => finish(out),
  whole: () => generate(dataset, optionsOf(chunks, out)),
  verify: async () => {
    const { faults } = await verify(out);
    if (faults.length > 0) throw new Error(`${faults.length} faults`);
  },
  open: async () => {
    const tasks = await openTasks(out);
    await tasks.dispose();
    if (tasks.length !== chunks) throw new Error(`${tasks.length} sequences`);
  },
  "open, verify": () => openStoreFolder(out, { verify: true }),
};
const before = process.resourceUsage().maxRSS;
const start = performance.now();
await steps[step]();
const seconds = (performance.now() - start) / 1000;
const { maxRSS } = process.resourceUsage();
console.log(JSON.stringify({ seconds, memory: maxRSS / 1024, grown: (maxRSS - before) / 1024, looks }));
