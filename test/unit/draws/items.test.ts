import { expect, test } from "vitest";
import { listOf, runOf } from "../../../src/draws/items.js";
import { storeLabels, targetView } from "../../../src/draws/labels.js";
import type { Plan } from "../../../src/plan/plan.js";
import { plain } from "../support/plans.js";

test("a run is consecutive to its end", () => {
  const items = runOf(100, 5);
  expect([0, 1, 4].map((i) => [items.at(i), items.runFrom(i)])).toEqual([
    [100, 5],
    [101, 4],
    [104, 1],
  ]);
});

test("a list is consecutive as far as its numbers are", () => {
  const items = listOf(Float64Array.of(7, 8, 9, 3, 4, 4));
  expect(items.count).toBe(6);
  expect([0, 1, 2, 3, 4, 5].map((i) => items.runFrom(i))).toEqual([3, 2, 1, 2, 1, 1]);
});

/** A plan of `labels` label values and sequences of 3. */
const planOf = (labels: number) =>
  ({ ...plain, classes: labels, length: 3, labelFormat: "integer" }) as unknown as Plan;

test("targets begin at their item: bytes for up to 256 label values, else words", () => {
  const buffer = new ArrayBuffer(24);
  for (const [labels, width] of [
    [256, 1],
    [257, 2],
  ] as const) {
    const view = targetView(planOf(labels), buffer, 2);
    expect([view.BYTES_PER_ELEMENT, view.byteOffset]).toEqual([width, 6 * width]);
  }
});

test("given labels are bytes for up to 255 label values; no label is the value above all", () => {
  for (const [labels, View] of [
    [255, Uint8Array],
    [256, Uint16Array],
  ] as const) {
    const view = new View(4);
    storeLabels(planOf(labels), view.buffer, 1, Uint32Array.of(0, labels - 1, 0xffffffff));
    expect([...view]).toEqual([0, 0, labels - 1, labels]);
  }
});
