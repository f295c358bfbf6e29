import { Dataset, TaskAugmentor, type TaskAugmentorOptions } from "taskloom";
import { describe, expect, test } from "vitest";

const K = 6;
const dataset = Dataset.from({
  images: Uint8Array.from({ length: 40 * 5 }, (_, i) => (i * 37) % 256),
  targets: Array.from({ length: 40 }, (_, i) => (i * 5) % K),
  shape: [5],
  classes: K,
});

async function weave(options: TaskAugmentorOptions) {
  using tasks = new TaskAugmentor({
    seed: 3,
    taskCount: 4,
    samplesPerTask: 2,
    sequenceLength: 7,
    workers: 0,
    ...options,
  });
  const { inputs, targets, labels } = await tasks.transform(dataset);
  const width = inputs.shape[2] as number;
  return { targets, labels, inputs, width };
}

/** The label that the cells behind each input say, `undefined` for none; more than one cell is an error. */
function cellsOf({ inputs, width }: Awaited<ReturnType<typeof weave>>): (number | undefined)[] {
  return Array.from({ length: inputs.data.length / width }, (_, p) => {
    const cells = [...inputs.data.subarray(p * width + 5, (p + 1) * width)];
    expect(cells.every((cell) => cell === 0 || cell === 1)).toBe(true);
    const ones = cells.flatMap((cell, label) => (cell === 1 ? [label] : []));
    expect(ones.length).toBeLessThan(2);
    return ones[0];
  });
}

/** The labels that a layout should give, from the targets. */
function expected(targets: ArrayLike<number>, layout: string, start: number | undefined): (number | undefined)[] {
  return Array.from(targets, (own, p) => {
    if (layout === "query-last") return p % 7 === 6 ? undefined : own;
    return p % 7 === 0 ? start : targets[p - 1];
  });
}

const layouts: TaskAugmentorOptions[] = [
  { labelLayout: "shifted" },
  { labelLayout: "shifted", specialTokens: 2 },
  { labelLayout: "shifted", specialTokens: 2, startToken: 1 },
  { labelLayout: "query-last" },
  { labelLayout: "query-last", specialTokens: 1 },
];

describe.each(layouts.map((options) => [JSON.stringify(options), options] as const))("%s", (_, options) => {
  const { specialTokens = 0, startToken, labelLayout = "shifted" } = options;

  test("one-hots are those of the targets, raised", async () => {
    const plain = await weave({});
    const woven = await weave(options);
    expect(woven.width).toBe(5 + K + specialTokens);
    expect(woven.labels).toBeUndefined();
    expect([...woven.targets.data]).toEqual([...plain.targets.data].map((label) => label + specialTokens));
    expect(cellsOf(woven)).toEqual(expected(woven.targets.data, labelLayout, startToken ?? undefined));
  });

  test("integers are the same labels beside the same values, one more standing for none", async () => {
    const oneHot = await weave(options);
    const integers = await weave({ ...options, labelFormat: "integer" });
    const none = K + specialTokens;
    expect(integers.width).toBe(5);
    expect(integers.labels?.shape).toEqual([8, 7]);
    expect(integers.labels?.dtype).toBe("uint8");
    expect([...(integers.labels?.data ?? [])]).toEqual(cellsOf(oneHot).map((label) => label ?? none));
    expect(integers.targets).toEqual(oneHot.targets);
    for (let p = 0; p < 8 * 7; p++) {
      const values = oneHot.inputs.data.subarray(p * oneHot.width, p * oneHot.width + 5);
      expect(integers.inputs.data.subarray(p * 5, p * 5 + 5)).toEqual(values);
    }
  });
});

test("no labels: inputs alone", async () => {
  const plain = await weave({});
  for (const labelFormat of ["one-hot", "integer"] as const) {
    const woven = await weave({ labelLayout: "none", labelFormat });
    expect(woven.inputs.shape).toEqual([8, 7, 5]);
    expect(woven.labels).toBeUndefined();
    expect(woven.targets).toEqual(plain.targets);
  }
});

test("many label values are 16 bits, and threads give the same", async () => {
  const options = { specialTokens: 300, startToken: 299, labelFormat: "integer" } as const;
  const one = await weave(options);
  expect(one.targets.dtype).toBe("uint16");
  expect(one.labels?.dtype).toBe("uint16");
  expect(one.labels?.data[0]).toBe(299);
  expect(await weave({ ...options, workers: 2 })).toEqual(one);
});
