import type { Browser } from "playwright";
import { beforeAll, describe, expect, test } from "vitest";
import { openPart, type Site, shared, sharedWithoutWebGpu, violations } from "./support.js";

let browser: Browser;
let site: Site;

beforeAll(async () => {
  ({ site, browser } = await shared());
});

const PARTS = ["weave", "learn", "measure"] as const;

describe("the page", () => {
  test.each(["light", "dark"] as const)(
    "axe finds no violation in any part, %s, on a phone and on a desk",
    async (colorScheme) => {
      for (const viewport of [
        { width: 390, height: 844 },
        { width: 1440, height: 900 },
      ]) {
        const page = await openPart(browser, site, "weave", { colorScheme, viewport });
        await page.locator("#w-golden", { hasText: "The same bits" }).waitFor();
        await page.getByText("More options").click();
        for (const part of PARTS) {
          await page.locator(`#tab-${part}`).click();
          await page.locator(part === "weave" ? "#weave" : `#${part} .primary:enabled`).waitFor();
          expect(await violations(page), `${part}, ${viewport.width}`).toEqual([]);
          const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
          expect(wide, `${part} scrolls sideways at ${viewport.width}`).toBeLessThanOrEqual(0);
        }
      }
    },
  );

  test("a walk with the keyboard reaches every control, and every one has a name", async () => {
    const page = await openPart(browser, site, "weave");
    await page.locator("#w-golden", { hasText: "The same bits" }).waitFor();
    for (const part of PARTS) {
      await page.locator(`#tab-${part}`).focus();
      if (part !== "weave") await page.locator(`#${part} .primary:enabled`).waitFor();
      const expected = await page
        .locator(`#${part} :is(button, input, select, summary, [tabindex="0"]):visible`)
        .evaluateAll(
          (all) =>
            all.filter((one) => !(one as HTMLButtonElement).disabled && (one as HTMLElement).tabIndex === 0).length,
        );
      const reached = new Set<string>();
      for (let i = 0; i < expected + 5; i++) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate((name) => {
          const element = document.activeElement;
          if (!element?.closest(`#${name}`)) return undefined;
          (element as HTMLElement).dataset.walk ??= String(document.querySelectorAll("[data-walk]").length);
          const { outlineStyle } = getComputedStyle(element);
          return { walk: (element as HTMLElement).dataset.walk, outlineStyle };
        }, part);
        if (!at) continue;
        expect(at.outlineStyle, "what has the focus is marked").not.toBe("none");
        reached.add(at.walk ?? "");
      }
      expect(expected, part).toBeGreaterThan(4);
      expect(reached.size, part).toBe(expected);
      await page.locator(`#tab-${part}`).focus();
      await page.keyboard.press("ArrowRight");
    }
    expect(await page.locator("#tab-weave").getAttribute("aria-selected")).toBe("true");
    await page.keyboard.press("End");
    expect(await page.locator("#measure").isVisible()).toBe(true);
    expect(new URL(page.url()).hash).toBe("#measure");
  });

  test("the theme follows the system until one is chosen, and pictures follow the theme", async () => {
    const page = await openPart(browser, site, "weave", { colorScheme: "light" });
    await page.locator("#w-golden", { hasText: "The same bits" }).waitFor();
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const picture = () =>
      page.evaluate(() => (document.querySelector("#w-pairs canvas") as HTMLCanvasElement).toDataURL());
    const light = [await paper(), await picture()];
    await page.emulateMedia({ colorScheme: "dark" });
    await expect.poll(picture).not.toBe(light[1]);
    const dark = [await paper(), await picture()];
    expect(dark[0]).not.toBe(light[0]);
    await page.getByRole("button", { name: "Dark" }).click();
    expect([await paper(), await picture()]).toEqual(light);
    await page.reload();
    await page.locator("#w-golden", { hasText: "The same bits" }).waitFor();
    expect([await paper(), await picture()]).toEqual(light);
  });

  test("without WebAssembly SIMD each part says that no task can be made", async () => {
    const page = await openPart(browser, site, "weave", {
      script: () => {
        WebAssembly.validate = () => false;
      },
    });
    for (const part of PARTS) {
      await page.locator(`#tab-${part}`).click();
      await page.locator(`[data-for="${part}"]`, { hasText: "no WebAssembly SIMD" }).waitFor();
      expect(await page.locator(`#${part} .columns`).isVisible()).toBe(false);
    }
  });

  test("without workers the model trains in the page", async () => {
    const page = await openPart(browser, site, "learn", {
      script: () => void Reflect.deleteProperty(globalThis, "Worker"),
    });
    await page.locator('[data-for="learn"]', { hasText: "trains in the page itself" }).waitFor();
    await page.getByLabel("Stop at step").fill("2");
    await page.getByRole("button", { name: "Start training" }).click();
    await page.locator("#l-status", { hasText: "Done: after 2 steps" }).waitFor({ timeout: 60_000 });
    expect(await page.locator("#l-engine").innerText()).toContain("in the page");
  });

  test("where WebGPU is off, Weave and Learn are the same", async () => {
    const without = await sharedWithoutWebGpu();
    const page = await openPart(without, site, "weave");
    await page.locator("#w-golden", { hasText: "The same bits" }).waitFor();
    await page.locator("#tab-learn").click();
    await page.getByLabel("Stop at step").fill("2");
    await page.getByRole("button", { name: "Start training" }).click();
    await page.locator("#l-status", { hasText: "Done: after 2 steps" }).waitFor({ timeout: 60_000 });
    expect(await page.locator('[data-for="learn"]').isVisible()).toBe(false);
  });
});
