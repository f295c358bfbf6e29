import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, unzipSync } from "fflate";
import type { Browser, Page } from "playwright";
import { readDataset } from "taskloom";
import { beforeAll, describe, expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { openPart, type Site, shared } from "./support.js";

let browser: Browser;
let site: Site;

beforeAll(async () => {
  ({ site, browser } = await shared());
});

const data = (name: string) => fileURLToPath(new URL(`../vectors/data/${name}`, import.meta.url));

/** The digest of the dataset in the shown recipe, once the status says this. */
async function digestOf(page: Page, status: string | RegExp): Promise<string> {
  await page.locator("#w-dataset", { hasText: status }).waitFor();
  await page.locator("#w-sentence:visible").waitFor();
  await page.getByRole("tab", { name: "Recipe" }).click();
  // The dataset of the status is woven a moment later.
  const name = (await page.locator("#w-dataset").innerText()).replace(/^.* examples of (.*),.*$/, "$1");
  await page.locator("#w-code", { hasText: `"name": "${name}"` }).waitFor();
  return JSON.parse(await page.locator("#w-code").innerText()).dataset.digest;
}

const code = async (page: Page, tab: string) => {
  await page.getByRole("tab", { name: tab }).click();
  return page.locator("#w-code").innerText();
};

/** Drops files or folders of the disk on the page, as the system does. */
async function drop(page: Page, ...files: string[]): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const event = { x: 200, y: 200, data: { items: [], files, dragOperationsMask: 1 } };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await session.send("Input.dispatchDragEvent", { type, ...event });
  }
  await session.detach();
}

/** A folder of images in folders of classes. */
function imageFolder(): string {
  const folder = join(temporaryFolder(), "digits");
  for (const [path, bytes] of Object.entries(unzipSync(readFileSync(data("mnist20-png.zip"))))) {
    if (path.endsWith("/")) continue;
    const to = join(folder, path);
    mkdirSync(join(to, ".."), { recursive: true });
    writeFileSync(to, bytes);
  }
  return folder;
}

describe("files of a visitor", () => {
  test("an .npz and a CSV that are dropped have the digests of readDataset; nothing is loaded for them before", async () => {
    const page = await openPart(browser, site, "weave?length=5");
    await page.locator("#w-golden", { hasText: "taskloom inspect" }).waitFor();
    const scripts = () => page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    const before = (await scripts()).length;
    await drop(page, data("mnist20.npz"));
    const npz = await readDataset(data("mnist20.npz"));
    expect(await digestOf(page, "20 examples of mnist20.npz, 28 × 28")).toBe(await npz.digest());
    expect((await scripts()).length).toBeGreaterThan(before);
    expect(await code(page, "TypeScript")).toContain('await readDataset("mnist20.npz");');
    expect(await code(page, "Python")).toContain('taskloom.read_npz("mnist20.npz")');

    // It has no header, so the column of labels must be named: the page says so, and takes it.
    const csv = join(temporaryFolder(), "digits.csv");
    writeFileSync(csv, gunzipSync(readFileSync(data("digits.csv.gz"))));
    await drop(page, csv);
    await page
      .getByRole("alert")
      .filter({ hasText: /digits\.csv.*labels/ })
      .waitFor();
    await page.getByLabel("Labels array, column").fill("-1");
    await page.getByLabel("Shape of one").fill("8,8");
    await page.getByLabel("Shape of one").press("Tab");
    const table = await readDataset(csv, { labels: -1, shape: [8, 8] });
    expect(await digestOf(page, "1,797 examples of digits.csv, 8 × 8")).toBe(await table.digest());
    expect(await code(page, "TypeScript")).toContain('readDataset("digits.csv", { labels: -1, shape: [8, 8] });');
    expect(await code(page, "Python")).toMatch(
      /reads IDX and \.npz\. Read digits\.csv by another library.*uint8 \[1797, 8, 8\]/s,
    );

    // The command that is copied runs in the folder of the file.
    const command = (await code(page, "Command line")).split("\n\n")[0] ?? "";
    const words = command
      .replace(/^npx taskloom /, "")
      .replaceAll("\\\n", " ")
      .split(/\s+/)
      .filter(Boolean);
    const folder = join(csv, "..");
    const { code: status, stderr } = await taskloom(words, { cwd: folder });
    expect(status, stderr).toBe(0);
    const recipe = JSON.parse(readFileSync(join(folder, "tasks", "recipe.json"), "utf8"));
    expect(recipe.dataset.digest).toBe(await table.digest());
  });

  test("a folder that is chosen and one that is dropped are read alike, and so are two .npy files in any order", async () => {
    const folder = imageFolder();
    const digest = await (await readDataset(folder)).digest();
    const page = await openPart(browser, site, "weave?length=5");
    await page.locator("#w-golden", { hasText: "taskloom inspect" }).waitFor();
    await page.locator("#w-folder").setInputFiles(folder);
    expect(await digestOf(page, /20 examples of digits, /)).toBe(digest);
    expect(await code(page, "TypeScript")).toContain('await readDataset("digits");');
    expect(await code(page, "Command line")).toContain("--dataset ./digits ");
    await page.getByRole("button", { name: "Back to MNIST" }).click();
    await page.locator("#w-dataset", { hasText: "digits of MNIST" }).waitFor();
    await drop(page, folder);
    expect(await digestOf(page, /20 examples of digits, /)).toBe(digest);
    const arrays = unzipSync(readFileSync(data("mnist20.npz")));
    const { "x_train.npy": images, "y_train.npy": labels } = arrays;
    const file = (name: string, bytes: Uint8Array | undefined) => ({
      name,
      mimeType: "application/octet-stream",
      buffer: Buffer.from(bytes ?? []),
    });
    await page.locator("#w-files").setInputFiles([file("a.npy", labels), file("b.npy", images)]);
    const npz = await readDataset(data("mnist20.npz"));
    expect(await digestOf(page, "20 examples of b.npy, 28 × 28")).toBe(await npz.digest());
    expect(await code(page, "Command line")).toMatch(/--images b\.npy \\\s+--labels a\.npy/);
  });

  test("what is no dataset is refused with the remedy, and the reading can be tried again", async () => {
    const page = await openPart(browser, site, "weave?length=5");
    await page.locator("#w-golden", { hasText: "taskloom inspect" }).waitFor();
    const alert = page.getByRole("alert");
    await page.locator("#w-files").setInputFiles(data("cifar-10-python.tar.gz"));
    await alert.filter({ hasText: /cifar-10-python.*binary version/ }).waitFor();
    await page.locator("#w-files").setInputFiles(data("mnist20.npz"));
    await page.locator("#w-dataset", { hasText: "20 examples of mnist20.npz" }).waitFor();
    await page.getByLabel("Shape of one").fill("wide");
    await page.getByLabel("Shape of one").press("Tab");
    await alert.filter({ hasText: "shape" }).waitFor();
    await page.getByLabel("Shape of one").fill("14,56");
    await page.getByLabel("Shape of one").press("Tab");
    await page.locator("#w-dataset", { hasText: "14 × 56" }).waitFor();
    await alert.waitFor({ state: "hidden" });
  });
});
