// A Chromium for the browser tests: the one given, the one installed, or one that gets installed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { chromium } from "playwright";

const SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/** The path of an executable Chromium that is here already. */
export function findBrowser() {
  const given = process.env.TASKLOOM_CHROMIUM;
  if (given) return given;
  return [chromium.executablePath(), ...SYSTEM].find((path) => existsSync(path));
}

/** The Vulkan driver on the CPU that comes with Chromium, SwiftShader: Dawn and Deno can use it too. */
export function findSoftwareDriver() {
  const folders = [dirname(findBrowser() ?? "/"), "/usr/lib/chromium", "/usr/lib/chromium-browser"];
  return folders.map((folder) => join(folder, "vk_swiftshader_icd.json")).find((path) => existsSync(path));
}

/** Finds a Chromium or installs one: Playwright's own, else on Debian and its relatives, as root, the distribution's. */
export function ensureBrowser() {
  if (findBrowser()) return;
  console.log("installing Chromium for the browser tests ...");
  const playwright = new URL("../node_modules/playwright/cli.js", import.meta.url).pathname;
  run(process.execPath, [playwright, "install", "chromium"], 300);
  if (findBrowser()) return;
  if (process.platform === "linux" && process.getuid?.() === 0) {
    run("apt-get", ["update", "-q"], 300);
    run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium"], 900);
  }
  if (!findBrowser()) {
    throw new Error("no Chromium: install one, or name one in the environment variable TASKLOOM_CHROMIUM");
  }
}

function run(command, args, seconds) {
  spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"], timeout: seconds * 1000 });
}

/** Where there is no GPU, Dawn and Deno get the software driver that Chromium brings along. */
export function useSoftwareDriver() {
  const driver = findSoftwareDriver();
  const hasGpu = ["/dev/dri", "/dev/nvidia0", "/dev/dxg"].some((path) => existsSync(path));
  if (!hasGpu && driver) process.env.VK_DRIVER_FILES ??= driver;
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
}
