// npm run test:apps: apps of each bundler, framework and compiler, built from the packed package and run. Arguments go to
// vitest, such as a name: `npm run test:apps -- vite`. TASKLOOM_TARBALL names a tarball that was packed elsewhere.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { ensureBuild, ensurePackages, root } from "./ensure.mjs";

ensurePackages();
ensureBuild();
const { ensureBrowser } = await import("./browser.mjs");
const { useSoftwareDriver } = await import("./webgpu.mjs");
ensureBrowser();
useSoftwareDriver();

const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const args = ["run", "--config", join(root, "test", "apps", "vitest.config.ts"), ...process.argv.slice(2)];
process.exitCode = spawnSync(process.execPath, [vitest, ...args], { cwd: root, stdio: "inherit" }).status ?? 1;
