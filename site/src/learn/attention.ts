import { byId } from "../page/dom.js";
import { colors, mix } from "../page/theme.js";
import { percent } from "./charts.js";
import type { Attention } from "./messages.js";
import { LAST, LENGTH } from "./settings.js";

/** The weight that has the full color. */
const FULL = 0.35;

/** Draws what each position of one unseen sequence attends to: in one color the examples of its class, in another the rest. */
export function drawAttention(attention: Attention | undefined): void {
  const canvas = byId("l-attention", HTMLCanvasElement);
  canvas.width = LENGTH;
  canvas.height = LENGTH;
  const context = canvas.getContext("2d");
  if (!context) return;
  const { zero, accent, warm, sunk } = colors("zero", "accent", "warm", "sunk");
  const image = context.createImageData(LENGTH, LENGTH);
  for (let t = 0; t < LENGTH; t++) {
    for (let j = 0; j < LENGTH; j++) {
      const weight = attention?.weights[t * LENGTH + j] ?? 0;
      const same = j > 0 && attention?.targets[j - 1] === attention?.targets[t];
      const color = j > t ? sunk : mix(zero, same ? accent : warm, Math.min(1, weight / FULL));
      image.data.set([...color, 255], 4 * (t * LENGTH + j));
    }
  }
  context.putImageData(image, 0, 0);
  const caption = byId("l-attention-caption", HTMLElement);
  if (!attention) {
    caption.textContent = "Row t shows what position t of one unseen sequence looks at. Train first.";
    return;
  }
  const numbers = `${percent(attention.right)} of the weight of the last ${LAST} positions lies on earlier examples of the right class; even attention would put ${percent(attention.even)} there`;
  canvas.setAttribute("aria-label", `Attention of one unseen sequence, ${LENGTH} by ${LENGTH}. Of all: ${numbers}.`);
  caption.textContent = `Row t shows what position t of one unseen sequence looks at: blue, examples of its own class; red, of others. Over all of them, ${numbers}.`;
}
