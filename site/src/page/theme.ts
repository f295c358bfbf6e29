import { byId } from "./dom.js";

const KEY = "taskloom-theme";
/** The event that tells canvases to draw themselves again. */
export const THEME_EVENT = "themechange";

/** Follows the system until a person chooses light or dark; the choice is kept in this browser. */
export function startTheme(): void {
  const button = byId("theme", HTMLButtonElement);
  const system = matchMedia("(prefers-color-scheme: dark)");
  let chosen = kept();
  const show = () => {
    const dark = chosen ? chosen === "dark" : system.matches;
    if (chosen) document.documentElement.dataset.theme = chosen;
    button.setAttribute("aria-pressed", String(dark));
    document.dispatchEvent(new Event(THEME_EVENT));
  };
  button.addEventListener("click", () => {
    chosen = button.getAttribute("aria-pressed") === "true" ? "light" : "dark";
    keep(chosen);
    show();
  });
  system.addEventListener("change", show);
  show();
}

/** Storage is refused in some frames and modes; the choice lasts as long as the page then. */
function kept(): string | undefined {
  try {
    const value = localStorage.getItem(KEY);
    return value === "dark" || value === "light" ? value : undefined;
  } catch {
    return undefined;
  }
}

function keep(value: string): void {
  try {
    localStorage.setItem(KEY, value);
  } catch {}
}

export type Rgb = readonly [red: number, green: number, blue: number];

/** The colors of the style sheet that canvases draw with, as they are in the present theme. */
export function colors<N extends string>(...names: N[]): Record<N, Rgb> {
  const probe = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const span = document.createElement("span");
  document.body.append(span);
  const entries = names.map((name) => {
    span.style.color = `var(--${name})`;
    if (!probe) return [name, [0, 0, 0]] as const;
    probe.fillStyle = getComputedStyle(span).color;
    probe.fillRect(0, 0, 1, 1);
    const [red = 0, green = 0, blue = 0] = probe.getImageData(0, 0, 1, 1).data;
    return [name, [red, green, blue]] as const;
  });
  span.remove();
  return Object.fromEntries(entries) as unknown as Record<N, Rgb>;
}

/** A color between two. */
export function mix(from: Rgb, to: Rgb, share: number): Rgb {
  return [0, 1, 2].map((i) => Math.round((from[i] ?? 0) + share * ((to[i] ?? 0) - (from[i] ?? 0)))) as unknown as Rgb;
}

/** A color as a canvas takes it. */
export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}
