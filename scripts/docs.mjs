// npm run docs: the reference of the public API, from dist/types to build/docs. A warning of the generator is an error.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { ensureBuild, ensurePackages, root } from "./ensure.mjs";

ensurePackages();
ensureBuild();
const folder = join(root, "scripts", "docs");
const typedoc = join(folder, "node_modules", "typedoc", "bin", "typedoc");
if (!existsSync(typedoc)) run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
run(process.execPath, [typedoc]);
console.log(`the reference is in ${join("build", "docs", "index.html")}`);

function run(command, args) {
  const shell = process.platform === "win32" && command === "npm";
  const { status } = spawnSync(command, args, { cwd: folder, stdio: "inherit", shell });
  if (status !== 0) process.exit(status ?? 1);
}
