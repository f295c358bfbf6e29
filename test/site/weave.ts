import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { Browser, Page } from "playwright";
import { beforeAll, describe, expect, test } from "vitest";
import golden from "../../site/golden.json" with { type: "json" };
import { taskloom, temporaryFolder } from "../support/cli.js";
import { sha256 } from "../support/support.js";
import { openPart, type Site, shared } from "./support.js";

let browser: Browser;
let site: Site;

beforeAll(async () => {
  ({ site, browser } = await shared());
});

/** Waits for a task, by its title. */
const shown = (page: Page, title: string) => page.locator("#w-title", { hasText: title }).waitFor();
const digests = (page: Page) => page.locator(".digests code").allInnerTexts();

/** The values of a .npy file without its header. */
function npyValues(path: string): Buffer {
  const file = readFileSync(path);
  return file.subarray(10 + file.readUInt16LE(8));
}

/** Copies what a tab of the code shows. */
async function copied(page: Page, tab: string): Promise<string> {
  await page.getByRole("tab", { name: tab }).click();
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await page.getByRole("button", { name: "Copied" }).waitFor();
  const text = await page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole("button", { name: "Copy", exact: true }).waitFor();
  return text;
}

describe("Weave", () => {
  test("golden tasks have the golden digests, as the number is typed", async () => {
    const page = await openPart(browser, site, "weave");
    expect(golden.tasks).toHaveLength(3);
    for (const { task, inputs, targets } of golden.tasks) {
      await page.getByLabel("Task 0 to").fill(String(task));
      await shown(page, `Task ${task.toLocaleString("en-US")}`);
      expect(await digests(page)).toEqual([inputs, targets]);
      expect(await page.locator("#w-golden").innerText()).toMatch(/^The same bits/);
    }
    expect(page.url()).toMatch(/#weave\?task=4294967295$/);
    await page.getByRole("button", { name: "Next task" }).click();
    await shown(page, "Task 0");
  });

  test("the recipe and the command that are copied make the same bytes", async () => {
    const page = await openPart(
      browser,
      site,
      "weave?task=123456789&seed=0xdecade&preset=paper&length=30&permute=identity&out=20&replacement=true",
    );
    await shown(page, "Task 123,456,789");
    const folder = temporaryFolder();
    writeFileSync(join(folder, "recipe.json"), await copied(page, "Recipe"));
    const command = (await copied(page, "Command line")).split("\n\n")[0] ?? "";
    const words =
      command
        .replace(/^npx taskloom /, "")
        .replaceAll("\\\n", " ")
        .match(/'[^']*'|\S+/g) ?? [];
    const args = words.map((word) => word.replace(/^'(.*)'$/, "$1")).slice(0, -2);
    for (const [out, given] of [
      ["a", ["generate", "--recipe", join(folder, "recipe.json")]],
      ["b", args],
    ] as const) {
      const { code, stderr } = await taskloom([...given, "--out", join(folder, out)]);
      expect(code, stderr).toBe(0);
      const files = ["inputs", "targets"].map((name) => sha256(npyValues(join(folder, out, `${name}.npy`))));
      expect(files).toEqual(await digests(page));
    }
  });

  test("files of the page are those of generate", async () => {
    const page = await openPart(browser, site, "weave?length=12");
    await shown(page, "Task 7");
    for (const [index, name] of ["inputs", "targets"].entries()) {
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        page.getByRole("button", { name: `${name}.npy` }).click(),
      ]);
      expect(download.suggestedFilename()).toBe(`${name}.npy`);
      expect(sha256(npyValues(await download.path()))).toBe((await digests(page))[index]);
    }
  });

  test("files of a visitor are woven, a wrong pair is refused in words, and MNIST comes back", async () => {
    const page = await openPart(browser, site, "weave?length=10");
    await shown(page, "Task 7");
    const before = await digests(page);
    const idx = (header: number[], values: Uint8Array) => {
      const bytes = Buffer.alloc(4 * header.length);
      header.forEach((word, i) => void bytes.writeUInt32BE(word, 4 * i));
      return Buffer.concat([bytes, values]);
    };
    const images = idx(
      [0x803, 40, 5, 6],
      Uint8Array.from({ length: 1200 }, (_, i) => (i * 89) % 256),
    );
    const labels = idx(
      [0x801, 40],
      Uint8Array.from({ length: 40 }, (_, i) => i % 4),
    );
    const file = (name: string, buffer: Buffer) => ({ name, mimeType: "application/octet-stream", buffer });
    await page
      .locator("#w-files")
      .setInputFiles([file("labels.idx", labels), file("pictures.idx.gz", gzipSync(images))]);
    await page.getByText("40 examples of pictures.idx, 5 × 6").waitFor();
    await page.locator("#w-sentence", { hasText: "4 labels" }).waitFor();
    expect(await page.locator("#w-pairs li").count()).toBe(10);
    await page.getByRole("tab", { name: "TypeScript" }).click();
    expect(await page.locator("#w-code").innerText()).toContain('images: "pictures.idx.gz", labels: "labels.idx"');
    await page.locator("#w-files").setInputFiles([file("pictures.idx", images)]);
    await page.getByRole("alert").filter({ hasText: "the labels are missing" }).waitFor();
    await page.getByRole("button", { name: "Back to MNIST" }).click();
    await page.getByText("2,000 digits of MNIST").waitFor();
    await page.waitForFunction(
      (old) => document.querySelector("#w-inputs-digest")?.textContent === old,
      before[0] ?? "",
    );
  });

  test("a dropped pair of files is woven", async () => {
    const page = await openPart(browser, site, "weave?length=10");
    await shown(page, "Task 7");
    await page.evaluate(() => {
      const transfer = new DataTransfer();
      const images = Uint8Array.from(
        { length: 16 + 20 * 4 },
        (_, i) => [0, 0, 8, 3, 0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 2][i] ?? i,
      );
      const labels = Uint8Array.from({ length: 8 + 20 }, (_, i) => [0, 0, 8, 1, 0, 0, 0, 20][i] ?? i % 2);
      transfer.items.add(new File([images], "a.idx"));
      transfer.items.add(new File([labels], "b.idx"));
      document.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, cancelable: true, bubbles: true }));
    });
    await page.getByText("20 examples of a.idx, 2 × 2").waitFor();
    await page.locator("#w-sentence", { hasText: "2 labels" }).waitFor();
  });

  test("values that are not allowed are refused in words, and right ones end that", async () => {
    const page = await openPart(browser, site, "weave");
    await shown(page, "Task 7");
    await page.getByText("More options").click();
    const alert = page.getByRole("alert");
    for (const [field, wrong, right, message] of [
      ["task", "-1", "7", /task is "-1"; allowed: whole numbers from 0 to 4,294,967,295/],
      ["seed", "18446744073709551616", "42", /seed is .* 64 bits/],
      ["classes", "1;2", "", /classes is "1;2"; allowed: labels with commas/],
      ["out", "0", "", /out is "0"; allowed: whole numbers from 1 to 4,096/],
      ["episode", "11,1,1", "", /episode/],
    ] as const) {
      await page.locator(`#w-${field}`).fill(wrong);
      await alert.waitFor();
      expect(await alert.innerText()).toMatch(message);
      expect(await page.locator("#w-woven").isVisible()).toBe(false);
      await page.locator(`#w-${field}`).fill(right);
      await alert.waitFor({ state: "hidden" });
      expect(await page.locator("#w-woven").isVisible()).toBe(true);
    }
  });

  test("the address says all of the choice, and going back to it shows it again", async () => {
    const page = await openPart(browser, site, "weave");
    await shown(page, "Task 7");
    await page.getByLabel("Preset").selectOption("paper");
    await page.getByText("More options").click();
    await page.getByLabel("Episode").fill("5,1,3");
    await page.getByLabel("Label beside an input").selectOption("query-last");
    await page.locator("#w-sentence", { hasText: "20 examples" }).waitFor();
    const here = new URL(page.url()).hash;
    expect(here).toBe("#weave?preset=paper&layout=query-last&episode=5%2C1%2C3");
    const before = await digests(page);
    const other = await openPart(browser, site, here.slice(1));
    await other.locator("#w-sentence", { hasText: "20 examples" }).waitFor();
    expect(await digests(other)).toEqual(before);
  });
});
