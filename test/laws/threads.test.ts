import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { BackendError, Dataset, InvalidOptionError, openTasks, recipeOf, TaskAugmentor } from "taskloom";
import { describe, expect, test } from "vitest";
import { run, temporaryFolder } from "../support/cli.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const script = new URL("../../dist/worker.js", import.meta.url);

const images = Uint8Array.from({ length: 40 * 16 }, (_, i) => (i * 31 + 7) % 256);
const targets = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
const dataset = Dataset.from({ images, targets, shape: [4, 4] });
const options = { taskCount: 30, seed: 42, sequenceLength: 7 };

const digest = (inputs: ArrayBufferView) =>
  createHash("sha256")
    .update(new Uint8Array(inputs.buffer, inputs.byteOffset, inputs.byteLength))
    .digest("hex");
const weave = async (how: object) => {
  using tasks = new TaskAugmentor({ ...options, ...how });
  const { inputs } = await tasks.transform(dataset);
  return { digest: digest(inputs.data), ...(await tasks.describeBackend()) };
};
const right = weave({ backend: "wasm", workers: 0 });

/** Factories of workers that do not start. */
const broken: [name: string, createWorker: () => Worker, message: RegExp][] = [
  [
    "throws",
    () => {
      throw new TypeError("Failed to construct 'Worker': This document requires 'TrustedScriptURL' assignment.");
    },
    /a worker thread cannot be made: .*TrustedScriptURL.*createWorker.*workers: 0/,
  ],
  ["names no file", () => new Worker("/nowhere/worker.js"), /was lost: .*nowhere.*createWorker.*workers: 0/],
  ["runs another script", () => new Worker("process.exit(3)", { eval: true }), /ended with code 3/],
  [
    "throws in its script",
    () => new Worker("throw new Error('no such thing')", { eval: true }),
    /was lost: no such thing.*workers: 0/,
  ],
];

describe.each(broken)("a createWorker that %s", (_, createWorker, message) => {
  test("leaves the work to the calling thread where no number was given", async () => {
    for (const backend of ["wasm", "auto"] as const) {
      const made = await weave({ backend, createWorker });
      expect(made.digest).toBe((await right).digest);
      expect(made.reason).toMatch(/in the calling thread: /);
      expect(made.reason).toMatch(message);
    }
  });

  test("is said so before any work is done", async () => {
    using tasks = new TaskAugmentor({ ...options, backend: "wasm", createWorker });
    expect((await tasks.describeBackend()).reason).toMatch(message);
  });

  test("is an error where a number was given, and the augmentor can be used again", async () => {
    let healthy = false;
    const create = () => (healthy ? new Worker(script) : createWorker());
    using tasks = new TaskAugmentor({ ...options, backend: "wasm", workers: 2, createWorker: create });
    const failure = await tasks.transform(dataset).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(BackendError);
    expect(String(failure)).toMatch(message);
    healthy = true;
    expect(digest((await tasks.transform(dataset)).inputs.data)).toBe((await right).digest);
  });
});

test("createWorker makes the threads, of an augmentor and of an opened recipe", async () => {
  let made = 0;
  const createWorker = () => {
    made++;
    return new Worker(script);
  };
  const woven = await weave({ backend: "wasm", workers: 2, createWorker });
  expect(woven).toEqual({ ...(await right), reason: "asked for" });
  expect(made).toBeGreaterThan(0);
  const before = made;
  using tasks = new TaskAugmentor(options);
  const recipe = await recipeOf(tasks, dataset);
  const set = await openTasks(recipe, { dataset, backend: "wasm", workers: 1, createWorker });
  await set.at(3);
  await set.dispose();
  expect(made).toBe(before + 1);
});

test("what is no function, or makes no worker, is an option out of bounds", async () => {
  expect(() => new TaskAugmentor({ createWorker: "worker.js" as never })).toThrow(InvalidOptionError);
  using tasks = new TaskAugmentor({ ...options, backend: "wasm", workers: 1, createWorker: () => 5 as never });
  await expect(tasks.transform(dataset)).rejects.toThrow(/createWorker is .*allowed: a function that returns a Worker/);
});

describe("a copy of the package", () => {
  /** Runs a program beside a copy of dist/, with flags of Node. */
  const inCopy = async (folder: string, how: object, ...flags: string[]) => {
    const program = `
      import { Dataset, TaskAugmentor } from ${JSON.stringify(pathToFileURL(join(folder, "dist", "index.js")).href)};
      import { createHash } from "node:crypto";
      const images = Uint8Array.from({ length: 40 * 16 }, (_, i) => (i * 31 + 7) % 256);
      const targets = Uint8Array.from({ length: 40 }, (_, i) => i % 10);
      const dataset = Dataset.from({ images, targets, shape: [4, 4] });
      const tasks = new TaskAugmentor({ ...${JSON.stringify(options)}, ...${JSON.stringify(how)} });
      try {
        const { inputs } = await tasks.transform(dataset);
        const { reason } = await tasks.describeBackend();
        console.log(JSON.stringify({ digest: createHash("sha256").update(inputs.data).digest("hex"), reason }));
      } catch ({ name, code, message }) {
        console.log(JSON.stringify({ name, code, message }));
      }
    `;
    const file = join(folder, "program.mjs");
    writeFileSync(file, program);
    const { code, stdout, stderr } = await run(process.execPath, [...flags, file], { cwd: folder });
    expect(code, stderr).toBe(0);
    return JSON.parse(stdout);
  };
  const copy = () => {
    const folder = temporaryFolder();
    mkdirSync(folder, { recursive: true });
    cpSync(join(root, "dist"), join(folder, "dist"), { recursive: true });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    return folder;
  };

  test("without its worker script", async () => {
    const folder = copy();
    rmSync(join(folder, "dist", "worker.js"));
    const auto = await inCopy(folder, { backend: "auto" });
    expect(auto.digest).toBe((await right).digest);
    expect(auto.reason).toMatch(/in the calling thread: .*dist\/worker\.js.*a bundler left it out/);
    const asked = await inCopy(folder, { backend: "wasm", workers: 2 });
    expect(asked).toMatchObject({ name: "BackendError", code: "BACKEND" });
    expect(asked.message).toMatch(
      /did not start from file:.*worker\.js; likely cause: .*left it out.*; remedy: .*workers: 0/,
    );
  });

  test("under Node's permission model, without threads", async () => {
    const folder = copy();
    const flags = ["--experimental-permission", "--allow-fs-read=*"];
    const auto = await inCopy(folder, { backend: "wasm" }, ...flags);
    expect(auto.digest).toBe((await right).digest);
    expect(auto.reason).toMatch(/--allow-worker/);
    const asked = await inCopy(folder, { backend: "wasm", workers: 2 }, ...flags);
    expect(asked).toMatchObject({ name: "BackendError" });
    expect(asked.message).toMatch(/--allow-worker/);
  });
});

test("the kernel is in the package's main part and not in the worker's", () => {
  const kernel = readFileSync(join(root, "dist", "kernel.wasm"));
  const some = kernel.toString("base64").slice(3000, 3060);
  const holding = readdirSync(join(root, "dist")).filter(
    (file) => file.endsWith(".js") && readFileSync(join(root, "dist", file), "utf8").includes(some),
  );
  expect(holding).toHaveLength(1);
  expect(holding).not.toContain("worker.js");
});

describe("threads that have nothing to do", () => {
  test("end by themselves, of 40 augmentors that nobody disposes", async () => {
    const program = `
      import { setTimeout } from "node:timers/promises";
      import { Dataset, TaskAugmentor } from "taskloom";
      const threads = () => process.report.getReport().workers.length;
      const dataset = Dataset.from({ images: new Uint8Array(1600), targets: new Uint8Array(100), shape: [16] });
      const kept = [];
      const counts = {};
      for (let seed = 0; seed < 40; seed++) {
        const tasks = new TaskAugmentor({ taskCount: 8, seed, backend: "wasm", workers: 2 });
        kept.push(tasks);
        for await (const _ of tasks.batches(dataset, { batchSize: 2 }));
      }
      counts.used = threads();
      for (let waited = 0; waited < 20 && threads() > 0; waited++) await setTimeout(1000);
      counts.after = threads();
      await kept[7].transform(dataset); // and they start again
      counts.again = threads();
      console.log(JSON.stringify(counts));
    `;
    const { code, stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", program], {
      cwd: root,
    });
    expect(code, stderr).toBe(0);
    const { used, after, again } = JSON.parse(stdout);
    expect(used).toBeGreaterThan(2);
    expect(after).toBe(0);
    expect(again).toBeGreaterThan(0);
  });
});
