/**
 * A list of tabs by the pattern of ARIA: one of them is in the order of the Tab key, and the arrow keys, Home and End move
 * between them. `onSelect` is called with the id of the tab that a person selects.
 */
export class Tabs {
  readonly #tabs: readonly HTMLElement[];
  readonly #onSelect: (id: string) => void;

  constructor(list: Element, onSelect: (id: string) => void) {
    this.#tabs = [...list.querySelectorAll<HTMLElement>('[role="tab"]')];
    this.#onSelect = onSelect;
    for (const tab of this.#tabs) {
      tab.addEventListener("click", () => this.#choose(tab));
      tab.addEventListener("keydown", (event) => this.#key(event, tab));
    }
  }

  /** Marks a tab as the selected one, without a call of `onSelect`. */
  select(id: string): void {
    for (const tab of this.#tabs) {
      tab.setAttribute("aria-selected", String(tab.id === id));
      tab.tabIndex = tab.id === id ? 0 : -1;
    }
  }

  #choose(tab: HTMLElement): void {
    this.select(tab.id);
    this.#onSelect(tab.id);
  }

  #key(event: KeyboardEvent, tab: HTMLElement): void {
    const at = this.#tabs.indexOf(tab);
    const count = this.#tabs.length;
    const places: Record<string, number> = {
      ArrowRight: (at + 1) % count,
      ArrowLeft: (at + count - 1) % count,
      Home: 0,
      End: count - 1,
    };
    const next = this.#tabs[places[event.key] ?? -1];
    if (!next) return;
    event.preventDefault();
    next.focus();
    this.#choose(next);
  }
}
