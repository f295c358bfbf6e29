// A Chromium for the browser tests. The order: the one that TASKLOOM_CHROMIUM names, the system's, Playwright's, that of
// the package @sparticuz/chromium, then those that must be downloaded: Playwright's, and as root the distribution's.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { aptInstall, succeeds } from "./ensure.mjs";
import { unpackChromium, unpackedBrowser } from "./packaged-chromium.mjs";

const SYSTEM = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

const require = createRequire(import.meta.url);
const known = new Map();

/** A file that is there may still lack a library, or only say how to install a browser. */
function starts(path) {
  if (!known.get(path))
    known.set(path, existsSync(path) && (process.platform !== "linux" || succeeds(path, ["--version"])));
  return known.get(path);
}

/** The path of an executable Chromium that is here already; undefined where there is none. */
export function findBrowser() {
  return process.env.TASKLOOM_CHROMIUM || [...SYSTEM, playwrights(), unpackedBrowser].find(starts);
}

let ensured;

/** Finds a Chromium or gets one; undefined where that fails. Throws where TASKLOOM_CHROMIUM names none that starts. */
export function ensureBrowser() {
  ensured ??= getBrowser();
  return ensured;
}

async function getBrowser() {
  const given = process.env.TASKLOOM_CHROMIUM;
  if (given && !starts(given)) {
    throw new Error(`TASKLOOM_CHROMIUM is ${given}, which does not start; name another, or unset the variable`);
  }
  const here = findBrowser();
  if (here && here !== unpackedBrowser) return here;
  // What npm brought may be newer than what lies in build/.
  if ((await unpackChromium()) && starts(unpackedBrowser)) return unpackedBrowser;
  if (here) return here;
  console.log("downloading Playwright's Chromium ...");
  const cli = join(dirname(require.resolve("playwright/package.json")), "cli.js");
  succeeds(process.execPath, [cli, "install", "chromium"], { seconds: 300 });
  if (!findBrowser()) aptInstall("chromium");
  return findBrowser();
}

function playwrights() {
  try {
    // Loaded here, as most who import this file find a browser without it.
    return require("playwright").chromium.executablePath();
  } catch {
    // Playwright knows no browser for this platform.
    return "";
  }
}
