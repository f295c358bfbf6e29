// npm start: 1,024 MNIST tasks into ./tasks, with a picture. Flags behind `--` go to `taskloom generate`.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBuild, ensurePackages, root } from "./ensure.mjs";

ensurePackages();
ensureBuild();
const flags = ["--dataset", "mnist", "--tasks", "1024", "--seed", "42", "--out", "tasks", "--preview"];
const cli = join(root, "dist", "cli.js");
const { status, signal } = spawnSync(process.execPath, [cli, "generate", ...flags, ...process.argv.slice(2)], {
  stdio: "inherit",
});
process.exitCode = status ?? (signal ? 130 : 1);
