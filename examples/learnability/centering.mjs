// node examples/learnability/centering.mjs [sequences, default 256]
//
// What the mean image hides: two classifiers on the same tasks, with and without the transform Center;
// docs/learnability.md says what should come out. Prints their accuracies.
import { Center, TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { curve, judge, linearAttention, nearestNeighbour } from "./classifiers.mjs";

const LENGTH = 100;
const SHOWN = [1, 5, 10, 25, 50, 100];
const CLASSIFIERS = { "1-nearest neighbor": nearestNeighbour, "linear attention": linearAttention };

const [sequences = "256"] = process.argv.slice(2);
const plain = await mnist();
const datasets = { "as it is": plain, centered: plain.transform(Center.of(plain)) };
console.log(`accuracy in percent at position ${SHOWN.join(", ")}; mean of the last quarter`);
for (const preset of ["notebook", "paper"]) {
  for (const [name, dataset] of Object.entries(datasets)) {
    const tasks = new TaskAugmentor({ preset, taskCount: Number(sequences), seed: 42, sequenceLength: LENGTH });
    const right = Object.fromEntries(Object.keys(CLASSIFIERS).map((classifier) => [classifier, []]));
    for await (const batch of tasks.batches(dataset, { batchSize: 16 })) {
      const judged = judge(batch, dataset.classes, CLASSIFIERS);
      for (const [classifier, values] of Object.entries(judged)) right[classifier].push(...values);
    }
    tasks.dispose();
    for (const [classifier, values] of Object.entries(right)) {
      const shares = [...curve(Uint8Array.from(values), LENGTH)];
      const last = shares.slice(-LENGTH / 4).reduce((sum, share) => sum + share) / (LENGTH / 4);
      const percent = [...SHOWN.map((position) => shares[position - 1]), last].map((share) => (100 * share).toFixed(1));
      console.log(`${preset}, ${name}, ${classifier}`.padEnd(44) + percent.map((text) => text.padStart(6)).join(""));
    }
  }
}
