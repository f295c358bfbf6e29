import { html } from "../page/dom.js";
import type { Digest, Rate, Results, Row, Tensorflow, Throughput } from "./messages.js";

const GIGA_PER_MILLI = 1e6;

/** A number with so many digits that count, and commas. */
export function figure(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "\u2013";
  return Number(value.toPrecision(digits)).toLocaleString("en-US", { maximumSignificantDigits: digits });
}

/** Shows all results that there are. */
export function showResults(place: HTMLElement, results: Results): void {
  const parts = [
    results.digests && digestPart(results.digests),
    results.tasks && taskPart(results.tasks),
    results.fused && fusedPart(results.fused.rows, results.fused.kernel),
    results.variants && variantPart(results.variants),
    results.tfjs && tensorflowPart(results.tfjs, results),
    results.rates && ratePart(Object.values(results.rates.rates)),
  ];
  place.replaceChildren(...parts.filter((part) => part !== undefined));
}

function part(title: string, ...children: (Node | string)[]): HTMLElement {
  return html("section", {}, html("h3", {}, title), ...children);
}

type Cell = Node | string;

function table(label: string, head: readonly string[], rows: readonly (readonly Cell[])[]): HTMLElement {
  const cell = (value: Cell, i: number) => (i === 0 ? html("th", { scope: "row" }, value) : html("td", {}, value));
  const body = rows.map((row) => html("tr", {}, ...row.map(cell)));
  const header = html("thead", {}, html("tr", {}, ...head.map((text) => html("th", { scope: "col" }, text))));
  return html(
    "section",
    { class: "scroll", tabindex: 0, "aria-label": label },
    html("table", {}, header, html("tbody", {}, ...body)),
  );
}

function digestPart(digests: readonly Digest[]): HTMLElement {
  const lines = digests.map(({ task, backend, same }) => {
    const mark = html("span", { class: same ? "match" : "differs" }, same ? "the golden bits" : "OTHER BITS");
    return [`${backend}, task ${task.toLocaleString("en-US")}`, mark];
  });
  return part("Digests", table("Digests", ["golden task", "SHA-256 of its values"], lines));
}

function taskPart(tasks: readonly Throughput[]): HTMLElement {
  const big = html("dl", { class: "big" });
  for (const { backend, tasksPerSecond } of tasks) {
    big.append(html("div", {}, html("dt", {}, `tasks/s, ${backend}`), html("dd", {}, figure(tasksPerSecond))));
  }
  const note = html("p", { class: "muted" }, "Tasks of 100 MNIST examples, 784 \u00d7 784, made and left in memory.");
  return part("Tasks a second", big, note);
}

function fusedPart(rows: readonly Row[], kernel: string): HTMLElement {
  const lines = rows.map(({ stage, milliseconds, tasks = 1, rate, unit, floor }) => {
    const share = floor ? floor.milliseconds / milliseconds : undefined;
    const bar = html("span", { class: "bar", "aria-hidden": "true" });
    bar.style.width = `${Math.min(100, 100 * (share ?? 0))}px`;
    const cells: Cell[] = [stage, figure(milliseconds / tasks), `${figure(rate)} ${unit}`];
    return [
      ...cells,
      floor?.bound ?? "",
      share === undefined ? "" : html("span", {}, bar, ` ${figure(100 * share, 2)} %`),
    ];
  });
  const head = ["stage", "ms a task", "rate", "bound by", "share of the floor"];
  return part(
    "The fused kernel and its stages",
    html("p", { class: "muted" }, `The kernel: ${kernel}.`),
    table("Stages", head, lines),
  );
}

function variantPart(variants: NonNullable<Results["variants"]>): HTMLElement {
  const chosen = variants.find((variant) => variant.chosen)?.milliseconds ?? Number.NaN;
  const lines = variants.map(({ name, milliseconds, chosen: is }) => {
    return [is ? html("b", {}, name) : name, figure(milliseconds), figure(milliseconds / chosen)];
  });
  return part(
    "Variants of the kernel",
    table("Variants", ["variant; the chosen one bold", "ms a task", "times the chosen"], lines),
  );
}

function tensorflowPart({ version, products, task }: Tensorflow, { tasks }: Results): HTMLElement {
  const gpu = tasks?.find(({ backend }) => backend === "GPU");
  const ours = gpu ? 1000 / gpu.tasksPerSecond : undefined;
  const times = (milliseconds: number) => (ours === undefined ? "" : figure(milliseconds / ours));
  const lines: Cell[][] = [
    ["Taskloom, whole task", ours === undefined ? "" : figure(ours), times(ours ?? Number.NaN)],
    ["tfjs, products of a task alone, the matrix given", figure(products), times(products)],
    ["tfjs, whole task, deviates drawn in JavaScript", figure(task), times(task)],
  ];
  return part(
    `TensorFlow.js ${version} on the same adapter`,
    table("TensorFlow.js", ["what", "ms a task", "times Taskloom"], lines),
  );
}

function ratePart(rates: readonly Rate[]): HTMLElement {
  const lines = rates.map(({ what, unit, perMillisecond, plateau }) => {
    return [what, `${figure(perMillisecond / GIGA_PER_MILLI)} ${unit}`, plateau ? "yes" : "no"];
  });
  return part("Rates of the adapter", table("Rates", ["what", "rate", "plateau"], lines));
}
