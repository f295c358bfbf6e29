// npm run bench:site [-- --rounds 11]: the weight of the page of site/, part by part, and the time until its first picture, in
// Chromium on this machine, with an empty cache, at the speed of a local server and at that of a mobile network.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { chromium } from "playwright";
import { ensureBrowser } from "../scripts/browser.mjs";
import { buildSite } from "../scripts/build-site.mjs";
import { serveSite } from "../scripts/serve-site.mjs";
import { machine, median, table, version } from "./support.mjs";

const { values: flags } = parseArgs({ options: { rounds: { type: "string", default: "11" } } });
const kB = (bytes) => (bytes / 1000).toFixed(1);

/** Networks as Chromium's tools call them: bytes a second, and milliseconds of a round trip. */
const NETWORKS = {
  "local server": undefined,
  "mobile (fast 3G: 1.6 Mbit/s, 150 ms)": { download: 2e5, upload: 1e5, latency: 150 },
  "mobile (4G: 9 Mbit/s, 60 ms)": { download: 1.125e6, upload: 2e5, latency: 60 },
};

/** What a part waits for, and what is clicked before. */
const PARTS = {
  "the page and Weave": { hash: "weave", ready: "#w-pairs li canvas" },
  "Learn besides, until it trains": { hash: "learn", ready: "#l-engine:not(:empty)", click: "#l-go" },
  "Measure besides, until its first result": { hash: "measure", ready: "#m-results section", click: "#m-go" },
};

const folder = mkdtempSync(join(tmpdir(), "taskloom-bench-"));
await buildSite(folder);
const server = await serveSite(folder);
const browser = await chromium.launch({ executablePath: await ensureBrowser(), args: ["--no-sandbox"] });
console.log(`taskloom ${version()}, Chromium ${browser.version()}, on ${machine()}\n`);
try {
  await weights();
  await times();
} finally {
  await browser.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
}

/** The files that each part loads, and their sizes; gzip is what most hosts send. */
async function weights() {
  const rows = [];
  const seen = new Set();
  for (const [name, { hash, ready, click }] of Object.entries(PARTS)) {
    const context = await browser.newContext();
    const page = await context.newPage();
    const files = new Set();
    context.on("request", (request) => files.add(new URL(request.url()).pathname));
    page.on("worker", () => undefined);
    await page.goto(`${server.url}#${hash}`);
    if (click) await page.locator(`${click}:enabled`).click();
    await page.locator(ready).first().waitFor({ timeout: 60_000 });
    await context.close();
    const paths = [...files].filter((path) => !seen.has(path));
    for (const path of paths) seen.add(path);
    const bytes = paths.map((path) => readFileSync(join(folder, path.replace(/^\/taskloom\//, "") || "index.html")));
    rows.push({
      part: name,
      files: paths.length,
      kB: kB(bytes.reduce((sum, file) => sum + file.length, 0)),
      gzip: kB(bytes.reduce((sum, file) => sum + gzipSync(file).length, 0)),
    });
  }
  table(rows);
}

/** Milliseconds from the request of the page until the pictures of the first task are drawn. */
async function times() {
  const rows = [];
  for (const [network, limits] of Object.entries(NETWORKS)) {
    const found = [];
    for (let round = 0; round < Number(flags.rounds); round++) found.push(await firstPicture(limits));
    const [text, picture] = ["text", "picture"].map((name) => median(found.map((times) => times[name])).toFixed(0));
    rows.push({ network, "first text, ms": text, "first picture, ms": picture });
  }
  console.log("");
  table(rows);
}

async function firstPicture(limits) {
  const context = await browser.newContext();
  const page = await context.newPage();
  if (limits) {
    const session = await context.newCDPSession(page);
    const { download, upload, latency } = limits;
    const conditions = { offline: false, downloadThroughput: download, uploadThroughput: upload, latency };
    await session.send("Network.emulateNetworkConditions", conditions);
  }
  await page.addInitScript(() => {
    const observer = new MutationObserver(() => {
      if (!document.querySelector("#w-pairs canvas")) return;
      observer.disconnect();
      // The frame in which they are painted.
      requestAnimationFrame(() => requestAnimationFrame(() => performance.mark("picture")));
    });
    observer.observe(document, { childList: true, subtree: true });
  });
  await page.goto(server.url);
  await page.waitForFunction(() => performance.getEntriesByName("picture").length > 0, undefined, { timeout: 120_000 });
  const times = await page.evaluate(() => ({
    text: performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
    picture: performance.getEntriesByName("picture")[0]?.startTime,
  }));
  await context.close();
  return times;
}
