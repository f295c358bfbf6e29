// npm run mutate [-- plan draws loader store] [--every 4] [--seed 1]: changes the sources of these folders in many places,
// runs tests on each change, and prints those that no test noticed. The report is build/mutation-FOLDER.json.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBuild, ensurePackages, root } from "./ensure.mjs";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { every: { type: "string", default: "1" }, seed: { type: "string", default: "1" } },
});
const FOLDERS = ["plan", "draws", "loader", "store"];
const unknown = positionals.find((name) => !FOLDERS.includes(name));
if (unknown) {
  console.error(`error: the folder is ${unknown}; allowed: ${FOLDERS.join(", ")}`);
  process.exit(2);
}

ensurePackages();
ensureBuild();
mkdirSync(join(root, "build"), { recursive: true });
for (const folder of positionals.length > 0 ? positionals : FOLDERS) {
  const stryker = join(root, "node_modules/@stryker-mutator/core/bin/stryker.js");
  const { status } = spawnSync(process.execPath, [stryker, "run", "scripts/mutate.config.mjs"], {
    cwd: root,
    stdio: "inherit",
    env: {
      ...process.env,
      TASKLOOM_MUTATE: folder,
      TASKLOOM_MUTATE_EVERY: values.every,
      TASKLOOM_MUTATE_SEED: values.seed,
    },
  });
  if (status !== 0) process.exit(status ?? 1);
}
