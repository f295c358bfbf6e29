import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Browser, Page } from "playwright";
import { beforeAll, describe, expect, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";
import { onlyIfSlow, openPart, type Site, shared, sharedWithoutWebGpu, violations } from "./support.js";

let browser: Browser;
let site: Site;

beforeAll(async () => {
  ({ site, browser } = await shared());
});

const collect = fileURLToPath(new URL("../../bench/collect.mjs", import.meta.url));
const PARTS = ["digests", "tasks", "rates", "fused", "variants", "tfjs"];

/** Leaves only these parts ticked. */
async function choose(page: Page, parts: readonly string[]): Promise<void> {
  for (const part of PARTS) await page.locator(`input[value="${part}"]`).setChecked(parts.includes(part));
}

async function downloaded(page: Page): Promise<string> {
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("button", { name: "Download the JSON" }).click(),
  ]);
  return readFileSync(await download.path(), "utf8");
}

/** Checks the speeds of a report. */
function checkTasks(
  tasks: readonly { readonly backend: string; readonly tasksPerSecond: number }[],
  gpu: boolean,
): void {
  const backends = tasks.map(({ backend }) => backend);
  expect(backends.slice(0, gpu ? 2 : 1)).toEqual([...(gpu ? ["GPU"] : []), "WebAssembly, one thread"]);
  for (const { tasksPerSecond } of tasks) expect(tasksPerSecond).toBeGreaterThan(0);
}

const done = (page: Page) => page.locator("#m-status", { hasText: /^Done/ }).waitFor({ timeout: 180_000 });

describe("Measure", () => {
  // On a software adapter tasks a second take ten seconds more.
  test.for([{ parts: ["digests"] }, { parts: ["digests", "tasks"] }])(
    "$parts come to a JSON, which bench/collect.mjs makes a table of",
    async ({ parts }, context) => {
      if (parts.includes("tasks")) onlyIfSlow(context);
      const page = await openPart(browser, site, "measure");
      await choose(page, parts);
      await page.getByRole("button", { name: "Start measuring" }).click();
      await done(page);
      const text = await downloaded(page);
      const report = JSON.parse(text);
      expect(report).toMatchObject({
        ...{ format: "taskloom-measurement", version: 1, finished: true, problems: [], asked: parts },
        setting: { adapter: {}, clock: expect.stringMatching(/timestamp queries|host clock/) },
      });
      expect(report.browser.userAgent).toContain("Chrome");
      const { digests, tasks } = report.results;
      expect(digests).toHaveLength(6);
      expect(digests.every(({ same }: { same: boolean }) => same)).toBe(true);
      if (parts.includes("tasks")) checkTasks(tasks, true);
      expect(await violations(page)).toEqual([]);
      if (report.setting.adapter.software) {
        expect(await page.locator("#m-adapter").innerText()).toContain("a program on the CPU, not a GPU");
      }
      const file = join(temporaryFolder(), "report.json");
      writeFileSync(file, text);
      const { code, stdout, stderr } = await run(process.execPath, [collect, file]);
      expect(code, stderr).toBe(0);
      expect(stdout).toMatch(/^\| adapter .*\| +6 of 6 \|/s);
    },
  );

  test("stops within a second, in the middle of a kernel, and keeps what was measured", async () => {
    const page = await openPart(browser, site, "measure");
    await page.getByRole("button", { name: "Start measuring" }).click();
    await page.locator("#m-results h3", { hasText: "Digests" }).waitFor({ timeout: 60_000 });
    const start = Date.now();
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator("#m-status", { hasText: /^Stopped/ }).waitFor({ timeout: 1000 });
    expect(Date.now() - start).toBeLessThan(1500);
    const report = JSON.parse(await downloaded(page));
    expect(report.finished).toBe(false);
    expect(report.results.digests.length).toBeGreaterThanOrEqual(3);
    expect(await page.getByRole("button", { name: "Start measuring" }).isEnabled()).toBe(true);
  });

  test.each([
    ["where there is no adapter", undefined, "There is no WebGPU adapter here", ["digests", "tasks", "fused"]],
    [
      "where the browser has no WebGPU",
      () => Object.defineProperty(Navigator.prototype, "gpu", { value: undefined }),
      "This browser offers no WebGPU here",
      ["digests", "fused"],
    ],
  ])("%s, it says so and measures WebAssembly", async (_, script, words, parts) => {
    const without = await sharedWithoutWebGpu();
    const page = await openPart(without, site, "measure", {
      ...(script ? { script } : {}),
      // Chromium's own words for that there is none.
      allowed: /^Failed to create WebGPU Context Provider$/,
    });
    await page.getByText(words).waitFor();
    await choose(page, parts);
    await page.getByRole("button", { name: "Start measuring" }).click();
    await done(page);
    const report = JSON.parse(await downloaded(page));
    expect(report.setting.why).toMatch(/no WebGPU/);
    expect(report.results.digests.map(({ same }: { same: boolean }) => same)).toEqual([true, true, true]);
    expect(report.results.fused).toBeUndefined();
    if (parts.includes("tasks")) checkTasks(report.results.tasks, false);
  });

  test("collect names a file that is no measurement", async () => {
    const file = join(temporaryFolder(), "wrong.json");
    writeFileSync(file, "{}");
    const { code, stderr } = await run(process.execPath, [collect, file]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/wrong\.json: no measurement of the page/);
  });
});
