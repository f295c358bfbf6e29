import { svg } from "./dom.js";

/** A line of a chart, in the units of its axes. */
export interface Line {
  /** Its class in the style sheet: `model`, `neighbor`, `chance` or `seen`. */
  readonly kind: string;
  readonly label: string;
  readonly points: readonly (readonly [x: number, y: number])[];
  /** The standard error of each point, drawn as a band. */
  readonly errors?: readonly number[];
  /** Dots instead of a line. */
  readonly dots?: boolean;
}

export interface Chart {
  readonly description: string;
  readonly x: {
    readonly from: number;
    readonly to: number;
    readonly ticks: readonly (readonly [number, string])[];
    readonly title: string;
  };
  readonly lines: readonly Line[];
}

const [WIDTH, HEIGHT] = [440, 270];
const BOX = { left: 42, right: 358, top: 12, bottom: 222 };
/** The least distance between two labels. */
const APART = 15;
const TICKS = [0, 0.2, 0.4, 0.6, 0.8, 1];

/** Draws shares from 0 to 100 % as SVG, each line with its name at its end. */
export function drawChart(place: HTMLElement, { description, x, lines }: Chart): void {
  const across = (value: number) => round(BOX.left + ((value - x.from) / (x.to - x.from)) * (BOX.right - BOX.left));
  const up = (share: number) => round(BOX.bottom - share * (BOX.bottom - BOX.top));
  const grid = TICKS.flatMap((share) => [
    svg("path", { class: share === 0 ? "axis" : "grid", d: `M${BOX.left} ${up(share)}H${BOX.right}` }),
    svg("text", { class: "end", x: BOX.left - 7, y: up(share) + 4 }, `${Math.round(100 * share)}%`),
  ]);
  const ticks = x.ticks.flatMap(([value, text]) => [
    svg("path", { class: "axis", d: `M${across(value)} ${BOX.bottom}v4` }),
    svg("text", { class: "mid", x: across(value), y: BOX.bottom + 18 }, text),
  ]);
  const title = svg("text", { class: "mid", x: (BOX.left + BOX.right) / 2, y: BOX.bottom + 38 }, x.title);
  const shapes = lines.filter(({ points }) => points.length > 0).flatMap((line) => shapesOf(line, across, up));
  place.replaceChildren(
    svg(
      "svg",
      { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": description },
      ...[...grid, ...ticks, title, ...shapes, ...labelsOf(lines, up)],
    ),
  );
}

type Scale = (value: number) => number;

function shapesOf({ kind, points, errors, dots }: Line, across: Scale, up: Scale): SVGElement[] {
  if (dots) return points.map(([x, y]) => svg("circle", { class: `dot-${kind}`, cx: across(x), cy: up(y), r: 5 }));
  const path = (line: readonly (readonly [number, number])[]) =>
    line.map(([x, y]) => `${across(x)} ${up(y)}`).join("L");
  const line = svg("path", { class: `line ${kind}`, d: `M${path(points)}` });
  if (!errors) return [line];
  const edge = (sign: number) => points.map(([x, y], i) => [x, clamp(y + sign * (errors[i] ?? 0))] as const);
  return [svg("path", { class: "band", d: `M${path([...edge(1), ...edge(-1).reverse()])}Z` }), line];
}

/** The names of lines beside their ends, moved apart where they would lie on each other. */
function labelsOf(lines: readonly Line[], up: Scale): SVGElement[] {
  const named = lines
    .filter(({ label, points }) => label && points.length > 0)
    .map(({ kind, label, points }) => ({ kind, label, y: up(points.at(-1)?.[1] ?? 0) + 4 }))
    .sort((a, b) => a.y - b.y);
  for (const [i, one] of named.entries()) {
    const before = named[i - 1];
    if (before) one.y = Math.max(one.y, before.y + APART);
  }
  return named.map(({ kind, label, y }) => svg("text", { class: `label-${kind}`, x: BOX.right + 8, y }, label));
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
