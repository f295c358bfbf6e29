import type { Browser, Page } from "playwright";
import { beforeAll, describe, expect, test } from "vitest";
import { onlyIfSlow, openPart, type Site, shared, violations } from "./support.js";

let browser: Browser;
let site: Site;

beforeAll(async () => {
  ({ site, browser } = await shared());
});

const status = (page: Page, text: RegExp) => page.locator("#l-status", { hasText: text }).waitFor({ timeout: 120_000 });
const percentOf = (text: string) => Number(/([\d.]+)\s%/.exec(text)?.[1]);

describe("Learn", () => {
  test.for([
    { steps: 70, least: 40, slow: false },
    { steps: 100, least: 55, slow: true },
  ])(
    "from a fixed seed the model passes $least % on unseen tasks within $steps steps, stopped and continued",
    async ({ steps, least, slow }, context) => {
      if (slow) onlyIfSlow(context);
      const page = await openPart(browser, site, "learn", {
        colorScheme: "dark",
        viewport: { width: 390, height: 844 },
      });
      await page.getByLabel("Runs on").selectOption("wasm");
      await page.getByLabel("Stop at step").fill(String(steps));
      await page.getByRole("button", { name: "Start training" }).click();
      await page.locator("#l-step", { hasText: /^[1-9]\d?$/ }).waitFor({ timeout: 60_000 });
      await page.getByRole("button", { name: "Stop" }).click();
      await status(page, /^Stopped: after/);
      const stopped = Number(await page.locator("#l-step").innerText());
      expect(stopped).toBeLessThan(steps);
      await page.getByRole("button", { name: "Continue" }).click();
      await status(page, new RegExp(`^Done: after ${steps} steps`));
      // Chance is 20 %. Runs reached 52.9 % ± 1.1 and 68.0 % ± 0.9, 11 and 14 standard errors above these bounds.
      const text = await page.locator("#l-status").innerText();
      expect(percentOf(text)).toBeGreaterThan(least);
      expect(text).toMatch(/±\s\d\.\d on unseen tasks \(n = 256\); 1-NN 75\.0\s%, chance 20\s%/);
      expect(percentOf(await page.locator("#l-headline").innerText())).toBe(percentOf(text));
      expect(await page.locator("#l-seen").innerText()).toBe((64 * steps).toLocaleString("en-US"));
      // Nothing before the first position tells its label: it stays at chance, within 5 standard errors of 2.5 points.
      await page.getByText("The numbers as a table").click();
      const first = percentOf(await page.locator("#l-table tbody tr").first().innerText());
      expect(Math.abs(first - 20)).toBeLessThan(12.5);
      expect(await page.locator("#l-table tbody tr").count()).toBe(32);
      const attention =
        (await page.locator("#l-attention-caption").innerText()).match(/[\d.]+\s%/g)?.map(percentOf) ?? [];
      expect(attention[0]).toBeGreaterThan(2 * (attention[1] ?? Number.NaN));
      expect(await violations(page)).toEqual([]);
    },
  );

  test("of four tasks it memorizes the sequences, and stays at chance on unseen ones", async () => {
    const page = await openPart(browser, site, "learn");
    await page.getByRole("button", { name: "Start training", disabled: false }).waitFor();
    await page.getByLabel(/Different training tasks/).fill("0");
    expect(await page.getByLabel(/Different training tasks/).getAttribute("aria-valuetext")).toBe("4");
    await page.getByLabel("Stop at step").fill("20");
    await page.getByRole("button", { name: "Start training" }).click();
    await status(page, /^Done: after 20 steps/);
    const [unseen = Number.NaN, , , trained = Number.NaN] =
      (await page.locator("#l-status").innerText()).match(/[\d.]+\s%/g)?.map(percentOf) ?? [];
    expect(trained).toBeGreaterThan(90);
    expect(unseen).toBeLessThan(30);
    expect(await page.locator("#l-effect circle").count()).toBe(2);
    // Left to itself, the page takes a real GPU if that is faster, and never a program on the CPU.
    const engine = await page.locator("#l-engine").innerText();
    expect(engine).toMatch(/WebAssembly with SIMD|a step takes \d+ ms on WebGPU/);
    expect(engine).not.toContain("a program on the CPU");
  });

  // On a software adapter the shaders of tfjs take a minute to compile.
  test("on WebGPU, from buffers of Taskloom, the first steps are those of WebAssembly", async (context) => {
    onlyIfSlow(context);
    const losses: number[] = [];
    for (const where of ["wasm", "webgpu"]) {
      const page = await openPart(browser, site, "learn");
      await page.getByLabel("Runs on").selectOption(where);
      await page.getByLabel("Stop at step").fill("3");
      await page.getByRole("button", { name: "Start training" }).click();
      await page.locator("#l-status", { hasText: /^Done: after 3 steps/ }).waitFor({ timeout: 280_000 });
      losses.push(Number(await page.locator("#l-loss").innerText()));
    }
    expect(losses[0]).toBeGreaterThan(1);
    // Shown with three digits; sums of floats have another order.
    expect(Math.abs((losses[1] ?? Number.NaN) - (losses[0] ?? 0))).toBeLessThanOrEqual(0.002);
  });
});
