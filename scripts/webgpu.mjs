// A WebGPU adapter for Dawn and Deno: a real one where there is a GPU, else SwiftShader, the Vulkan driver on the CPU that
// comes with Chromium, together with the Vulkan loader beside it.
import { existsSync, mkdirSync, readlinkSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { ensureBrowser, findBrowser } from "./browser.mjs";
import { root, succeeds } from "./ensure.mjs";
import { unpackChromium, unpackedFolder } from "./packaged-chromium.mjs";

const LOADER = "libvulkan.so.1";

const PROBE = `
import { create, globals } from "webgpu";
Object.assign(globalThis, globals);
process.exit((await create([]).requestAdapter()) ? 0 : 1);
`;

/** Answers whether Dawn finds an adapter in a process that has these variables too. */
const hasAdapter = (environment) =>
  succeeds(process.execPath, ["--input-type=module", "--eval", PROBE], {
    cwd: root,
    env: { ...process.env, ...environment },
  });

/** Answers whether this machine may have a GPU with a driver of its own. */
const mayHaveGpu = () =>
  process.platform !== "linux" || ["/dev/dri", "/dev/nvidia0", "/dev/dxg"].some((path) => existsSync(path));

/**
 * The variables that lead Dawn and Deno to a software driver that is here already; undefined where there is none.
 * LD_LIBRARY_PATH counts only in processes that start with it, and its folder holds the loader alone.
 */
export function softwareDriver() {
  const given = process.env.VK_DRIVER_FILES;
  const browser = findBrowser();
  const folders = [
    ...(browser && existsSync(browser) ? [dirname(realpathSync(browser))] : []),
    "/usr/lib/chromium",
    "/usr/lib/chromium-browser",
    unpackedFolder,
  ];
  const folder = folders.find((path) => existsSync(join(path, "vk_swiftshader_icd.json")));
  if (!folder) return undefined;
  const driver = { VK_DRIVER_FILES: given || join(folder, "vk_swiftshader_icd.json") };
  if (!existsSync(join(folder, LOADER))) return driver;
  const { LD_LIBRARY_PATH } = process.env;
  return {
    ...driver,
    LD_LIBRARY_PATH: [loaderFolder(folder), ...(LD_LIBRARY_PATH ? [LD_LIBRARY_PATH] : [])].join(delimiter),
  };
}

/** A folder in build/ that holds the Vulkan loader of another folder and nothing else. */
function loaderFolder(from) {
  const folder = join(root, "build", "vulkan");
  const [link, target] = [join(folder, LOADER), join(from, LOADER)];
  mkdirSync(folder, { recursive: true });
  try {
    if (readlinkSync(link) === target) return folder;
  } catch {
    // There is none yet.
  }
  rmSync(link, { force: true });
  symlinkSync(target, link);
  return folder;
}

/** The variables under which Dawn finds an adapter, maybe none; undefined where it finds none under any. */
export async function ensureAdapter() {
  const ownFirst = mayHaveGpu() || process.env.VK_DRIVER_FILES;
  if (ownFirst && hasAdapter({})) return {};
  if (!softwareDriver() && process.platform === "linux" && !(await unpackChromium())) await ensureBrowser();
  const software = softwareDriver();
  if (software && hasAdapter(software)) return software;
  return !ownFirst && hasAdapter({}) ? {} : undefined;
}

/** Gives this process and its children the software driver where there is no GPU. */
export function useSoftwareDriver() {
  if (!mayHaveGpu()) {
    for (const [name, value] of Object.entries(softwareDriver() ?? {})) process.env[name] ??= value;
  }
  process.env.XDG_RUNTIME_DIR ??= tmpdir();
}
