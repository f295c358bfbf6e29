// node examples/learnability/learnability.mjs [sequences, default 256] [picture, or "features"; default none]
//
// Can the tasks be learnt in context? Two classifiers predict the label at each position of a sequence from what lies
// before it; docs/learnability.md says what should come out. Prints their accuracies, and draws them as SVG. With "features"
// the examples are float32 features, and the same in 16 and in 8 bits.
import { writeFile } from "node:fs/promises";
import { TaskAugmentor } from "taskloom";
import { mnist } from "taskloom/node";
import { drawCurves } from "./chart.mjs";
import { CLASSIFIERS, curve, gain, judge } from "./classifiers.mjs";
import { FEATURE_SETTINGS, SETTINGS } from "./settings.mjs";

const LENGTH = 100;
const SHOWN = [1, 5, 10, 25, 50, 100];

const [sequences = "256", second] = process.argv.slice(2);
const ofFeatures = second === "features";
const picture = ofFeatures ? undefined : second;
const pixels = await mnist();
const curves = [];
for (const { name, options, relabel, examples } of ofFeatures ? FEATURE_SETTINGS : SETTINGS) {
  const dataset = examples ? examples(pixels) : pixels;
  const tasks = new TaskAugmentor({ ...options, taskCount: Number(sequences), seed: 42, sequenceLength: LENGTH });
  const right = Object.fromEntries(Object.keys(CLASSIFIERS).map((classifier) => [classifier, []]));
  for await (const batch of tasks.batches(dataset, { batchSize: 16 })) {
    const judged = judge(relabel ? await relabel(batch, dataset.classes) : batch, dataset.classes);
    for (const [classifier, values] of Object.entries(judged)) right[classifier].push(...values);
  }
  tasks.dispose();
  for (const [classifier, values] of Object.entries(right)) {
    const all = Uint8Array.from(values);
    curves.push({ setting: name, classifier, shares: curve(all, LENGTH), gain: gain(all, LENGTH) });
  }
}

const cells = (values) => values.map((value) => String(value).padStart(7)).join("");
console.log(`accuracy in percent at position ${cells(SHOWN).slice(2)}   last quarter less first`);
for (const { setting, classifier, shares, gain } of curves) {
  const percent = (share) => (100 * share).toFixed(1);
  const label = `${setting}, ${classifier}`.padEnd(49).slice(0, 49);
  const quarters = `${percent(gain.mean)} +- ${percent(gain.standardError)}`;
  console.log(`${label}${cells(SHOWN.map((position) => percent(shares[position - 1])))}   ${quarters}`);
}
if (picture) await writeFile(picture, drawCurves(curves, { length: LENGTH, sequences, chance: 1 / pixels.classes }));
