// npm run test:apps: apps of each bundler, framework and compiler, built from the packed package and run. Arguments go to
// vitest, such as a name: `npm run test:apps -- vite`. TASKLOOM_TARBALL names a tarball that was packed elsewhere.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBuild, ensurePackages, root } from "./ensure.mjs";

ensurePackages();
ensureBuild();
const { ensureBrowser } = await import("./browser.mjs");
const { ensureAdapter } = await import("./webgpu.mjs");
const browser = await ensureBrowser();
if (!browser) throw new Error("no Chromium: install one, or name one in TASKLOOM_CHROMIUM");
const adapter = process.env.TASKLOOM_NO_WEBGPU ? {} : await ensureAdapter();
if (!adapter) throw new Error("no WebGPU adapter: install a driver, or set TASKLOOM_NO_WEBGPU=1");

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const args = ["run", "--config", join(root, "test", "apps", "vitest.config.ts"), ...process.argv.slice(2)];
const env = { ...process.env, ...adapter, TASKLOOM_CHROMIUM: browser };
const { status, signal } = spawnSync(process.execPath, [vitest, ...args], { cwd: root, stdio: "inherit", env });
if (signal) console.error(`vitest was ended by ${signal}`);
process.exitCode = status ?? 1;
