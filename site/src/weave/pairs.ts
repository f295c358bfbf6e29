import type { Dataset } from "taskloom";
import { html, withHue } from "../page/dom.js";
import type { Woven } from "./make.js";
import { drawImage, drawSigned, fullOf, imageSize, squareFor } from "./pictures.js";

/** Examples that are shown one by one. */
const SHOWN = 20;

/** Fills a list with the first examples: the image, what the model sees of it, and both labels. */
export function showPairs(list: HTMLElement, woven: Woven, dataset: Dataset): void {
  const size = imageSize(dataset.shape);
  const projected = woven.values === dataset.features && size.channels === 1 ? size : squareFor(woven.values);
  const stride = woven.values + woven.cells;
  const high = dataset.dtype === "uint8" ? 1 : woven.originals.reduce((a, b) => Math.max(a, b), Number.MIN_VALUE);
  const names = dataset.originalLabels;
  const items = Array.from({ length: Math.min(SHOWN, woven.length) }, (_, i) => {
    const image = html("canvas", { "aria-hidden": "true" });
    drawImage(image, woven.originals.subarray(i * dataset.features, (i + 1) * dataset.features), size, high);
    const values = woven.inputs.subarray(i * stride, i * stride + woven.values);
    const projection = html("canvas", { "aria-hidden": "true" });
    drawSigned(projection, values, projected, fullOf(values));
    const [old = 0, now = 0] = [woven.labels[i], woven.targets[i]];
    const after = withHue(html("b", { class: "new" }, String(now)), now, woven.permutation.length);
    const text = html("p", {}, html("span", { class: "old" }, String(names?.[old] ?? old)));
    text.append(
      html("span", { "aria-hidden": "true" }, " \u2192 "),
      html("span", { class: "hidden" }, " becomes "),
      after,
    );
    return html("li", {}, image, projection, text);
  });
  list.replaceChildren(...items);
}
