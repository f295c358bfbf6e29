import { drawChart } from "../page/chart.js";
import { byId, html } from "../page/dom.js";
import { errorOf } from "./evaluate.js";
import type { Accuracy, Progress } from "./messages.js";
import { CLASSES, countText, LAST, LENGTH, TASK_COUNTS } from "./settings.js";

const CHANCE = 1 / CLASSES;

/** A share and its standard error: `68.1 % ± 0.9`. */
export function percent(share: number, error?: number): string {
  const value = `${(100 * share).toFixed(1)}\u00a0%`;
  return error === undefined ? value : `${value} \u00b1\u00a0${(100 * error).toFixed(1)}`;
}

/** Accuracy at each position on unseen tasks, beside the nearest neighbor and chance. */
export function drawPositions(unseen: Accuracy | undefined, neighbor: Accuracy | undefined): void {
  const points = (accuracy?: Accuracy) => Array.from(accuracy?.positions ?? [], (y, i) => [i + 1, y] as const);
  const at = (accuracy: Accuracy | undefined, position: number) => percent(accuracy?.positions[position - 1] ?? 0);
  drawChart(byId("l-positions", HTMLElement), {
    description: unseen
      ? `The model: ${at(unseen, 1)} at position 1, ${at(unseen, 10)} at 10, ${at(unseen, LENGTH)} at ${LENGTH}. ` +
        `Nearest neighbor: ${at(neighbor, 10)} at 10, ${at(neighbor, LENGTH)} at ${LENGTH}. Chance: ${percent(CHANCE)}.`
      : "No accuracy yet: train first.",
    x: {
      from: 1,
      to: LENGTH,
      ticks: [1, 8, 16, 24, 32].map((n) => [n, String(n)] as const),
      title: "position in the sequence",
    },
    lines: [
      {
        kind: "chance",
        label: "chance",
        points: [
          [1, CHANCE],
          [LENGTH, CHANCE],
        ],
      },
      { kind: "neighbor", label: "1-NN", points: points(neighbor) },
      {
        kind: "model",
        label: "model",
        points: points(unseen),
        errors: Array.from(unseen?.positions ?? [], (share) => errorOf(share, unseen?.n ?? 1)),
      },
    ],
  });
  byId("l-positions-caption", HTMLElement).textContent =
    `Unseen tasks, unseen images${unseen ? `, n = ${unseen.n} sequences` : ""}; the band is one standard error. ` +
    "1-NN answers with the label of the nearest projected image before.";
  drawTable(unseen, neighbor);
}

/** Accuracy of the last quarter of the positions, over the steps. */
export function drawProgress(history: readonly Progress[], neighbor: Accuracy | undefined, stopAt: number): void {
  const to = Math.max(stopAt, history.at(-1)?.step ?? 0, 1);
  const last = history.at(-1);
  const level = (y: number) =>
    [
      [0, y],
      [to, y],
    ] as const;
  drawChart(byId("l-progress", HTMLElement), {
    description: last
      ? `After ${last.step} steps: ${percent(last.unseen.last)} on unseen tasks, ${percent(last.trained.last)} on training tasks.`
      : "No accuracy yet: train first.",
    x: {
      from: 0,
      to,
      ticks: [0, 0.25, 0.5, 0.75, 1].map((share) => [share * to, String(Math.round(share * to))] as const),
      title: "training step",
    },
    lines: [
      { kind: "chance", label: "chance", points: level(CHANCE) },
      { kind: "neighbor", label: "1-NN", points: neighbor ? level(neighbor.last) : [] },
      { kind: "seen", label: "trained", points: history.map(({ step, trained }) => [step, trained.last] as const) },
      {
        kind: "model",
        label: "unseen",
        points: history.map(({ step, unseen }) => [step, unseen.last] as const),
        errors: history.map(({ unseen }) => unseen.error),
      },
    ],
  });
  byId("l-progress-caption", HTMLElement).textContent =
    `Mean of the last ${LAST} positions. Solid: tasks that it has never met. Dashed: its own training sequences, n = ${last?.trained.n ?? "\u2013"}.`;
}

/** What became of the runs of this visit. */
export interface Outcome {
  readonly tasks: number;
  readonly seed: number;
  readonly progress: Progress;
}

export function drawEffect(outcomes: readonly Outcome[]): void {
  const place = (tasks: number) => Math.max(0, TASK_COUNTS.indexOf(tasks));
  const words = outcomes.map(({ tasks, progress }) => {
    const { unseen, trained, step } = progress;
    return `${countText(tasks)}: ${percent(trained.last)} on training tasks, ${percent(unseen.last)} on unseen ones, after ${step} steps`;
  });
  const short = (tasks: number) =>
    tasks < 1000 ? String(tasks) : tasks < 1e6 ? `${Math.round(tasks / 1024)}k` : "new";
  drawChart(byId("l-effect", HTMLElement), {
    description: words.length ? `Different training tasks. ${words.join(". ")}.` : "No run yet.",
    x: {
      from: -0.4,
      to: TASK_COUNTS.length - 0.6,
      ticks: TASK_COUNTS.map((tasks, i) => [i, short(tasks)] as const),
      title: "different training tasks",
    },
    lines: [
      {
        kind: "chance",
        label: "chance",
        points: [
          [-0.4, CHANCE],
          [TASK_COUNTS.length - 0.6, CHANCE],
        ],
      },
      {
        kind: "seen",
        label: outcomes.length ? "trained" : "",
        dots: true,
        points: outcomes.map(({ tasks, progress }) => [place(tasks), progress.trained.last] as const),
      },
      {
        kind: "model",
        label: outcomes.length ? "unseen" : "",
        dots: true,
        points: outcomes.map(({ tasks, progress }) => [place(tasks), progress.unseen.last] as const),
      },
    ],
  });
  byId("l-effect-caption", HTMLElement).textContent =
    "A pair of dots for each run. With few tasks the model memorizes them: right on its own, at chance on new ones. With many it " +
    "cannot, and learns to learn. Move the slider, and train again.";
}

/** The numbers behind the first chart. */
function drawTable(unseen: Accuracy | undefined, neighbor: Accuracy | undefined): void {
  const head = html(
    "tr",
    {},
    ...["position", "model", "\u00b1", "1-NN"].map((text) => html("th", { scope: "col" }, text)),
  );
  const rows = Array.from(unseen?.positions ?? [], (share, i) => {
    const cells = [
      percent(share),
      (100 * errorOf(share, unseen?.n ?? 1)).toFixed(1),
      percent(neighbor?.positions[i] ?? 0),
    ];
    return html("tr", {}, html("th", { scope: "row" }, String(i + 1)), ...cells.map((text) => html("td", {}, text)));
  });
  const caption = html(
    "caption",
    {},
    `Accuracy by position${unseen ? `, n = ${unseen.n} unseen sequences` : ": train first"}`,
  );
  byId("l-table", HTMLTableElement).replaceChildren(caption, html("thead", {}, head), html("tbody", {}, ...rows));
}
