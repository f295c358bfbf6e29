import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { InvalidOptionError, openStore, RecipeError, StoreError, TaskAugmentor } from "taskloom";
import { generate, openStoreFolder } from "taskloom/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FetchStore } from "zarrita";
import { launch, serve } from "../support/browser.js";
import { temporaryFolder } from "../support/cli.js";
import { sha256 } from "../support/support.js";
import { fewDigits, filesIn, mapOf, serveFolder, small } from "./support.js";

const ITEM = { inputs: 5 * 22 * 4, targets: 5 };

let whole: string;
/** The set as transform() makes it. */
let inputs: Uint8Array;
let targets: Uint8Array;

beforeAll(async () => {
  whole = temporaryFolder(afterAll);
  const dataset = await fewDigits();
  await generate(dataset, { ...small, format: "zarr", chunkTasks: 4, out: whole });
  using tasks = new TaskAugmentor(small);
  const batch = await tasks.transform(dataset);
  inputs = new Uint8Array(batch.inputs.data.buffer);
  targets = new Uint8Array(batch.targets.data.buffer);
});

function copy(change: (path: string) => void): string {
  const out = temporaryFolder();
  cpSync(whole, out, { recursive: true });
  change(out);
  return out;
}

describe("any range equals the slice of the whole", () => {
  const sources: [string, (path: string) => Promise<Parameters<typeof openStore>[0] | undefined>, object][] = [
    ["a folder", async () => undefined, {}],
    ["a folder, verified", async () => undefined, { verify: true }],
    ["a store of zarrita", async (path) => new FetchStore((await serveFolder(path)).url), {}],
    ["a Map, which has no ranges", async (path) => mapOf(path), {}],
    ["HTTP", async (path) => (await serveFolder(path)).url, {}],
    [
      "HTTP without ranges, in whole chunks",
      async (path) => `${(await serveFolder(path, { ranges: false })).url}/`,
      { wholeChunks: true },
    ],
  ];

  test.each(sources)("%s", async (_, source, options) => {
    const given = await source(whole);
    const store = given === undefined ? await openStoreFolder(whole, options) : await openStore(given, options);
    expect(store).toMatchObject({ items: 46, length: 5, chunkItems: 8, recipe: { seed: "7", taskOffset: 100 } });
    expect(store.arrays).toEqual([
      { name: "inputs", dtype: "float32", itemShape: [5, 22] },
      { name: "targets", dtype: "uint8", itemShape: [5] },
    ]);
    const range = fc.nat(45).chain((first) => fc.tuple(fc.constant(first), fc.integer({ min: 1, max: 46 - first })));
    await fc.assert(
      fc.asyncProperty(range, async ([first, count]) => {
        const read = await store.read(first, count);
        for (const [name, expected] of [
          ["inputs", inputs],
          ["targets", targets],
        ] as const) {
          const slice = expected.subarray(first * ITEM[name], (first + count) * ITEM[name]);
          expect(Buffer.compare(new Uint8Array(read[name]), slice)).toBe(0);
        }
      }),
      { numRuns: 40, examples: [[[0, 46]], [[45, 1]], [[7, 2]]] },
    );
    await store.close();
    await expect(store.read(0)).rejects.toThrow(/store has been disposed/);
  });
});

test.each(["float32", "float16"] as const)("label cells that are not stored are put back: %s", async (dtype) => {
  const dataset = await fewDigits();
  // Rows of 4 KiB, so that the packer takes a range in several blocks, which end within sequences.
  for (const set of [
    { ...small, dtype },
    { ...small, dtype, taskCount: 30, sequenceLength: 100, outFeatures: 1000 },
  ]) {
    const out = temporaryFolder();
    await generate(dataset, { ...set, onehot: false, format: "zarr", chunkTasks: 4, out });
    using tasks = new TaskAugmentor(set);
    const store = await openStoreFolder(out);
    for (const [first, count] of [
      [0, set.taskCount * 2],
      [13, 9],
    ] as const) {
      const all = await tasks.transform(dataset);
      const read = await store.read(first, count);
      const row = all.inputs.data.length / (set.taskCount * 2);
      expect(store.arrays[0]?.itemShape).toEqual(all.inputs.shape.slice(1));
      expect(sha256(new Uint8Array(read.inputs))).toBe(
        sha256(all.inputs.data.subarray(first * row, (first + count) * row)),
      );
    }
  }
});

test("no more bytes are fetched than are asked for", async () => {
  const { url, bytesSent } = await serveFolder(whole);
  const store = await openStore(url);
  const opened = bytesSent();
  expect(opened).toBe(readFileSync(join(whole, "zarr.json")).length);
  await store.read(10, 3);
  expect(bytesSent() - opened).toBe(3 * (ITEM.inputs + ITEM.targets));
});

describe("what is wrong is said by a StoreError", () => {
  const chunk = "inputs/c.1.0.0";
  const damages: [string, (path: string) => void, object, RegExp, string | undefined][] = [
    [
      "truncated",
      (path) => truncateSync(join(path, chunk), 1000),
      {},
      /has 1000 bytes, not 3520: it is truncated|ends at 1000 bytes/,
      chunk,
    ],
    ["cut to nothing", (path) => truncateSync(join(path, chunk), 0), {}, /is truncated/, chunk],
    [
      "truncated, verified",
      (path) => truncateSync(join(path, chunk), 1000),
      { verify: true },
      /has 1000 bytes, not 3520/,
      chunk,
    ],
    ["missing", (path) => rmSync(join(path, chunk)), {}, /is missing; .*taskloom verify/, chunk],
    ["a flipped bit", flipBit(chunk), { verify: true }, /is damaged: its SHA-256 is/, chunk],
    [
      "no manifest",
      (path) => rmSync(join(path, "manifest.json")),
      { verify: true },
      /is missing: the store is unfinished/,
      "manifest.json",
    ],
    [
      "a foreign manifest",
      (path) => writeFileSync(join(path, "manifest.json"), '{"format":"x"}'),
      { verify: true },
      /not as taskloom writes it/,
      "manifest.json",
    ],
    [
      "a manifest of the future",
      (path) => writeFileSync(join(path, "manifest.json"), '{"version":2}'),
      { verify: true },
      /version 2; .* reads 1/,
      "manifest.json",
    ],
    [
      "no store",
      (path) => rmSync(join(path, "zarr.json")),
      {},
      /holds no task set: none of zarr\.json, .* is there/,
      undefined,
    ],
    [
      "foreign JSON",
      (path) => writeFileSync(join(path, "zarr.json"), "[1]"),
      {},
      /not of a store of taskloom/,
      "zarr.json",
    ],
    [
      "a foreign group",
      (path) => writeFileSync(join(path, "zarr.json"), '{"zarr_format":3,"attributes":{}}'),
      {},
      /not of a store of taskloom/,
      "zarr.json",
    ],
    ["no JSON", (path) => writeFileSync(join(path, "zarr.json"), "{"), {}, /is not JSON/, "zarr.json"],
    [
      "a page instead",
      (path) => writeFileSync(join(path, "zarr.json"), "<!doctype html>"),
      {},
      /is an HTML page/,
      "zarr.json",
    ],
    [
      "a newer store",
      edit((document) => {
        document.attributes.taskloom_store.version = 2;
      }),
      {},
      /version 2; this version of taskloom reads version 1/,
      "zarr.json",
    ],
    [
      "another shape",
      edit((document) => {
        document.consolidated_metadata.metadata.inputs.shape[0] = 45;
      }),
      {},
      /has inputs of float32 \[45, 5, 22\]; its recipe makes float32 \[46, 5, 22\]/,
      "zarr.json",
    ],
    [
      "compressed",
      edit((document) => {
        document.consolidated_metadata.metadata.inputs.codecs.push({ name: "zstd" });
      }),
      {},
      /not as taskloom writes it/,
      "zarr.json",
    ],
  ];

  test.each(damages)("%s: in a folder and behind HTTP", async (_, change, options, message, file) => {
    const path = copy(change);
    const { url } = await serveFolder(path);
    for (const open of [() => openStoreFolder(path, options), () => openStore(url, options)]) {
      const error = await open()
        .then((store) => store.read(9, 2))
        .catch((cause) => cause);
      expect(error).toBeInstanceOf(StoreError);
      expect(error.message).toMatch(message);
      expect(error).toMatchObject({ code: "STORE", chunk: file });
      // What is whole can be read all the same.
      if (file === chunk) {
        const store = await open();
        await expect(store.read(16, 8)).resolves.toBeDefined();
      }
    }
  });

  test("a damaged recipe is a RecipeError", async () => {
    const path = copy(
      edit((document) => {
        document.attributes.taskloom.seed = 7;
      }),
    );
    await expect(openStoreFolder(path)).rejects.toThrow(RecipeError);
  });

  test("a server without range requests", async () => {
    const { url } = await serveFolder(whole, { ranges: false });
    const store = await openStore(url);
    await expect(store.read(1)).rejects.toThrow(/sent whole, not the range asked for: .*wholeChunks/);
    await expect(store.read(1)).rejects.toThrow(StoreError);
  });

  test("a server that refuses, and none at all", async () => {
    const { url } = await serveFolder(whole, {
      answer: (request, response) => {
        if (request.url === "/zarr.json") return false;
        response.writeHead(403).end("no");
        return true;
      },
    });
    const store = await openStore(url);
    const error = await store.read(0).catch((cause) => cause);
    expect(error).toBeInstanceOf(StoreError);
    expect(error.message).toMatch(/inputs\/c\.0\.0\.0 cannot be fetched: the server answered 403|targets.*403/);
    await expect(openStore("http://127.0.0.1:9/nothing", { retryPauses: [0] })).rejects.toThrow(
      /zarr\.json cannot be fetched/,
    );
  });

  test("no source, and ranges outside", async () => {
    for (const source of ["./tasks", "file:///tasks", 5, {}, null]) {
      await expect(openStore(source as never)).rejects.toThrow(InvalidOptionError);
    }
    const store = await openStoreFolder(whole);
    await expect(store.read(46)).rejects.toThrow(/first is 46; allowed: an integer from 0 to 45/);
    await expect(store.read(40, 7)).rejects.toThrow(/count is 7; allowed: an integer from 1 to 6/);
  });

  test("an aborted read rejects with the signal's reason", async () => {
    const reason = new Error("enough");
    // A server that never answers for chunks.
    const { url } = await serveFolder(whole, { answer: (request) => request.url !== "/zarr.json" });
    for (const options of [{}, { wholeChunks: true }]) {
      const controller = new AbortController();
      const store = await openStore(url, options);
      const read = store.read(0, 1, controller.signal);
      setTimeout(() => controller.abort(reason), 20);
      await expect(read).rejects.toBe(reason);
      await expect(store.read(0, 1, controller.signal)).rejects.toBe(reason);
    }
  });
});

function flipBit(key: string): (path: string) => void {
  return (path) => {
    const bytes = readFileSync(join(path, key));
    bytes[1234] = (bytes[1234] as number) ^ 4;
    writeFileSync(join(path, key), bytes);
  };
}

// biome-ignore lint/suspicious/noExplicitAny: a document to be damaged
function edit(change: (document: any) => void): (path: string) => void {
  return (path) => {
    const document = JSON.parse(readFileSync(join(path, "zarr.json"), "utf8"));
    change(document);
    writeFileSync(join(path, "zarr.json"), JSON.stringify(document));
  };
}

test("in a browser: over HTTP, and from the page's own files", { tags: ["browser"] }, async () => {
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...small, onehot: false, format: "zarr", chunkTasks: 4, out });
  const { url } = await serveFolder(out);
  const server = await serve();
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(`${server.url}/test/runtimes/blank.html`);
    const job = { address: url, keys: Object.keys(filesIn(out)), first: 3, count: 20 };
    // As text, as the test runner would rewrite an import.
    const found = await page.evaluate(
      `import("/test/store/page.js").then(({ digests }) => digests(${JSON.stringify(job)}))`,
    );
    const expected = sha256(inputs.subarray(3 * ITEM.inputs, 23 * ITEM.inputs));
    expect(found).toEqual([expected, expected, expected]);
  } finally {
    await browser.close();
    server.close();
  }
});
