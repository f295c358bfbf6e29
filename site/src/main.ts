import { PARTS, type Part, readAddress, writeAddress } from "./page/address.js";
import { capabilities, remarkFor } from "./page/capabilities.js";
import { byId } from "./page/dom.js";
import { Tabs } from "./page/tabs.js";
import { startTheme } from "./page/theme.js";
import { Weave } from "./weave/weave.js";

const base = document.baseURI.replace(/[#?].*$/, "");
const has = capabilities();
const started = new Set<Part>();
let weave: Weave | undefined;

/** Parts are started when they are first shown: what they need is loaded then. */
const START: Record<Part, () => void | Promise<void>> = {
  weave() {
    weave = new Weave(base, readAddress().values, () => write("weave"));
  },
  async learn() {
    const { startLearn } = await import("./learn/learn.js");
    startLearn(base, has);
  },
  async measure() {
    const { startMeasure } = await import("./measure/measure.js");
    startMeasure(base, has);
  },
};

startTheme();
const tabs = new Tabs(byId("parts", HTMLElement).querySelector(".tabs") as Element, (id) => {
  const part = id.replace("tab-", "") as Part;
  show(part);
  write(part);
});
for (const part of PARTS) showRemark(part);
const { part } = readAddress();
tabs.select(`tab-${part}`);
show(part);
addEventListener("hashchange", () => {
  const address = readAddress();
  tabs.select(`tab-${address.part}`);
  show(address.part);
  if (address.part === "weave") weave?.go(address.values);
});

function show(part: Part): void {
  for (const other of PARTS) byId(other, HTMLElement).hidden = other !== part;
  if (started.has(part) || !has.simd) return;
  started.add(part);
  void START[part]();
}

function write(part: Part): void {
  if (!byId(part, HTMLElement).hidden) {
    writeAddress({ part, values: part === "weave" && weave ? weave.values : new URLSearchParams() });
  }
}

/** Says what a part does instead, where this browser lacks something. */
function showRemark(part: Part): void {
  const place = document.querySelector<HTMLElement>(`[data-for="${part}"]`);
  const remark = remarkFor(part, has);
  if (!place || !remark) return;
  place.textContent = remark;
  place.hidden = false;
  if (!has.simd) place.parentElement?.querySelector<HTMLElement>(".columns")?.setAttribute("hidden", "");
}
