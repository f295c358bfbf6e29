import type { Reading } from "../data/place.js";
import { byId } from "../page/dom.js";

const NAMES = ["split", "images", "labels", "shape", "resize"] as const;

/** The options of the readers that the form holds; empty fields are left out. */
export function readReading(): Reading {
  const given = NAMES.map((name) => [name, fieldOf(name).value.trim()] as const).filter(([, text]) => text !== "");
  return Object.fromEntries(given.map(([name, text]) => [name, parse(name, text)]));
}

/** Empties the fields and shows or hides them. */
export function resetReading(shown: boolean): void {
  for (const name of NAMES) fieldOf(name).value = "";
  showReading(shown);
}

export function showReading(shown: boolean): void {
  byId("w-reading", HTMLElement).hidden = !shown;
}

/** Calls a function when a person has changed one of the fields. */
export function onReading(change: () => void): void {
  for (const name of NAMES) fieldOf(name).addEventListener("change", change);
}

function fieldOf(name: (typeof NAMES)[number]): HTMLInputElement | HTMLSelectElement {
  const id = `r-${name}`;
  return name === "split" ? byId(id, HTMLSelectElement) : byId(id, HTMLInputElement);
}

/** The readers check the values, and say what is allowed. */
function parse(name: (typeof NAMES)[number], text: string): string | number | number[] {
  if (name === "shape" || name === "resize") return text.split(/\s*[,x\u00d7]\s*/).map(Number);
  return name === "labels" && /^-?\d+$/.test(text) ? Number(text) : text;
}
