import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright";
import { expect, onTestFinished, type TestContext } from "vitest";
import { findBrowser } from "../../scripts/browser.mjs";
import { buildSite } from "../../scripts/build-site.mjs";
import { serveSite } from "../../scripts/serve-site.mjs";
import { launch } from "../support/browser.js";

/** The page, built into a folder of its own and served. */
export interface Site {
  readonly url: string;
  readonly close: () => void;
}

async function startSite(): Promise<Site> {
  const folder = mkdtempSync(join(tmpdir(), "taskloom-site-"));
  await buildSite(folder);
  const { url, close } = await serveSite(folder);
  return {
    url,
    close() {
      close();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** Chromium with WebGPU off: pages find no adapter. */
function launchWithoutWebGpu(): Promise<Browser> {
  const executablePath = findBrowser();
  if (!executablePath) throw new Error("no Chromium: install one, or name one in TASKLOOM_CHROMIUM");
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-features=WebGPU,WebGPUService"] });
}

let opened: Promise<{ site: Site; browser: Browser }> | undefined;
let withoutWebGpu: Promise<Browser> | undefined;

/** The built page and Chromium, which all tests of a file share. */
export function shared(): Promise<{ site: Site; browser: Browser }> {
  opened ??= Promise.all([startSite(), launch()]).then(([site, browser]) => ({ site, browser }));
  return opened;
}

/** Chromium with WebGPU off, which all tests of a file share. */
export function sharedWithoutWebGpu(): Promise<Browser> {
  withoutWebGpu ??= launchWithoutWebGpu();
  return withoutWebGpu;
}

/** Skips a test that takes minutes on a software adapter, unless TASKLOOM_SLOW asks for it. */
export function onlyIfSlow({ skip }: TestContext): void {
  if (!process.env.TASKLOOM_SLOW) skip("takes long: TASKLOOM_SLOW=1 runs it");
}

/** Ends what `shared` and `sharedWithoutWebGpu` started. */
export async function closeShared(): Promise<void> {
  const { site, browser } = (await opened) ?? {};
  await Promise.all([browser?.close(), (await withoutWebGpu)?.close()]);
  site?.close();
}

/**
 * Opens a part of the page. At the end of the test the page must have logged no warning or error, and have asked no host
 * but its own for anything.
 *
 * @param script runs before those of the page
 * @param allowed a message that the browser itself logs
 */
export async function openPart(
  browser: Browser,
  site: Site,
  hash: string,
  { script, allowed, ...options }: BrowserContextOptions & { script?: () => void; allowed?: RegExp } = {},
): Promise<Page> {
  // Without transitions: axe would see a color halfway.
  const still = { reducedMotion: "reduce" } as const;
  const context = await browser.newContext({
    ...still,
    permissions: ["clipboard-read", "clipboard-write"],
    ...options,
  });
  const page = await context.newPage();
  const problems: string[] = [];
  const foreign: string[] = [];
  const { origin } = new URL(site.url);
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type()) && !allowed?.test(message.text())) problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(String(error)));
  page.on("requestfailed", (request) => problems.push(`failed: ${request.url()}`));
  context.on("request", (request) => {
    const url = new URL(request.url());
    if (["http:", "https:", "ws:", "wss:"].includes(url.protocol) && url.origin !== origin) foreign.push(url.href);
  });
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
    expect(foreign).toEqual([]);
  });
  if (script) await page.addInitScript(script);
  await page.goto(`${site.url}#${hash}`);
  return page;
}

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** The violations that axe-core finds in the page as it is, as short texts. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(AXE);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as { axe: { run(): Promise<AxeResult> } };
    const { violations } = await axe.run();
    return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
  });
}

interface AxeResult {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}
