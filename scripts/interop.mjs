// The libraries that docs/gpu.md hands buffers to, in test/interop/libraries/node_modules. They take hundreds of MB, so they
// are installed when the tests that need them run.
import { execFile } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { root } from "./ensure.mjs";

const run = promisify(execFile);
const folder = join(root, "test", "interop", "libraries");

/**
 * Installs the libraries if they are missing or older than their lock file.
 *
 * @returns undefined, or one line that says why they could not be installed
 */
export async function ensureInterop() {
  const installed = join(folder, "node_modules", ".package-lock.json");
  const lock = join(folder, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return undefined;
  console.log("installing test/interop/libraries (npm ci) ...");
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"];
  const npm = process.env.npm_execpath;
  const options = { cwd: folder, timeout: 240_000 };
  try {
    if (npm) await run(process.execPath, [npm, ...args], options);
    else await run("npm", args, { ...options, shell: process.platform === "win32" });
    return undefined;
  } catch (error) {
    const lines = String(error.stderr || error.message)
      .trim()
      .split("\n");
    return `npm ci failed in test/interop/libraries: ${lines[0]}`;
  }
}
