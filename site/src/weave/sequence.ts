import { hueOf } from "../page/dom.js";
import { colors, css } from "../page/theme.js";
import type { Woven } from "./make.js";
import { fullOf, signedColor } from "./pictures.js";

const HEAD = 22;
const GAP = 10;
const FOOT = 4;

/** Sizes in CSS pixels: of a row, of a cell of the one-hot, and of the three blocks. */
interface Layout {
  readonly row: number;
  readonly cell: number;
  readonly inputs: number;
  readonly cells: number;
  readonly target: number;
}

/** Draws a row for each position: its projected values, the label that it is given, and the target. */
export function drawSequence(canvas: HTMLCanvasElement, woven: Woven, available: number): void {
  const { length, values, cells } = woven;
  const row = Math.max(4, Math.min(18, Math.floor(400 / length)));
  const cell = cells === 0 ? 0 : Math.max(4, Math.min(14, Math.floor(180 / cells)));
  const target = 44;
  const rest = available - cell * cells - target - 2 * GAP;
  const inputs = Math.max(120, Math.min(rest, values * Math.max(1, Math.floor(rest / values))));
  const layout: Layout = { row, cell, inputs, cells: cell * cells, target };
  const width = inputs + GAP + layout.cells + (cells ? GAP : 0) + target;
  const height = HEAD + row * length + FOOT;
  const ratio = Math.max(1, Math.min(3, globalThis.devicePixelRatio || 1));
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  canvas.style.width = `${width}px`;
  canvas.style.height = `${height}px`;
  const context = canvas.getContext("2d");
  if (!context) return;
  context.scale(ratio, ratio);
  drawInputs(context, woven, layout);
  drawLabels(context, woven, layout);
  canvas.setAttribute("aria-label", description(woven));
}

function drawInputs(context: CanvasRenderingContext2D, { inputs, length, values, cells }: Woven, layout: Layout): void {
  const stride = values + cells;
  const projected = new Float32Array(length * values);
  for (let i = 0; i < length; i++) projected.set(inputs.subarray(i * stride, i * stride + values), i * values);
  const color = signedColor(fullOf(projected));
  const small = document.createElement("canvas");
  small.width = values;
  small.height = length;
  const image = new ImageData(values, length);
  projected.forEach((value, i) => {
    image.data.set([...color(value), 255], 4 * i);
  });
  small.getContext("2d")?.putImageData(image, 0, 0);
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, HEAD, layout.inputs, layout.row * length);
}

function drawLabels(context: CanvasRenderingContext2D, woven: Woven, layout: Layout): void {
  const { line, muted, ink, paper } = colors("line", "muted", "ink", "paper");
  const { length, values, cells, inputs, targets, permutation } = woven;
  const dark = ink[0] > paper[0];
  const shade = (label: number) => `oklch(${dark ? 0.78 : 0.58} 0.14 ${hueOf(label, permutation.length)})`;
  const left = layout.inputs + GAP;
  const right = left + layout.cells + (cells ? GAP : 0);
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = css(muted);
  context.fillText(`${values} projected values`, 0, 14);
  if (cells) context.fillText(layout.cells > 90 ? "label it is given" : "given", left, 14);
  context.fillText("target", right, 14);
  context.textBaseline = "middle";
  const edge = layout.row > 5 ? 1 : 0.5;
  for (let i = 0; i < length; i++) {
    const top = HEAD + i * layout.row;
    for (let c = 0; c < cells; c++) {
      const hot = inputs[i * (values + cells) + values + c] === 1;
      context.fillStyle = hot ? shade(c) : css(line);
      context.fillRect(left + c * layout.cell, top, layout.cell - edge, layout.row - edge);
    }
    const target = targets[i] ?? 0;
    context.fillStyle = shade(target);
    context.fillRect(right, top, 16, layout.row - edge);
    if (layout.row < 11) continue;
    context.fillStyle = css(ink);
    context.fillText(String(target), right + 22, top + layout.row / 2);
  }
}

/** The label that a position is given; undefined for none. */
export function givenAt({ inputs, values, cells }: Woven, position: number): number | undefined {
  const start = position * (values + cells) + values;
  const at = inputs.subarray(start, start + cells).indexOf(1);
  return at < 0 ? undefined : at;
}

function description(woven: Woven): string {
  const few = Array.from({ length: Math.min(8, woven.length) }, (_, i) => {
    const given = givenAt(woven, i);
    return `${i + 1}: ${given === undefined ? "no label" : `label ${given}`}, target ${woven.targets[i]}`;
  });
  const cells = woven.cells ? `, then the label it is given as one of ${woven.cells} cells` : "";
  return `${woven.length} rows, one for each position: ${woven.values} projected values${cells}, then the target. ${few.join("; ")}.`;
}
