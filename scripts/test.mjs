// npm test: everything, from a fresh clone: packages, build, browser, format and types, the suite. Arguments go to vitest.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBuild, ensurePackages, root } from "./ensure.mjs";

ensurePackages();
ensureBuild();
const { ensureBrowser, useSoftwareDriver } = await import("./browser.mjs");
ensureBrowser();
const { ensurePython, ensurePythonLibraries } = await import("./python.mjs");
ensurePython();
ensurePythonLibraries();

useSoftwareDriver();

const tool = (path, ...args) =>
  spawnSync(process.execPath, [join(root, "node_modules", path), ...args], { cwd: root, stdio: "inherit" }).status ?? 1;

const args = process.argv.slice(2);
// A run of chosen tests skips what looks at the whole tree.
const checks =
  args.length > 0
    ? 0
    : tool("@biomejs/biome/bin/biome", "check", ".") ||
      tool("typescript/bin/tsc", "--noEmit", "-p", "tsconfig.json") ||
      tool("typescript/bin/tsc", "--noEmit", "-p", "test/tsconfig.json") ||
      tool("publint/src/cli.js", "--strict");
process.exitCode = checks || tool("vitest/vitest.mjs", "run", ...args);
