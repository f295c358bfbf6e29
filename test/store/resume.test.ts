import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { OutputError } from "taskloom";
import { generate, verify } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { fewDigits, filesIn, small } from "./support.js";

const zarr = { ...small, format: "zarr", chunkTasks: 4 } as const;

/** A store that was made in one go. */
async function undisturbed(options: object = {}): Promise<Record<string, string>> {
  const out = temporaryFolder();
  await generate(await fewDigits(), { ...zarr, ...options, out });
  return filesIn(out);
}

test("a store has its documents, its chunks and its manifest, and nothing else", async () => {
  expect(Object.keys(await undisturbed())).toEqual([
    ...[0, 1, 2, 3, 4, 5].map((chunk) => `inputs/c.${chunk}.0.0`),
    "inputs/zarr.json",
    "manifest.json",
    ...[0, 1, 2, 3, 4, 5].map((chunk) => `targets/c.${chunk}.0`),
    "targets/zarr.json",
    "zarr.json",
  ]);
});

test("aborted after each piece in turn, a store ends with the same bytes", async () => {
  // Pieces have 4 MiB, 13 of these sequences, and end within chunks.
  const set = { ...small, taskCount: 40, samplesPerTask: 1, sequenceLength: 100, outFeatures: 784, chunkTasks: 3 };
  const dataset = await fewDigits();
  const straight = temporaryFolder();
  await generate(dataset, { ...set, format: "zarr", out: straight });
  const out = temporaryFolder();
  const begun: number[] = [];
  for (let complete = false; !complete; ) {
    const controller = new AbortController();
    let calls = 0;
    const attempt = generate(dataset, {
      ...set,
      format: "zarr",
      out,
      signal: controller.signal,
      onProgress: (done) => {
        if (calls++ === 0) begun.push(done);
        else controller.abort(new Error("enough"));
      },
    });
    complete = await attempt.then(
      (result) => result.complete,
      () => false,
    );
    expect(existsSync(join(out, "manifest.json"))).toBe(complete);
  }
  // 13 sequences are four whole chunks and one that is lost, each time.
  expect(begun).toEqual([0, 12, 24, 36, 40]);
  expect(filesIn(out)).toEqual(filesIn(straight));
});

describe("kill -9", () => {
  test("twenty times, at moments from early to late: the store verifies and equals an undisturbed one", async () => {
    const flags = [
      ...["generate", "--format", "zarr", "--tasks", "640", "--sequence-length", "10", "--limit-examples", "500"],
      ...["--chunk-tasks", "16", "--seed", "9", "--json", "--out"],
    ];
    const parent = temporaryFolder();
    const begun = performance.now();
    expect((await taskloom([...flags, join(parent, "whole")])).code).toBe(0);
    const whole = performance.now() - begun;
    const expected = filesIn(join(parent, "whole"));
    // From the start of the process to the end of its work, in an order that mixes early and late ones. A busy machine takes
    // longer for all of it.
    const delayOf = (attempt: number) => whole * (0.1 + 0.045 * ((attempt * 7) % 20));
    let attempts = 0;
    let kills = 0;
    let unfinished = 0;
    for (let round = 0; kills < 20; round++) {
      const out = join(parent, `killed-${round}`);
      for (let done = false; !done; ) {
        const { code } = await taskloom([...flags, out], {
          onStart: (child) => {
            if (kills < 20) setTimeout(() => child.kill("SIGKILL"), delayOf(attempts++));
          },
        });
        done = code === 0;
        if (done) continue;
        expect(code).toBe(null);
        kills++;
        if (existsSync(join(out, "unfinished"))) unfinished++;
      }
      expect((await verify(out)).faults).toEqual([]);
      expect(filesIn(out)).toEqual(expected);
      rmSync(out, { recursive: true });
    }
    // Some of them must have struck in the middle of it.
    expect(unfinished).toBeGreaterThan(0);
  });
});

test("what a journal does not vouch for is made again; what is cut short too", async () => {
  const expected = await undisturbed();
  const out = temporaryFolder();
  const dataset = await fewDigits();
  await generate(dataset, { ...zarr, out, shard: { index: 0, count: 2 } });
  const working = join(out, "unfinished");
  const [journal] = readdirSync(working) as [string];
  const lines = readFileSync(join(working, journal), "utf8").trimEnd().split("\n");
  // The first line names the store.
  expect(lines).toHaveLength(4);
  // As a crash leaves them: a torn line, a chunk that was renamed but not recorded, one that lost its end, leftovers.
  writeFileSync(join(working, journal), `${lines[0]}\n${lines[1]}\n${lines[2]}\n${lines[3]?.slice(0, 30)}`);
  writeFileSync(join(out, "inputs/c.2.0.0"), "rubbish");
  truncateSync(join(out, "targets/c.1.0"), 3);
  writeFileSync(join(working, "part-elsewhere-1-00000000-5-inputs"), "left over");
  const result = await generate(dataset, { ...zarr, out });
  expect(result).toMatchObject({ items: 46, resumed: 8, complete: true });
  expect(filesIn(out)).toEqual(expected);
});

test("a complete store is left as it is; lost chunks are made again", async () => {
  const out = temporaryFolder();
  const dataset = await fewDigits();
  await generate(dataset, { ...zarr, out });
  const expected = filesIn(out);
  expect(await generate(dataset, { ...zarr, out })).toMatchObject({ resumed: 46, complete: true });
  expect(filesIn(out)).toEqual(expected);
  rmSync(join(out, "inputs/c.5.0.0"));
  rmSync(join(out, "targets/zarr.json"));
  // The chunk size of a store stays where none is asked for.
  const { chunkTasks: _, ...unsized } = zarr;
  expect(await generate(dataset, { ...unsized, out })).toMatchObject({ resumed: 40, complete: true });
  expect(filesIn(out)).toEqual(expected);
});

describe("shards", () => {
  test.each([
    [[0, 1, 2], 3],
    [[2, 0, 1], 3],
    [[3, 1, 2, 0], 4],
    // More shards than chunks: some have nothing to do.
    [[8, 7, 6, 5, 4, 3, 2, 1, 0], 9],
  ])("in the order %j they make the same store", async (order, count) => {
    const expected = await undisturbed();
    const out = temporaryFolder();
    const dataset = await fewDigits();
    let items = 0;
    for (const index of order) {
      const result = await generate(dataset, { ...zarr, out, shard: { index, count } });
      items += result.items;
      expect(result.complete).toBe(existsSync(join(out, "manifest.json")));
    }
    expect(items).toBe(46);
    expect(filesIn(out)).toEqual(expected);
  });

  test("at the same time they make the same store, and one of them finishes it", async () => {
    const expected = await undisturbed();
    const dataset = await fewDigits();
    for (let round = 0; round < 5; round++) {
      const out = temporaryFolder();
      const results = await Promise.all(
        [0, 1, 2].map((index) => generate(dataset, { ...zarr, out, shard: { index, count: 3 } })),
      );
      expect(results.some(({ complete }) => complete)).toBe(true);
      expect(filesIn(out)).toEqual(expected);
    }
  });

  test("a run without shards completes what is left", async () => {
    const expected = await undisturbed();
    const out = temporaryFolder();
    const dataset = await fewDigits();
    expect(await generate(dataset, { ...zarr, out, shard: { index: 1, count: 3 } })).toMatchObject({ complete: false });
    const faults = (await verify(out)).faults;
    expect(faults.map(({ kind }) => kind)).toEqual(["unfinished"]);
    expect(faults[0]?.problem).toMatch(/4 of 6 chunks are not made/);
    expect(await generate(dataset, { ...zarr, out })).toMatchObject({ resumed: 16, complete: true });
    expect(filesIn(out)).toEqual(expected);
  });
});

describe("what is in the way", () => {
  test("a store of something else stays, and the differences are named; force starts over", async () => {
    const dataset = await fewDigits();
    const out = temporaryFolder();
    await generate(dataset, { ...zarr, out });
    const before = filesIn(out);
    const attempt = (options: object, data = dataset) => generate(data, { ...zarr, ...options, out });
    await expect(attempt({ seed: 8 })).rejects.toThrow(/seed is "7" there and "8" here; .*--force/);
    await expect(attempt({ chunkTasks: 5 })).rejects.toThrow(/items of a chunk is 8 there and 10 here/);
    await expect(attempt({ onehot: false })).rejects.toThrow(/onehot is true there and false here/);
    await expect(attempt({}, dataset.head(99))).rejects.toThrow(/dataset\.shape is \[100,28,28\] there/);
    await expect(attempt({}, dataset.head(99))).rejects.toThrow(OutputError);
    expect(filesIn(out)).toEqual(before);
    expect(await attempt({ seed: 8, force: true })).toMatchObject({ resumed: 0, complete: true });
    expect(filesIn(out)).toEqual(await undisturbed({ seed: 8 }));
  });

  test.each([
    ["zarr.json", "{}", /no attribute taskloom/],
    ["zarr.json", "<html>", /HTML/],
    ["zarr.json", '{"attributes":{"taskloom":{},"taskloom_store":{"version":2}}}', /version 2; .* reads version 1/],
    ["inputs", "a file", /has inputs and is no store/],
    ["recipe.json", "{}", /has recipe\.json and is no store/],
  ])("a foreign %s stays, forced or not", async (name, text, message) => {
    const dataset = await fewDigits();
    const out = temporaryFolder();
    writeFileSync(join(out, name), text);
    for (const force of [false, true]) {
      await expect(generate(dataset, { ...zarr, out, force })).rejects.toThrow(message);
      await expect(generate(dataset, { ...zarr, out, force })).rejects.toThrow(OutputError);
    }
    expect(readdirSync(out)).toEqual([name]);
    expect(readFileSync(join(out, name), "utf8")).toBe(text);
  });

  test("more than the disk has room for is refused before anything is written", async () => {
    const out = join(temporaryFolder(), "tasks");
    const attempt = generate(await fewDigits(), {
      ...zarr,
      taskCount: 2 ** 31,
      outFeatures: 2 ** 14,
      chunkTasks: 2 ** 20,
      out,
    });
    await expect(attempt).rejects.toThrow(/PiB are needed/);
    expect(existsSync(out)).toBe(false);
  });
});

test("an interrupted command says that it goes on, and does", async () => {
  const out = join(temporaryFolder(), "store");
  const flags = [
    ...["generate", "--format", "zarr", "--tasks", "1500", "--sequence-length", "10", "--limit-examples", "50"],
    ...["--chunk-tasks", "10", "--out", out],
  ];
  const stopped = await taskloom(flags, {
    onStart: (child) => {
      const look = setInterval(() => {
        if (!existsSync(join(out, "inputs/c.3.0.0"))) return;
        clearInterval(look);
        child.kill("SIGINT");
      }, 5);
    },
  });
  expect(stopped.code).toBe(130);
  expect(stopped.stderr).toMatch(/interrupted: what is finished is kept, and the same command goes on\n$/);
  expect(readdirSync(join(out, "unfinished"))).toEqual([expect.stringMatching(/^journal-/)]);
  const { resumed, items } = JSON.parse((await taskloom([...flags, "--json"])).stdout);
  expect(resumed).toBeGreaterThanOrEqual(30);
  expect(items).toBe(1500);
});
