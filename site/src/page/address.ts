/** The parts of the page. */
export const PARTS = ["weave", "learn", "measure"] as const;
export type Part = (typeof PARTS)[number];

/** The state of the page in its address: `#weave?task=7&seed=42`. */
export interface Address {
  readonly part: Part;
  readonly values: URLSearchParams;
}

export function readAddress(hash: string = location.hash): Address {
  const [name = "", query = ""] = hash.replace(/^#/, "").split("?", 2);
  const part = PARTS.find((known) => known === name) ?? "weave";
  return { part, values: new URLSearchParams(query) };
}

/** Writes the state into the address, in place of the last one: every letter that is typed would be a step back otherwise. */
export function writeAddress({ part, values }: Address): void {
  const query = values.toString();
  history.replaceState(null, "", query ? `#${part}?${query}` : `#${part}`);
}
