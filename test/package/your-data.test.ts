import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Browser, Page } from "playwright";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { dataFile, unpacked, write } from "../dataset/data-files.js";
import { idxFile } from "../dataset/fake.js";
import { launch, serve } from "../support/browser.js";
import { run, taskloom, temporaryFolder } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const page = readFileSync(join(root, "docs", "your-data.md"), "utf8");

/** Data that the sections name, and what a page is given. */
const SECTIONS: Record<string, { files: () => Record<string, Uint8Array>; input: string[] }> = {
  IDX: {
    files: () => ({
      "fashion-mnist/t10k-images-idx3-ubyte": idxFile("uint8", [3, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]),
      "fashion-mnist/t10k-labels-idx1-ubyte": idxFile("uint8", [3], [0, 1, 2]),
    }),
    input: ["fashion-mnist"],
  },
  "NumPy: .npz": { files: () => ({ "digits.npz": readFileSync(dataFile("mnist20.npz")) }), input: ["digits.npz"] },
  "NumPy: .npy": {
    files: () => {
      const arrays = unpacked("npy.zip");
      return { "x.npy": arrays["images-i8.npy"] as Uint8Array, "y.npy": arrays["labels-big-i4.npy"] as Uint8Array };
    },
    input: ["x.npy", "y.npy"],
  },
  CIFAR: {
    files: () => ({ "cifar-10-binary.tar.gz": readFileSync(dataFile("cifar-10-binary.tar.gz")) }),
    input: ["cifar-10-binary.tar.gz"],
  },
  Folders: {
    files: () => {
      const {
        "gray.png": gray,
        "rgb.png": rgb,
        "jpeg-444.jpg": jpeg,
      } = unpacked("kinds.zip") as Record<string, Uint8Array>;
      return {
        "flowers/train/rose/1.png": rgb,
        "flowers/train/tulip/a.jpg": jpeg,
        "flowers/test/rose/1.png": gray,
      } as Record<string, Uint8Array>;
    },
    input: ["flowers"],
  },
  Parquet: {
    files: () => ({ "train-00000-of-00001.parquet": readFileSync(dataFile("train-00000-of-00002.parquet")) }),
    input: ["train-00000-of-00001.parquet"],
  },
  CSV: { files: () => ({ "digits.csv": gunzipSync(readFileSync(dataFile("digits.csv.gz"))) }), input: ["digits.csv"] },
};

/** The blocks of a section in a language. */
function blocks(section: string, language: string): string[] {
  const text = page.split(/^## /m).find((part) => part.startsWith(section)) ?? "";
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].filter((block) => block[1] === language).map((b) => b[2] ?? "");
}

const digests = new Map<string, string>();
let folder: string;
beforeAll(() => {
  folder = temporaryFolder((end) => void end);
  for (const { files } of Object.values(SECTIONS)) write(folder, files());
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(root, join(folder, "node_modules", "taskloom"), "dir");
});

test("each section with lines is tried", () => {
  const titles = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title as string);
  const tried = titles.filter((title) => blocks(title, "sh").length > 0);
  expect(tried.map((title) => Object.keys(SECTIONS).find((name) => title.startsWith(name)))).toEqual(
    Object.keys(SECTIONS),
  );
});

describe.each(Object.keys(SECTIONS))("%s", (section) => {
  test("the lines for the command and for Node read the same dataset", async () => {
    const lines = blocks(section, "sh").flatMap((block) => block.trim().split("\n"));
    expect(lines.length).toBeGreaterThan(0);
    const found: string[] = [];
    for (const line of lines) {
      const [npx, name, ...args] = line.replace(/\s+#.*$/, "").split(/\s+/);
      expect([npx, name, args[0]]).toEqual(["npx", "taskloom", "inspect"]);
      const { code, stdout, stderr } = await taskloom([...args, "--json"], { cwd: folder });
      expect(code, stderr).toBe(0);
      found.push(JSON.parse(stdout).digest);
    }
    const [program = ""] = blocks(section, "ts");
    writeFileSync(join(folder, "program.mjs"), `${program}\nconsole.log(await dataset.digest());\n`);
    const { stdout, stderr } = await run(process.execPath, ["program.mjs"], { cwd: folder });
    expect(stderr).not.toMatch(/Error/);
    found.push(stdout.trim());
    digests.set(section, stdout.trim());
    expect(stdout).toMatch(/^[0-9a-f]{64}\n$/);
    expect(new Set(found).size).toBe(1);
  });
});

describe("in a page", { tags: ["browser"] }, () => {
  let browser: Browser;
  let tab: Page;
  let server: Awaited<ReturnType<typeof serve>>;
  beforeAll(async () => {
    server = await serve();
    browser = await launch();
    tab = await browser.newPage();
    await tab.goto(`${server.url}/test/runtimes/blank.html`);
  });
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test.each(Object.entries(SECTIONS))("%s", async (section, { input }) => {
    const [code = ""] = blocks(section, "js");
    expect(code).toContain("input.files");
    const isFolder = code.includes("webkitdirectory");
    await tab.evaluate((directory) => {
      document.body.innerHTML = `<input type="file" multiple ${directory ? "webkitdirectory" : ""}>`;
    }, isFolder);
    const paths = input.map((name) => join(folder, name));
    await tab.locator("input").setInputFiles(isFolder ? (paths[0] as string) : paths);
    const body = `const { readDataset } = await import("/dist/index.js");
      const input = document.querySelector("input");
      ${code}
      return dataset.digest();`;
    const digest = await tab.evaluate(`(async () => { ${body} })()`);
    expect(digest).toBe(digests.get(section));
  });

  test("a directory handle, a canvas' pixels, and arrays of an iframe", async () => {
    const png = [...(unpacked("kinds.zip")["gray.png"] as Uint8Array)];
    const found = await tab.evaluate(
      `import("/test/package/your-data-page.js").then(({ everyKind }) => everyKind(${JSON.stringify(png)}))`,
    );
    expect(found).toEqual([
      { name: "flowers", shape: [7, 9], classNames: ["rose", "tulip"], length: 2 },
      [1, 2, 3, 255],
      [false, [1, 2], [0, 1]],
    ]);
  });
});
