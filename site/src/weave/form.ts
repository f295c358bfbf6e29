import { byId } from "../page/dom.js";
import { CHOICES, type Choice, ChoiceError, TASKS } from "./choice.js";

const FIELDS: Record<keyof Choice, HTMLInputElement | HTMLSelectElement> = Object.fromEntries(
  CHOICES.map((name) => [name, fieldOf(name)]),
) as Record<keyof Choice, HTMLInputElement | HTMLSelectElement>;

function fieldOf(name: string): HTMLInputElement | HTMLSelectElement {
  const element = byId(`w-${name}`, HTMLElement);
  if (element instanceof HTMLInputElement || element instanceof HTMLSelectElement) return element;
  throw new Error(`#w-${name} is no field`);
}

/** Shows a choice in the form. */
export function fillForm(choice: Choice): void {
  for (const name of CHOICES) FIELDS[name].value = choice[name];
  const more = CHOICES.slice(CHOICES.indexOf("out")).some((name) => choice[name] !== "");
  if (more) byId("w-more", HTMLDetailsElement).open = true;
}

/** The choice that the form shows. */
export function readForm(): Choice {
  return Object.fromEntries(CHOICES.map((name) => [name, FIELDS[name].value])) as unknown as Choice;
}

/** Calls a function when a person changes the form. */
export function onForm(change: () => void): void {
  const form = byId("weave-form", HTMLFormElement);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", (event) => {
    if (!byId("w-drop", HTMLElement).contains(event.target as Node)) change();
  });
  const go = (next: (task: number) => number) => {
    const now = Number(FIELDS.task.value.replace(/[,_ ]/g, ""));
    FIELDS.task.value = String(next(Number.isInteger(now) ? now : 0));
    change();
  };
  const click = (id: string, next: (task: number) => number) =>
    byId(id, HTMLButtonElement).addEventListener("click", () => go(next));
  click("w-previous", (task) => (task + TASKS - 1) % TASKS);
  click("w-next", (task) => (task + 1) % TASKS);
  click("w-any", () => crypto.getRandomValues(new Uint32Array(1))[0] ?? 0);
}

/** Shows what is wrong beside the field that it is in, if it is in one. */
export function showProblem(error: unknown): void {
  const place = byId("w-problem", HTMLElement);
  for (const name of CHOICES) FIELDS[name].removeAttribute("aria-invalid");
  place.hidden = error === undefined;
  byId("w-woven", HTMLElement).hidden = error !== undefined;
  if (error === undefined) return;
  place.textContent = error instanceof Error ? error.message : String(error);
  if (error instanceof ChoiceError) FIELDS[error.field].setAttribute("aria-invalid", "true");
}
