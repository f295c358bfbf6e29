import { Dataset, InvalidOptionError, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { describe, expect, test } from "vitest";

const eight = Dataset.from({
  images: Uint8Array.from({ length: 32 }, (_, i) => i),
  targets: [0, 1, 2, 3, 0, 1, 2, 0],
  shape: [4],
  classes: 5,
  name: "eight",
});

describe("choices that do not fit together are refused by name", () => {
  const cases: [TaskAugmentorOptions, RegExp][] = [
    [{ identity: 1.5 }, /identity is 1.5; allowed: true, false, a share/],
    [
      {
        identity: [
          [3, 0.1],
          [3, 0.2],
        ],
      } as never,
      /identity/,
    ],
    [{ identity: { projection: [[-1, 0]] } } as never, /identity/],
    [{ fixed: { share: 2 } }, /fixed.share is 2/],
    [{ fixed: { share: 1, pool: 0 } }, /fixed.pool is 0/],
    [{ fixed: { share: 1, task: "batch" } } as never, /fixed.task is "batch"; allowed: .*"step"/],
    [{ tasksPerStep: 0 }, /tasksPerStep is 0/],
    [{ labelLayout: "last" } as never, /labelLayout is "last"; allowed: "shifted" or "query-last" or "none"/],
    [{ labelFormat: "index" } as never, /labelFormat/],
    [{ startToken: 0 }, /startToken is 0; allowed: an integer below specialTokens, which is 0/],
    [{ startToken: 0, specialTokens: 1, labelLayout: "query-last" }, /startToken is 0; allowed: null with labelLayout/],
    [{ exampleRange: [5, 5] }, /exampleRange is \[5,5\]/],
    [{ classSubset: [] }, /classSubset is \[\]; allowed: a list of at least one label/],
    [{ classSubset: [1, 1] }, /classSubset is \[1,1\]; allowed: a list of different labels/],
    [{ episode: { ways: 0, shots: 1 } }, /episode.ways is 0/],
    [{ episode: { ways: 2, shots: 1, queries: 1 }, sequenceLength: 5 }, /sequenceLength is 5; allowed: 4 with/],
    [{ outputScaling: "layer" } as never, /outputScaling is "layer"/],
    [{ drawSequence: false, labelLayout: "none" }, /labelLayout/],
    [{ drawSequence: false, labelFormat: "integer" }, /labelFormat/],
    [{ drawSequence: false, episode: { ways: 1, shots: 1 } }, /episode/],
    [{ generator: "torch", replacement: false }, /replacement is false; allowed: true with generator "torch"/],
    [{ generator: "torch", episode: { ways: 1, shots: 1 } }, /episode/],
    [
      { generator: "torch", drawSequence: false, samples: 2 ** 24 + 1 },
      /samples is 16777217; allowed: at most 2 \*\* 24/,
    ],
  ];
  test.each(cases.map(([options, message]) => [JSON.stringify(options), options, message] as const))(
    "%s",
    (_, options, message) => {
      expect(() => new TaskAugmentor(options)).toThrow(InvalidOptionError);
      expect(() => new TaskAugmentor(options)).toThrow(message);
    },
  );
});

describe("choices that do not fit the dataset are refused by name", () => {
  const cases: [TaskAugmentorOptions, RegExp][] = [
    [{ exampleRange: [2, 9] }, /exampleRange is \[2,9\]; allowed: within the 8 examples of eight/],
    [{ classSubset: [7] }, /classSubset is \[7\]; allowed: labels from 0 to 4 of eight/],
    [{ classSubset: [3], exampleRange: [4, 8] }, /classSubset is \[3\].*they have none/],
    [{ specialTokens: 65535 }, /specialTokens is 65535; allowed: at most 65531 with 5 classes/],
    [{ specialTokens: 65531, labelFormat: "integer" }, /specialTokens is 65531; allowed: at most 65530/],
    [{ episode: { ways: 6, shots: 1 } }, /episode.ways is 6; allowed: at most 5/],
    [
      { episode: { ways: 2, shots: 1 } },
      /episode.shots \+ episode.queries is 2; allowed: at most 0, the examples of class 4/,
    ],
    [{ episode: { ways: 2, shots: 2 }, classSubset: [0, 1] }, /is 3; allowed: at most 2, the examples of class 1/],
    [{ replacement: false, sequenceLength: 4, classSubset: [0] }, /sequenceLength is 4; allowed: at most 3/],
  ];
  test.each(cases.map(([options, message]) => [JSON.stringify(options), options, message] as const))(
    "%s",
    async (_, options, message) => {
      using tasks = new TaskAugmentor({
        sequenceLength: options.episode ? undefined : 2,
        ...options,
        workers: 0,
      } as never);
      await expect(tasks.transform(eight)).rejects.toThrow(InvalidOptionError);
      await expect(tasks.transform(eight)).rejects.toThrow(message);
    },
  );

  test("the notebook's scaling of float32 examples", async () => {
    const floats = Dataset.from({ images: Float32Array.of(1, 2), targets: [0, 1], shape: [1] });
    using tasks = new TaskAugmentor({ inputScaling: "notebook", workers: 0 });
    await expect(tasks.transform(floats)).rejects.toThrow(/inputScaling is "notebook"; allowed: "notebook" for uint8/);
  });
});

test('results never depend on batches: outputScaling "batch" is refused, and the error names the function instead', () => {
  const attempt = () => new TaskAugmentor({ outputScaling: "batch" as never });
  expect(attempt).toThrow(InvalidOptionError);
  expect(attempt).toThrow(
    'outputScaling is "batch"; allowed: "none", "example", "set" or "notebook"; for a batch by itself, call standardizeBatch(batch)',
  );
});
