// npm run bench:shards: what the end of a store of very many chunks costs: shards with nothing to do, the run that finishes,
// finish, verify, opening. The chunks are simulated: tiny files, and the journals of 64 runs. Every step is a process of its
// own. The exponent is that of the growth between the first and the last number of chunks: 1 is proportional.
//
//   npm run bench:shards -- [--chunks 10000,30000,100000] [--folder DIR]
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machine, table, version } from "./support.mjs";

const { values: given } = parseArgs({
  options: { chunks: { type: "string", default: "10000,30000,100000" }, folder: { type: "string" } },
});
const counts = given.chunks.split(",").map(Number);
const folder = mkdtempSync(join(given.folder ?? tmpdir(), "taskloom-shards-"));
const script = fileURLToPath(new URL("shards/step.mjs", import.meta.url));

const STEPS = [
  ["idle", "a shard of 64 with nothing to do; one chunk of another is missing"],
  ["unfinished", "finish: lists the missing chunk"],
  ["end", "the last shard: makes the chunk, finishes the store"],
  ["again", "finish, of a finished store"],
  ["whole", "generate without shards, of a finished store"],
  ["verify", "verify"],
  ["open", "openTasks"],
  ["open, verify", "openStoreFolder, verify: true"],
];

const measured = new Map(STEPS.map(([name]) => [name, []]));
try {
  for (const count of counts) {
    const out = join(folder, `${count}`);
    const run = (name) =>
      JSON.parse(execFileSync(process.execPath, [script, name, `${count}`, out], { encoding: "utf8" }));
    run("simulate");
    for (const [name] of STEPS) measured.get(name).push(run(name));
    rmSync(out, { recursive: true });
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const [least, most] = [counts[0], counts.at(-1)];
const exponent = (from, to) => (Math.log(to / from) / Math.log(most / least)).toFixed(2);
console.log(`taskloom ${version()} on ${machine()}; ${new Date().toISOString().slice(0, 10)}; one process a figure\n`);
table(
  STEPS.map(([name, title]) => {
    const runs = measured.get(name);
    const row = { step: title };
    for (const [i, count] of counts.entries()) row[`s, ${count}`] = runs[i].seconds.toPrecision(3);
    row.exponent = exponent(runs[0].seconds, runs.at(-1).seconds);
    row[`files looked at, ${most}`] = runs.at(-1).looks;
    for (const [i, count] of counts.entries()) row[`MiB, ${count}`] = runs[i].memory.toFixed(0);
    return row;
  }),
);
