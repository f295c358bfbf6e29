// What bench:growth varies, and what it holds still meanwhile.

const milliseconds = (point) => point.milliseconds;

/**
 * `options` are the augmentor's for a value; `examples` says which examples: MNIST itself, or made-up ones of so many
 * inputs or classes. `tasks` is how many a walk has: what takes long enough to be timed. `cost` is what grows, in `unit`;
 * where `memory` is set, the picture has a panel of that, too.
 */
export const SWEEPS = [
  {
    name: "tasks",
    title: "Tasks of a set",
    setting: "MNIST, sequences of 100, 784 inputs projected to 49 values, 10 classes",
    unit: "seconds for all tasks",
    values: [4, 6, 8, 10, 12, 14, 16].map((exponent) => 2 ** exponent),
    label: String,
    memory: true,
    cost: ({ x, milliseconds: ms }) => (x * ms) / 1000,
    // A sixteenth of the outputs, so that 2^16 tasks take seconds; what is asked is whether a task costs the same in any set.
    options: () => ({ outFeatures: 49 }),
    examples: () => ({}),
    tasks: (x) => x,
  },
  {
    name: "length",
    title: "Examples in a sequence",
    setting: "MNIST, 784 inputs projected to 784 values, 10 classes",
    unit: "milliseconds a task",
    values: [10, 32, 100, 316, 1000],
    label: String,
    cost: milliseconds,
    options: (x) => ({ sequenceLength: x }),
    examples: () => ({}),
    tasks: (x) => Math.round(256 * Math.min(2, 100 / x + 0.1)),
  },
  {
    name: "inputs",
    title: "Inputs of an example",
    setting: "made-up bytes, none of them zero, projected to as many values; sequences of 100, 10 classes",
    unit: "milliseconds a task",
    values: [64, 256, 784, 1024, 2048, 3072],
    label: String,
    cost: milliseconds,
    options: () => ({}),
    examples: (x) => ({ features: x }),
    tasks: (x) => Math.min(2048, Math.max(24, Math.round((128 * 784 ** 2) / x ** 2))),
  },
  {
    name: "classes",
    title: "Classes",
    setting: "images of MNIST, 784 inputs projected to 784 values, sequences of 100, labels by place in the dataset",
    unit: "milliseconds a task",
    values: [2, 10, 32, 100, 316, 1000],
    label: String,
    cost: milliseconds,
    options: () => ({}),
    examples: (x) => ({ classes: x }),
    tasks: () => 256,
  },
];
