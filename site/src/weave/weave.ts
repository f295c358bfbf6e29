import type { Dataset } from "taskloom";
import { npyHeader } from "../../../src/store/npy.js";
import golden from "../../golden.json";
import type { Files, Place, Reading } from "../data/place.js";
import { slice } from "../data/slices.js";
import { copy, download } from "../page/clipboard.js";
import { byId, debounced } from "../page/dom.js";
import { Tabs } from "../page/tabs.js";
import { THEME_EVENT } from "../page/theme.js";
import { type Choice, choiceOf, optionsOf, valuesOf } from "./choice.js";
import { shell, typescript } from "./code.js";
import { startDrop } from "./drop.js";
import { fillForm, onForm, readForm, showProblem } from "./form.js";
import { showLabelMap } from "./label-map.js";
import { type Woven, weaveTask } from "./make.js";
import { showPairs } from "./pairs.js";
import { python } from "./python.js";
import { drawSequence } from "./sequence.js";

/** Milliseconds without another letter before a task is made. */
const PAUSE = 60;

/** The part that shows a task, and how to make it elsewhere. */
export class Weave {
  readonly #base: string;
  readonly #onState: (values: URLSearchParams) => void;
  #source: { dataset: Dataset; place: Place } | undefined;
  #shown: { woven: Woven; dataset: Dataset; texts: Record<string, string> } | undefined;
  #code = "code-recipe";
  #turn = 0;

  /** @param onState is told the values of the address when a person changes the form */
  constructor(base: string, values: URLSearchParams, onState: (values: URLSearchParams) => void) {
    this.#base = base;
    this.#onState = onState;
    fillForm(choiceOf(values));
    const soon = debounced(PAUSE, () => void this.#update());
    onForm(soon);
    startDrop({
      take: ({ dataset, files }, reading) => this.#take(dataset, files, reading),
      reset: () => void this.#reset(),
      fail: showProblem,
    });
    new Tabs(byId("w-code", HTMLElement).parentElement as Element, (id) => this.#showCode(id));
    this.#startButtons();
    document.addEventListener(THEME_EVENT, () => this.#draw());
    new ResizeObserver(debounced(50, () => this.#drawSequence())).observe(byId("weave", HTMLElement));
    void this.#reset();
  }

  /** Takes the state of an address that a person went to. */
  go(values: URLSearchParams): void {
    if (valuesOf(readForm()).toString() === values.toString()) return;
    fillForm(choiceOf(values));
    void this.#update();
  }

  /** The values of the address. */
  get values(): URLSearchParams {
    return valuesOf(readForm());
  }

  async #reset(): Promise<void> {
    try {
      this.#take(await slice("train", this.#base), undefined, {});
    } catch (error) {
      showProblem(error);
    }
  }

  #take(dataset: Dataset, files: Files | undefined, reading: Reading): void {
    const { shape, dtype, classes } = dataset;
    this.#source = { dataset, place: { files, reading, examples: dataset.length, shape, dtype, classes } };
    const what = files ? dataset.name : "digits of MNIST";
    const count = dataset.length.toLocaleString("en-US");
    byId("w-dataset", HTMLElement).textContent =
      `${count} ${files ? "examples of " : ""}${what}, ${shape.join(" \u00d7 ")}`;
    byId("w-mnist", HTMLButtonElement).hidden = files === undefined;
    void this.#update();
  }

  /** Makes the chosen task and shows it. Of several updates under way only the last one is shown. */
  async #update(): Promise<void> {
    const turn = ++this.#turn;
    const source = this.#source;
    if (!source) return;
    const choice = readForm();
    try {
      const options = optionsOf(choice);
      this.#onState(valuesOf(choice));
      const woven = await weaveTask(source.dataset, options);
      if (turn !== this.#turn) return;
      const { recipe } = woven;
      const insecure =
        "A page that is neither on https: nor on localhost has no hash function, and a recipe needs one.";
      const texts = {
        "code-recipe": recipe ? `${JSON.stringify(recipe, null, 2)}\n` : insecure,
        "code-typescript": typescript(options, source.place),
        "code-python": python(source.place),
        "code-shell": shell(options, source.place),
      };
      this.#shown = { woven, dataset: source.dataset, texts };
      showProblem(undefined);
      this.#draw();
      this.#write(choice);
    } catch (error) {
      if (turn === this.#turn) showProblem(error);
    }
  }

  #draw(): void {
    if (!this.#shown) return;
    const { woven, dataset } = this.#shown;
    showPairs(byId("w-pairs", HTMLElement), woven, dataset);
    showLabelMap(byId("w-map", HTMLElement), woven.permutation, dataset.originalLabels);
    this.#drawSequence();
  }

  #drawSequence(): void {
    const canvas = byId("w-sequence", HTMLCanvasElement);
    const available = canvas.parentElement?.clientWidth ?? 0;
    if (this.#shown && available > 0) drawSequence(canvas, this.#shown.woven, available);
  }

  /** Writes all texts that say what is shown. */
  #write(choice: Choice): void {
    if (!this.#shown) return;
    const { woven, dataset } = this.#shown;
    const set = (id: string, text: string) => {
      byId(id, HTMLElement).textContent = text;
    };
    const one = dataset.features.toLocaleString("en-US");
    const kept = choice.project === "identity";
    const matrix = kept
      ? "no matrix"
      : `a matrix of ${woven.values.toLocaleString("en-US")} \u00d7 ${one} random numbers`;
    set("w-title", `Task ${woven.task.toLocaleString("en-US")}`);
    set("w-sentence", `${woven.length} examples, ${matrix}, ${woven.permutation.length} labels.`);
    set(
      "w-sequence-caption",
      `One row for each position, ${woven.values + woven.cells} numbers: this is all that the model is given. ` +
        "It answers each row with a label, and is told the right one in the row after.",
    );
    set("w-inputs-digest", woven.digests?.inputs ?? "not in a page without https:");
    set("w-targets-digest", woven.digests?.targets ?? "not in a page without https:");
    this.#compare();
    this.#showCode(this.#code);
  }

  /** Says whether a golden task has the golden digests. */
  #compare(): void {
    const { woven } = this.#shown ?? {};
    const place = byId("w-golden", HTMLElement);
    const { recipe, digests } = woven ?? {};
    const golds = recipe && isGolden(recipe) ? golden.tasks.filter(({ task }) => task === woven?.task) : [];
    place.replaceChildren();
    for (const gold of golds) {
      const same = digests?.inputs === gold.inputs && digests.targets === gold.targets;
      const mark = document.createElement("span");
      mark.className = same ? "match" : "differs";
      mark.textContent = same ? "The same bits" : "NOT the same bits";
      place.append(mark, " as the independent implementation in NumPy made of this task.");
    }
    if (golds.length === 0)
      place.textContent = "taskloom inspect prints the same digests for the files of the command.";
  }

  #showCode(id: string): void {
    this.#code = id;
    const place = byId("w-code", HTMLElement);
    place.textContent = this.#shown?.texts[id] ?? "";
    place.setAttribute("aria-labelledby", id);
  }

  #startButtons(): void {
    const on = (id: string, call: (button: HTMLButtonElement) => void) => {
      const button = byId(id, HTMLButtonElement);
      button.addEventListener("click", () => call(button));
    };
    on("w-copy", (button) => void copy(button, this.#shown?.texts[this.#code] ?? ""));
    on("w-link", (button) => void copy(button, location.href));
    on("w-save-recipe", () => {
      download("recipe.json", [this.#shown?.texts["code-recipe"] ?? ""], "application/json");
    });
    on("w-save-inputs", () => this.#save("inputs"));
    on("w-save-targets", () => this.#save("targets"));
  }

  #save(which: "inputs" | "targets"): void {
    const { woven } = this.#shown ?? {};
    if (!woven) return;
    const { length, values, cells, inputs, targets } = woven;
    const [data, dtype, shape] =
      which === "inputs"
        ? ([inputs, "float32", [1, length, values + cells]] as const)
        : ([targets, targets instanceof Uint8Array ? "uint8" : "uint16", [1, length]] as const);
    download(`${which}.npy`, [npyHeader(dtype, shape), data as BlobPart]);
  }
}

/** True for the sets that the golden digests are of. */
function isGolden(recipe: NonNullable<Woven["recipe"]>): boolean {
  const { dataset, seed, preset, sequenceLength, outFeatures, replacement, identity, labelLayout, outputScaling } =
    recipe;
  const plain = !identity.projection && !identity.permutation && labelLayout === "shifted" && outputScaling === "none";
  const all = !recipe.classSubset && !recipe.episode && preset === "notebook" && replacement && outFeatures === 784;
  const same =
    dataset.digest === golden.dataset && seed === String(golden.seed) && sequenceLength === golden.sequenceLength;
  return plain && all && same;
}
