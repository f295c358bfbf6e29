import { html, svg, withHue } from "../page/dom.js";

const STEP = 28;
const [TOP, BOTTOM, LEFT] = [44, 156, 16];
/** More threads than this cannot be told apart. */
const MOST = 40;

/** Draws a thread from each label, above, to what it becomes, below. */
export function showLabelMap(place: HTMLElement, permutation: Uint16Array, names?: readonly number[]): void {
  const shown = Math.min(MOST, permutation.length);
  const x = (label: number) => LEFT + label * STEP;
  const name = (label: number) => String(names?.[label] ?? label);
  const pairs = Array.from(permutation.subarray(0, shown), (to, from) => ({ from, to })).filter(({ to }) => to < shown);
  const words = pairs.map(({ from, to }) => `${name(from)} becomes ${to}`).join(", ");
  const width = 2 * LEFT + (shown - 1) * STEP;
  const middle = (TOP + BOTTOM) / 2;
  const threads = pairs.map(({ from, to }) => {
    const path = `M${x(from)} ${TOP + 8}C${x(from)} ${middle},${x(to)} ${middle},${x(to)} ${BOTTOM - 18}`;
    return withHue(svg("path", { class: "thread", d: path }), to, permutation.length);
  });
  const texts = Array.from({ length: shown }, (_, label) => [
    svg("text", { x: x(label), y: TOP }, name(label)),
    svg("text", { x: x(label), y: BOTTOM }, String(label)),
  ]);
  const drawing = svg(
    "svg",
    { viewBox: `0 0 ${Math.max(width, 200)} ${BOTTOM + 34}`, role: "img", "aria-label": `Label map: ${words}` },
    svg("text", { class: "side", x: 8, y: 16 }, "label in the dataset"),
    ...threads,
    ...texts.flat(),
    svg("text", { class: "side", x: 8, y: BOTTOM + 26 }, "label in this task"),
  );
  const more =
    permutation.length > shown ? html("p", { class: "muted" }, `The first ${shown} of ${permutation.length}.`) : "";
  place.replaceChildren(drawing, more);
}
