import { createHash } from "node:crypto";
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CacheOptions, InvalidOptionError, openStore, openTasks, StoreError } from "taskloom";
import { generate } from "taskloom/node";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";
import { listenToNotices } from "../support/notices.js";
import { bytesOf, recipeFor, SMALL, serveFolder, someDigits } from "./support.js";

// 46 sequences in 12 chunks of 4; the last has 2.
const folder = temporaryFolder(afterAll);
const store = join(folder, "store");
const CHUNKS = 12;
const server = await serveFolder(folder);
afterAll(() => server.close());
const url = `${server.url}/store`;
/** Bytes of a chunk of both arrays. */
let chunkBytes: number;
beforeAll(async () => {
  await generate(await someDigits(), { ...SMALL, out: store, format: "zarr", chunkTasks: 2, workers: 0 });
  const { arrays } = await openStore(url);
  const packed = arrays.find(({ name }) => name === "inputs")!.itemShape.reduce((a, b) => a * b, 4 * 4);
  const targets = arrays.find(({ name }) => name === "targets")!.itemShape.reduce((a, b) => a * b, 4);
  chunkBytes = packed + targets;
});

const heard = listenToNotices();

/** How often each chunk was fetched since the last call. */
function fetches(from = server): Map<string, number> {
  const counts = new Map<string, number>();
  for (const request of from.requests) {
    const [path] = request.split(" ");
    if (/\/(inputs|targets)\/c/.test(path!)) counts.set(path!, (counts.get(path!) ?? 0) + 1);
  }
  from.requests.length = 0;
  return counts;
}
const sum = (counts: Map<string, number>) => [...counts.values()].reduce((a, b) => a + b, 0);

const TWO_BLOCKS = 6;
const walk = { batchSize: 5, shuffle: "chunks", blockChunks: 3 } as const;

describe("in memory", () => {
  test("each chunk is fetched once in an epoch in blocks of chunks, with room for two blocks", async () => {
    const cache = { bytes: TWO_BLOCKS * chunkBytes };
    await using made = await openTasks(await recipeFor(SMALL), { dataset: await someDigits(), workers: 0 });
    for (const epoch of [0, 1]) {
      fetches();
      await using tasks = await openTasks(url, { cache });
      const ours = made.batches({ ...walk, epoch, chunkItems: 4 });
      for await (const batch of tasks.batches({ ...walk, epoch })) expect(batch).toEqual((await ours.next()).value);
      expect((await ours.next()).done).toBe(true);
      const counts = fetches();
      expect(counts.size).toBe(2 * CHUNKS);
      expect([...counts.values()]).toEqual(Array(2 * CHUNKS).fill(1));
    }
    // The exact shuffle goes from chunk to chunk: the same room does not do.
    await using tasks = await openTasks(url, { cache });
    for await (const _ of tasks.batches({ batchSize: 5, shuffle: true }));
    expect(sum(fetches())).toBeGreaterThan(3 * CHUNKS);
  });

  test("without a cache each sequence is a request, and with room for all chunks no second epoch has any", async () => {
    fetches();
    await using plain = await openTasks(url);
    for await (const _ of plain.batches(walk));
    expect(sum(fetches())).toBeGreaterThan(46);
    await using tasks = await openTasks(url, { cache: {} });
    for await (const _ of tasks.batches({ batchSize: 5, shuffle: true, epochs: 3 }));
    expect(sum(fetches())).toBe(2 * CHUNKS);
  });

  test("the chunk used longest ago goes first, and no more than the bytes given are kept", async () => {
    const reader = await openStore(url, { cache: { bytes: 2 * chunkBytes } });
    const order: number[][] = [];
    for (const chunk of [0, 1, 0, 2, 0, 1, 2]) {
      fetches();
      await reader.read(4 * chunk, 1);
      order.push([chunk, sum(fetches())]);
    }
    expect(order).toEqual([
      [0, 2],
      [1, 2],
      [0, 0],
      [2, 2],
      [0, 0],
      [1, 2],
      [2, 2],
    ]);
    // One byte less holds one chunk of both arrays, and one of the small ones besides.
    const tight = await openStore(url, { cache: { bytes: 0 } });
    await tight.read(0, 1);
    fetches();
    await tight.read(0, 1);
    expect(sum(fetches())).toBe(2);
  });

  test("a chunk that fails is fetched again, and one that is damaged is an error with verify", async () => {
    const copy = temporaryFolder();
    await generate(await someDigits(), { ...SMALL, out: join(copy, "s"), format: "zarr", chunkTasks: 2, workers: 0 });
    const own = await serveFolder(copy);
    onTestFinished(() => own.close());
    const path = chunkFiles(join(copy, "s"))[0]!;
    const whole = readFileSync(path);
    for (const cache of [{}, { folder: temporaryFolder() }] satisfies CacheOptions[]) {
      await using tasks = await openTasks(`${own.url}/s`, { cache, verify: true });
      const flipped = Buffer.from(whole);
      flipped[1]! ^= 1;
      writeFileSync(path, flipped);
      await expect(tasks.range(0, tasks.length)).rejects.toThrow(StoreError);
      writeFileSync(path, whole);
      // Nothing of the damaged chunk was kept.
      fetches(own);
      expect((await tasks.range(0, 46)).inputs.shape[0]).toBe(46);
      expect([...fetches(own).keys()].map((key) => join(copy, key))).toContain(path);
    }
  });
});

/** The files of the chunks of a store. */
const chunkFiles = (place: string) =>
  (readdirSync(place, { recursive: true }) as string[])
    .filter((name) => /(inputs|targets)[/\\]c/.test(name))
    .map((name) => join(place, name))
    .filter((path) => statSync(path).isFile());

const cached = (place: string) => {
  const own = join(place, "taskloom-chunks-v1");
  return readdirSync(own)
    .filter((name) => name.endsWith(".chunk"))
    .map((name) => join(own, name));
};

async function digestOf(cache: CacheOptions, from = url): Promise<string> {
  await using tasks = await openTasks(from, { cache });
  const { inputs, targets } = await tasks.range(0, tasks.length);
  return createHash("sha256").update(bytesOf(inputs)).update(bytesOf(targets)).digest("hex");
}

describe("in a folder", () => {
  test("a second process fetches nothing; a file that is damaged or cut short is fetched again", async () => {
    const place = temporaryFolder();
    fetches();
    const expected = await digestOf({ folder: place });
    expect(sum(fetches())).toBe(2 * CHUNKS);
    expect(cached(place).length).toBe(2 * CHUNKS);
    expect(await digestOf({ folder: place })).toBe(expected);
    expect(sum(fetches())).toBe(0);
    const damages: ((path: string) => void)[] = [
      (path) => writeFileSync(path, readFileSync(path).fill(7, 0, 1)),
      (path) => writeFileSync(path, Buffer.concat([readFileSync(path), Buffer.from("x")])),
      (path) => truncateSync(path, statSync(path).size - 1),
      (path) => truncateSync(path, 0),
      (path) => {
        // Whole in itself, but another chunk.
        const bytes = readFileSync(path)
          .subarray(0, -32)
          .map((byte) => byte ^ 1);
        writeFileSync(path, Buffer.concat([bytes, createHash("sha256").update(bytes).digest()]));
      },
    ];
    for (const [i, damage] of damages.entries()) {
      const path = cached(place)[i]!;
      damage(path);
      expect(await digestOf({ folder: place })).toBe(expected);
      expect(sum(fetches()), `damage ${i}`).toBe(1);
    }
    expect(await digestOf({ folder: place })).toBe(expected);
    expect(sum(fetches())).toBe(0);
  });

  test("the chunks take no more than folderBytes; those used longest ago go, and no file of anybody else", async () => {
    const place = temporaryFolder();
    const own = join(place, "taskloom-chunks-v1");
    mkdirSync(own);
    const target = join(place, "target");
    writeFileSync(target, "mine");
    const others = [join(place, "mine.chunk"), join(own, "mine.txt"), join(own, `${"0".repeat(63)}.chunk`)];
    for (const path of others) writeFileSync(path, "x".repeat(50_000));
    symlinkSync(target, join(own, `${"a".repeat(64)}.chunk`));
    mkdirSync(join(own, `${"b".repeat(64)}.chunk`));
    const leftover = join(own, `${"c".repeat(64)}.123abc.part`);
    writeFileSync(leftover, "left by a killed process");
    utimesSync(leftover, 1, 1);
    const limit = 5 * chunkBytes;
    let most = 0;
    await using tasks = await openTasks(url, { cache: { bytes: 0, folder: place, folderBytes: limit } });
    for await (const _ of tasks.batches({ batchSize: 2, prefetch: 0 })) {
      const files = cached(place).filter((path) => statSync(path).isFile() && !others.includes(path));
      most = Math.max(
        most,
        files
          .filter((path) => path !== join(own, `${"a".repeat(64)}.chunk`))
          .reduce((bytes, path) => bytes + statSync(path).size, 0),
      );
    }
    expect(most).toBeLessThanOrEqual(limit);
    expect(most).toBeGreaterThan(limit / 2);
    for (const path of [...others, target]) expect(statSync(path).isFile()).toBe(true);
    expect(readFileSync(join(own, `${"a".repeat(64)}.chunk`), "utf8")).toBe("mine");
    expect(statSync(join(own, `${"b".repeat(64)}.chunk`)).isDirectory()).toBe(true);
    expect(() => statSync(leftover)).toThrow();
    // The last chunk is there, the first one is not.
    fetches();
    await tasks.at(45);
    expect(sum(fetches())).toBe(0);
    await tasks.at(0);
    expect(sum(fetches())).toBe(2);
  });

  test("of several processes one fetches each chunk, and all read the same", async () => {
    const place = temporaryFolder();
    const script = fileURLToPath(new URL("./cache-reader.mjs", import.meta.url));
    fetches();
    const found = await Promise.all(Array.from({ length: 4 }, () => run(process.execPath, [script, url, place])));
    for (const { code, stderr } of found) expect(code, stderr).toBe(0);
    expect(new Set(found.map(({ stdout }) => stdout)).size).toBe(1);
    expect(Math.max(...fetches().values())).toBe(1);
    expect(readdirSync(join(place, "taskloom-chunks-v1")).every((name) => name.endsWith(".chunk"))).toBe(true);
  });

  test("a claim that a killed process has left holds nobody up for more than 30 seconds", async () => {
    const place = temporaryFolder();
    const expected = await digestOf({ folder: place });
    const [first, second] = cached(place) as [string, string];
    const claims = [first, second].map((path) => path.replace(/chunk$/, "claim"));
    for (const path of [first, second]) rmSync(path);
    for (const path of claims) writeFileSync(path, "");
    const ago = (seconds: number) => Date.now() / 1000 - seconds;
    utimesSync(claims[0]!, ago(31), ago(31));
    utimesSync(claims[1]!, ago(29), ago(29));
    fetches();
    const start = performance.now();
    expect(await digestOf({ folder: place })).toBe(expected);
    expect(sum(fetches())).toBe(2);
    // The second claim was respected for its last second.
    expect(performance.now() - start).toBeGreaterThan(500);
    for (const path of claims) expect(() => statSync(path)).toThrow();
  });

  test("an unfinished store has no digests: its chunks are kept by store and place", async () => {
    const copy = temporaryFolder();
    const place = temporaryFolder();
    const digests: string[] = [];
    const own = await serveFolder(copy);
    onTestFinished(() => own.close());
    for (const seed of [1, 2]) {
      const out = join(copy, "s");
      rmSync(out, { recursive: true, force: true });
      await generate(await someDigits(), { ...SMALL, seed, out, format: "zarr", chunkTasks: 2, workers: 0 });
      rmSync(join(out, "manifest.json"));
      digests.push(await digestOf({}, `${own.url}/s`));
      expect(await digestOf({ folder: place }, `${own.url}/s`)).toBe(digests.at(-1));
      fetches(own);
      expect(await digestOf({ folder: place }, `${own.url}/s`)).toBe(digests.at(-1));
      expect(sum(fetches(own))).toBe(0);
    }
    expect(digests[0]).not.toBe(digests[1]);
  });

  test("a folder that cannot be written is an error; one that fails later is a notice, and reading goes on", async () => {
    const place = temporaryFolder();
    const file = join(place, "file");
    writeFileSync(file, "");
    const wrong = await openTasks(url, { cache: { folder: file } }).catch((error) => error);
    expect(wrong).toBeInstanceOf(InvalidOptionError);
    expect(wrong.message).toMatch(/^cache.folder is .*; allowed: a folder that can be written: /);
    const linked = join(place, "linked");
    mkdirSync(linked);
    symlinkSync(place, join(linked, "taskloom-chunks-v1"));
    await expect(openTasks(url, { cache: { folder: linked } })).rejects.toThrow(/taskloom-chunks-v1 in it is a link/);
    const expected = await digestOf({});
    const gone = join(place, "gone");
    await using tasks = await openTasks(url, { cache: { folder: gone } });
    rmSync(gone, { recursive: true });
    const { inputs, targets } = await tasks.range(0, tasks.length);
    expect(createHash("sha256").update(bytesOf(inputs)).update(bytesOf(targets)).digest("hex")).toBe(expected);
    const notices = await heard();
    expect(notices.filter((text) => /chunks are no longer kept there/.test(text)).length).toBe(1);
  });
});

describe("what is refused", () => {
  test("options out of bounds, by name", async () => {
    const cases: [object, RegExp][] = [
      [{ bytes: -1 }, /^cache.bytes is -1; allowed: an integer from 0/],
      [{ folder: "" }, /^cache.folder is ""; allowed: the path of a folder/],
      [{ folderBytes: 1.5 }, /^cache.folderBytes is 1.5/],
      [{ size: 1 }, /^cache.size is 1/],
      [[], /^cache is /],
    ];
    for (const [cache, message] of cases) {
      for (const open of [openTasks(url, { cache } as never), openStore(url, { cache } as never)]) {
        const error = await open.catch((reason) => reason);
        expect(error).toBeInstanceOf(InvalidOptionError);
        expect(error.message).toMatch(message);
      }
    }
  });

  test("sets without chunks, and stores that are open already", async () => {
    await generate(await someDigits(), { ...SMALL, out: join(folder, "npy"), workers: 0 });
    await expect(openTasks(join(folder, "npy"), { cache: {} })).rejects.toThrow(
      /of the format npy, which has no chunks to keep/,
    );
    const reader = await openStore(url);
    await expect(openTasks(reader, { cache: {} })).rejects.toThrow(
      /^cache is .*; allowed: undefined for a store that is open already/,
    );
    await using npy = await openTasks(join(folder, "npy"));
    expect(() => npy.batches({ shuffle: "chunks" })).toThrow(/chunkItems is undefined/);
    await using chunked = await openTasks(reader);
    expect(chunked.batches({ shuffle: "chunks" }).state()).toMatchObject({ chunkItems: 4, blockChunks: 8 });
  });
});
