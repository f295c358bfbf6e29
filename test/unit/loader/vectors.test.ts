import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { LoaderState } from "taskloom";
import { describe, expect, test } from "vitest";
import { InvalidOptionError } from "../../../src/base/errors.js";
import { ChunkShuffle } from "../../../src/loader/chunk-shuffle.js";
import type { LoaderOptions } from "../../../src/loader/options.js";
import { ShuffleKeys } from "../../../src/loader/shuffle.js";
import { run } from "../../support/cli.js";
import { pythonWithNumpy } from "../../support/python.js";
import { type BareSet, bareWalk } from "./walks.js";

interface Batch {
  epoch: number;
  batch: number;
  indices: number[];
  after?: { epoch: number; consumed: number };
}
interface Set_ {
  sequences: number;
  samplesPerTask: number;
}
interface Vectors {
  orders: {
    seed: string;
    epoch: number;
    length: number;
    chunkItems: number;
    blockChunks: number;
    positions: number[];
    numbers: number[];
  }[];
  walks: (Set_ & {
    shuffleSeed: string;
    shuffle: boolean | "tasks" | "chunks";
    chunkItems?: number;
    blockChunks?: number;
    reshuffle: boolean;
    even: "drop" | "pad" | false;
    dropLast: boolean;
    batchSize: number;
    ranks: number;
    epoch: number;
    epochs: number;
    refused?: true;
    state?: LoaderState;
    shards?: Batch[][];
  })[];
  resumes: (Set_ & {
    state: LoaderState;
    given: { count: number; batchSize?: number; even?: "drop" | "pad" | false };
    refused?: "even" | "batchSize" | "shard.count" | "size";
    shards?: Batch[][];
  })[];
}
const vectors = JSON.parse(readFileSync(new URL("../../vectors/loader.json", import.meta.url), "utf8")) as Vectors;

const setOf = ({ sequences, samplesPerTask }: Set_, seed: string): BareSet => ({
  items: sequences,
  itemsPerTask: samplesPerTask,
  shuffleSeed: BigInt(seed),
});

test("the file is what its script makes", { tags: ["python"] }, async () => {
  const script = fileURLToPath(new URL("../../../scripts/make-loader-vectors.py", import.meta.url));
  const { code, stderr } = await run(pythonWithNumpy(), ["-B", script, "--check"]);
  expect(code, stderr).toBe(0);
});

test.each(
  vectors.orders.map((c) => [`${c.length} in chunks of ${c.chunkItems}, blocks of ${c.blockChunks}`, c] as const),
)("the order of blocks of chunks: %s", (_, c) => {
  const shuffle = new ChunkShuffle(new ShuffleKeys(BigInt(c.seed)), c.epoch, c.length, c.chunkItems, c.blockChunks);
  expect(c.positions.map((position) => shuffle.at(position))).toEqual(c.numbers);
  // Any place alone is the same: nothing depends on what was asked before.
  for (const [i, position] of [...c.positions.entries()].reverse()) {
    expect(shuffle.at(position)).toBe(c.numbers[i]);
  }
});

describe("walks", () => {
  test.each(
    vectors.walks.map((c) => {
      const { sequences, ranks, batchSize, shuffle, even } = c;
      return [`${sequences} to ${ranks} x ${batchSize}, shuffle ${shuffle}, even ${even}`, c] as const;
    }),
  )("%s", (_, c) => {
    const { sequences, samplesPerTask, shuffleSeed, ranks, refused, state, shards, ...options } = c;
    const set = setOf({ sequences, samplesPerTask }, shuffleSeed);
    const walks = () =>
      Array.from({ length: ranks }, (_, index) => bareWalk(set, { ...options, shard: { index, count: ranks } }));
    if (refused) {
      expect(walks).toThrow(InvalidOptionError);
      return;
    }
    for (const [index, walk] of walks().entries()) {
      expect(walk.state).toEqual(state);
      const found = [...walk.batches()];
      const expected = shards?.[index] as Batch[];
      expect(found.map(({ epoch, batch, indices }) => ({ epoch, batch, indices }))).toEqual(
        expected.map(({ epoch, batch, indices }) => ({ epoch, batch, indices })),
      );
      for (const [i, { state: after }] of found.entries()) {
        const place = expected[i]?.after as { epoch: number; consumed: number };
        expect(after).toEqual({ ...state, ...place, epochs: options.epoch + options.epochs - place.epoch });
      }
    }
  });
});

describe("states that go on", () => {
  test.each(
    vectors.resumes.map((c) => {
      const { batchSize, ranks, consumed, shuffle, even } = c.state;
      const { count, batchSize: size = "default" } = c.given;
      return [
        `${ranks} x ${batchSize} after ${consumed} to ${count} x ${size}, shuffle ${shuffle}, even ${even}`,
        c,
      ] as const;
    }),
  )("%s", (_, { state, given, refused, shards, ...size }) => {
    const set = setOf(size, state.shuffleSeed);
    const { count, ...more } = given;
    const walks = () =>
      Array.from({ length: count }, (_, index) => {
        const options: LoaderOptions = { state, shard: { index, count }, ...more };
        return bareWalk(set, options);
      });
    if (refused) {
      expect(walks).toThrow(InvalidOptionError);
      expect(walks).toThrow(refused === "size" ? /^(shard.count|batchSize) is / : new RegExp(`^${refused} is `));
      return;
    }
    const found = walks().map((walk) =>
      [...walk.batches()].map(({ epoch, batch, indices }) => ({ epoch, batch, indices })),
    );
    expect(found).toEqual(shards);
  });
});
