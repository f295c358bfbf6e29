/** The element of this id. @throws Error where the page has none of this kind. */
export function byId<E extends HTMLElement>(id: string, kind: { new (): E; readonly name: string }): E {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`);
  return element;
}

type Child = Node | string | undefined;

/** An HTML element with attributes and children; children that are undefined are left out. */
export function html<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(name), attributes, children);
}

/** An SVG element, like `html`. */
export function svg<K extends keyof SVGElementTagNameMap>(
  name: K,
  attributes: Record<string, string | number> = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill<E extends Element>(element: E, attributes: Record<string, string | number>, children: Child[]): E {
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Gives an element a hue. A style attribute would need a weaker content security policy. */
export function withHue<E extends HTMLElement | SVGElement>(element: E, label: number, classes: number): E {
  element.style.setProperty("--hue", String(hueOf(label, classes)));
  return element;
}

/** The hue of a label, in degrees. */
export function hueOf(label: number, classes: number): number {
  return Math.round((25 + (360 * label) / Math.max(1, classes)) % 360);
}

/** Says something to users of screen readers. */
export function say(text: string): void {
  byId("said", HTMLElement).textContent = text;
}

/** Calls a function once things have been quiet for so many milliseconds. */
export function debounced(milliseconds: number, call: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, milliseconds);
  };
}
