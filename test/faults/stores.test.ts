import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { OutputError } from "taskloom";
import { type GenerateOptions, generate, verify } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { fewDigits, filesIn, small } from "../store/support.js";
import { taskloom, temporaryFolder } from "../support/cli.js";
import { faultsOf, namesIn, outcomes, ROUNDS, soundSeed, start, until } from "./support.js";

const zarr = { ...small, format: "zarr", chunkTasks: 4 } as const;

/** Rounds of commands: each is several processes. */
const COMMAND_ROUNDS = Math.ceil(ROUNDS / 7);
/** Rounds of one process that run at once: while one waits for the disk, another one races. */
const ABREAST = 5;

/** A new folder for each round, which goes after it. */
async function rounds(
  count: number,
  round: (out: string, index: number) => Promise<void>,
  abreast = ABREAST,
): Promise<void> {
  const parent = temporaryFolder();
  let next = 0;
  const lane = async () => {
    while (next < count) {
      const index = next++;
      const out = join(parent, `round-${index}`);
      await round(out, index);
      rmSync(out, { recursive: true, force: true });
    }
  };
  await Promise.all(Array.from({ length: abreast }, lane));
}

describe("different sets at once into one folder", () => {
  test("of four shards, one of another seed, those of one seed go on and no chunk is of the other", async () => {
    const dataset = await fewDigits();
    await rounds(ROUNDS, async (out, round) => {
      const odd = round % 4;
      const { values, errors } = await outcomes(
        [0, 1, 2, 3].map((index) =>
          generate(dataset, { ...zarr, out, seed: index === odd ? 1 : 2, shard: { index, count: 4 } }),
        ),
      );
      const seeds = new Set(values.map(({ recipe }) => recipe.seed));
      expect(seeds.size).toBe(1);
      expect(errors).toHaveLength(seeds.has("1") ? 3 : 1);
      for (const error of errors) {
        expect(error).toBeInstanceOf(OutputError);
        expect(error.message).toMatch(/has a store of something else: seed is "\d" there and "\d" here/);
      }
      const seed = [...seeds][0];
      await Promise.all(
        [0, 1, 2, 3].map((index) =>
          generate(dataset, { ...zarr, out, seed: Number(seed), shard: { index, count: 4 } }),
        ),
      );
      expect(await soundSeed(out, dataset)).toBe(Number(seed));
    });
  });

  test.each([
    ["seeds", { seed: 1 }, { seed: 2 }],
    ["chunk sizes", { chunkTasks: 3 }, { chunkTasks: 5 }],
    ["label cells", { onehot: true }, { onehot: false }],
  ])("of two whole runs with other %s exactly one succeeds", async (_, one, other) => {
    const dataset = await fewDigits();
    await rounds(ROUNDS, async (out, round) => {
      const runs = round % 2 === 0 ? [one, other] : [other, one];
      const { values, errors } = await outcomes(runs.map((options) => generate(dataset, { ...zarr, ...options, out })));
      expect(values).toHaveLength(1);
      expect(errors[0]).toBeInstanceOf(OutputError);
      expect(values[0]?.complete).toBe(true);
      expect(values[0]?.recipe.seed).toBe(String(await soundSeed(out, dataset)));
    });
  });

  test("commands: three shards, one of another seed", async () => {
    const flags = "generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0".split(" ");
    await rounds(
      COMMAND_ROUNDS,
      async (out) => {
        const shards = await Promise.all(
          [1, 2, 1].map((seed, index) =>
            taskloom([
              ...flags,
              ...["--format", "zarr", "--tasks", "60", "--chunk-tasks", "10"],
              ...["--seed", `${seed}`, "--shard", `${index}/3`, "--out", out],
            ]),
          ),
        );
        const codes = shards.map(({ code }) => code);
        // The set that never fits has an exit code of its own.
        expect([
          [0, 3, 0],
          [3, 0, 3],
        ]).toContainEqual(codes);
        const { faults } = await verify(out, { workers: 0 });
        expect(faults.map(({ kind }) => kind)).toEqual(["unfinished"]);
        const rest = await taskloom([
          ...flags,
          ...["--format", "zarr", "--tasks", "60", "--chunk-tasks", "10"],
          ...["--seed", codes[0] === 0 ? "1" : "2", "--out", out],
        ]);
        expect(rest.code).toBe(0);
        expect(await faultsOf(out)).toEqual([]);
      },
      1,
    );
  });
});

describe("one set at once into one folder", () => {
  test("every run ends well, and the store is the same as one that was made alone", async () => {
    const dataset = await fewDigits();
    const alone = temporaryFolder();
    await generate(dataset, { ...zarr, out: alone });
    const expected = filesIn(alone);
    await rounds(ROUNDS, async (out) => {
      const { values, errors } = await outcomes([0, 1, 2].map(() => generate(dataset, { ...zarr, out })));
      expect(errors).toEqual([]);
      expect(values.map(({ complete }) => complete)).toEqual([true, true, true]);
      expect(filesIn(out)).toEqual(expected);
    });
  });

  test("commands: three equal ones and two shards", async () => {
    const flags = [
      ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0".split(" "),
      ..."--format zarr --tasks 200 --chunk-tasks 5 --seed 5".split(" "),
    ];
    await rounds(
      COMMAND_ROUNDS,
      async (out) => {
        const runs = [[], [], [], ["--shard", "0/2"], ["--shard", "1/2"]];
        const results = await Promise.all(runs.map((more) => taskloom([...flags, ...more, "--out", out])));
        for (const { code, stderr } of results) expect(code, stderr).toBe(0);
        expect(await faultsOf(out)).toEqual([]);
        expect(Object.keys(filesIn(out)).filter((name) => /unfinished|partial/.test(name))).toEqual([]);
      },
      1,
    );
  });

  test("shards that start together find a store, also where the first look answers late", async () => {
    const flags = [
      ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0".split(" "),
      ..."--format zarr --tasks 16 --chunk-tasks 2".split(" "),
    ];
    const late = `--import=${new URL("late.mjs", import.meta.url).href}`;
    await rounds(
      4,
      async (out) => {
        const slow = start([...flags, "--out", out, "--shard", "1/2"], [late]);
        await setTimeout(20);
        const quick = start([...flags, "--out", out, "--shard", "0/2"]);
        for (const { code, stderr } of await Promise.all([slow.finished, quick.finished])) expect(code, stderr).toBe(0);
        expect(await faultsOf(out)).toEqual([]);
      },
      1,
    );
  });

  test("shards that start together wait for a zarr.json that one of them copies, where there are no hard links", async () => {
    const flags = [
      ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 5 --workers 0".split(" "),
      ..."--format zarr --tasks 16 --chunk-tasks 2".split(" "),
    ];
    const slow = `--import=${new URL("slow-copy.mjs", import.meta.url).href}`;
    await rounds(
      3,
      async (out) => {
        const first = start([...flags, "--out", out, "--shard", "1/2"], [slow]);
        await until(() => namesIn(out).includes("zarr.json"), "zarr.json is begun");
        const second = start([...flags, "--out", out, "--shard", "0/2"]);
        for (const { code, stderr } of await Promise.all([first.finished, second.finished])) {
          expect(code, stderr).toBe(0);
        }
        expect(await faultsOf(out)).toEqual([]);
      },
      1,
    );
  });

  test("a suspended shard ends well after others have finished the store", async () => {
    const out = join(temporaryFolder(), "store");
    const flags = [
      ..."generate --dataset mnist-test --limit-examples 200 --sequence-length 50 --workers 0 --out".split(" "),
      ...[out, "--format", "zarr", "--tasks", "400", "--chunk-tasks", "20"],
    ];
    const stopping = `--import=${new URL("stop-at-chunk.mjs", import.meta.url).href}`;
    const shard = start([...flags, "--shard", "1/2"], [stopping]);
    await until(() => Object.keys(filesIn2(out)).some((name) => name.startsWith("inputs/c.")), "a chunk");
    // The chunk was there before the process stopped. The command below needs longer than that.
    try {
      expect((await taskloom(flags)).code).toBe(0);
    } finally {
      shard.child.kill("SIGCONT");
    }
    const { code, stderr, stdout } = await shard.finished;
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/shard 1 of 2/);
    expect(stdout).not.toMatch(/complete when/);
    expect(await faultsOf(out)).toEqual([]);
  });
});

/** Like `filesIn`, but a folder that is missing has no files. */
function filesIn2(out: string): Record<string, string> {
  try {
    return filesIn(out);
  } catch {
    return {};
  }
}

describe("force over a run that is under way", () => {
  /** Runs `generate` and, as soon as its `calls`th report comes, another one with force. */
  async function forced(out: string, calls: number, one: Partial<GenerateOptions>, other: Partial<GenerateOptions>) {
    const dataset = await fewDigits();
    let second: Promise<unknown> | undefined;
    let reports = 0;
    const begin = () => {
      second ??= generate(dataset, { ...zarr, ...other, out, force: true });
      second.catch(() => undefined);
    };
    const first = generate(dataset, {
      ...zarr,
      ...one,
      out,
      onProgress: () => {
        if (reports++ === calls) begin();
      },
    });
    const [a] = await Promise.allSettled([first]);
    begin();
    const [b] = await Promise.allSettled([second]);
    return { first: a.status, second: b?.status, reason: a.status === "rejected" ? a.reason : undefined };
  }
  // Pieces have 4 MiB, so that there are several of them.
  const long = { taskCount: 40, samplesPerTask: 1, sequenceLength: 100, outFeatures: 784, chunkTasks: 3 };

  test("the store is the forced one, and the run before says what happened to it", async () => {
    const dataset = await fewDigits();
    await rounds(Math.ceil(ROUNDS / 3), async (out, round) => {
      const { first, second, reason } = await forced(out, round % 3, { ...long, seed: 1 }, { ...long, seed: 2 });
      expect([first, second]).toEqual(["rejected", "fulfilled"]);
      expect(reason).toBeInstanceOf(OutputError);
      expect(reason.message).toMatch(/has a store of something else: seed is "2" there and "1" here/);
      expect(await soundSeed(out, dataset)).toBe(2);
    });
  });

  test("two forced runs at once never both succeed with different sets", async () => {
    const dataset = await fewDigits();
    await rounds(ROUNDS, async (out, round) => {
      // Over nothing, over a whole store, over a half one.
      if (round % 3 > 0) {
        await generate(dataset, {
          ...zarr,
          out,
          seed: 3,
          ...(round % 3 === 2 ? { shard: { index: 0, count: 2 } } : {}),
        });
      }
      const { values, errors } = await outcomes(
        [1, 2].map((seed) => generate(dataset, { ...zarr, out, seed, force: true, chunkTasks: 2 + seed })),
      );
      for (const error of errors) expect(error).toBeInstanceOf(OutputError);
      expect(values).toHaveLength(1);
      expect(await soundSeed(out, dataset)).toBe(Number(values[0]?.recipe.seed));
    });
  });

  test("commands at several moments", async () => {
    const parent = temporaryFolder();
    const flags = [
      ..."generate --dataset mnist-test --limit-examples 100 --sequence-length 50 --workers 0".split(" "),
      ..."--format zarr --tasks 300 --chunk-tasks 10 --out".split(" "),
    ];
    for (const moment of ["zarr.json", "inputs/c.0.0.0", "inputs/c.9.0.0"]) {
      const out = join(parent, moment.replaceAll("/", "-"));
      const first = start([...flags, out, "--seed", "1"]);
      await until(() => moment in filesIn2(out), moment);
      const second = await taskloom([...flags, out, "--seed", "2", "--force"]);
      const { code, stderr } = await first.finished;
      expect(second.code, second.stderr).toBe(0);
      // A run that was quick enough had finished before.
      expect([0, 3], stderr).toContain(code);
      if (code === 3) expect(stderr).toMatch(/something else/);
      expect(await faultsOf(out)).toEqual([]);
    }
  });
});

test("an empty folder, made before, is as good as none", async () => {
  const out = temporaryFolder();
  mkdirSync(join(out, "other"));
  await generate(await fewDigits(), { ...zarr, out });
  expect(Object.keys(filesIn(out))).toContain("manifest.json");
});
