import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { expect, test } from "vitest";
import golden from "../../site/golden.json" with { type: "json" };
import { pythonWithNumpy } from "../support/python.js";
import { sha256 } from "../support/support.js";

const root = fileURLToPath(new URL("../..", import.meta.url));

test("site/golden.json is what NumPy makes", { tags: ["python"] }, () => {
  execFileSync(pythonWithNumpy(), ["scripts/make-site-golden.py", "--check"], { cwd: root, stdio: "pipe" });
});

test("site/golden.json is what the package makes of the page's slice of MNIST", async () => {
  const dataset = await mnist({ limit: 2000 });
  expect(await dataset.digest()).toBe(golden.dataset);
  const { seed, sequenceLength } = golden;
  const tasks = new TaskAugmentor({ taskCount: 2 ** 32, seed, sequenceLength, backend: "wasm", workers: 0 });
  for (const { task, inputs, targets } of golden.tasks) {
    const batch = await tasks.batch(dataset, task, task + 1);
    expect([sha256(batch.inputs.data), sha256(batch.targets.data)]).toEqual([inputs, targets]);
  }
  tasks.dispose();
});
