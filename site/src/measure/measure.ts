import type { Capabilities } from "../page/capabilities.js";
import { copy, download } from "../page/clipboard.js";
import { byId, say } from "../page/dom.js";
import { type FromMeasure, MEASURES, type Measure, type Order, type Results, type Setting } from "./messages.js";
import { reportOf } from "./report.js";
import { showResults } from "./tables.js";

/** The part that measures the visitor's GPU. */
export function startMeasure(base: string, has: Capabilities): void {
  new Measurement(base, has);
}

class Measurement {
  readonly #base: string;
  readonly #has: Capabilities;
  #worker: Worker | undefined;
  #running = false;
  #asked: Measure[] = [];
  #setting: Setting | undefined;
  #results: Results = {};
  #problems: string[] = [];
  #finished = false;

  constructor(base: string, has: Capabilities) {
    this.#base = base;
    this.#has = has;
    byId("measure-form", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    byId("m-go", HTMLButtonElement).addEventListener("click", () =>
      this.#running ? this.#stop() : void this.#start(),
    );
    const copyButton = byId("m-copy", HTMLButtonElement);
    copyButton.addEventListener("click", () => void copy(copyButton, this.#json()));
    byId("m-download", HTMLButtonElement).addEventListener("click", () => {
      download("taskloom-measurement.json", [this.#json()], "application/json");
    });
    void this.#showAdapter();
    byId("m-go", HTMLButtonElement).disabled = false;
  }

  /** Says what there is to measure, before anything is. */
  async #showAdapter(): Promise<void> {
    const adapter = this.#has.webgpu
      ? await navigator.gpu.requestAdapter({ powerPreference: "high-performance" }).catch(() => null)
      : null;
    if (this.#setting) return;
    const { vendor = "", architecture = "", description = "" } = adapter?.info ?? {};
    const name = [vendor, architecture, description].filter((text) => text !== "").join(", ");
    byId("m-adapter", HTMLElement).textContent = adapter
      ? `Found: ${name || "an adapter without a name"}.`
      : "There is no WebGPU adapter here: WebAssembly alone is measured.";
  }

  async #start(): Promise<void> {
    const form = new FormData(byId("measure-form", HTMLFormElement));
    const chosen = form.getAll("part").map(String);
    this.#asked = MEASURES.filter((part) => chosen.includes(part));
    this.#results = {};
    this.#problems = [];
    this.#setting = undefined;
    this.#finished = false;
    this.#show();
    if (this.#asked.length === 0) return this.#setRunning(false, "Nothing is chosen: tick what to measure.");
    this.#setRunning(true, "Starting ...");
    const order: Order = { base: this.#base, parts: this.#asked, cores: this.#has.cores, webgpu: this.#has.webgpu };
    if (!this.#has.workers) {
      const { measure } = await import("./run.js");
      return measure(order, (message) => this.#take(message));
    }
    this.#worker = new Worker(new URL("./measure-worker.js", import.meta.url), { type: "module" });
    this.#worker.addEventListener("message", ({ data }: MessageEvent<FromMeasure>) => this.#take(data));
    this.#worker.addEventListener("error", (event) => {
      event.preventDefault();
      this.#take({ kind: "problem", text: event.message || "the worker could not be started" });
      this.#take({ kind: "done" });
    });
    this.#worker.postMessage(order);
  }

  /** Ends the worker, whatever it does: what it has reported stays. */
  #stop(): void {
    this.#end();
    this.#setRunning(false, "Stopped. What was measured until then is below.");
  }

  #end(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
  }

  #take(message: FromMeasure): void {
    if (message.kind === "setting") this.#setting = message.setting;
    else if (message.kind === "step") this.#status(`Measuring: ${message.text} ...`);
    else if (message.kind === "result") Object.assign(this.#results, message.results);
    else if (message.kind === "problem") this.#problems.push(message.text);
    else {
      this.#finished = true;
      this.#end();
      const problems = this.#problems.length > 0 ? ` Problems: ${this.#problems.join("; ")}` : "";
      this.#setRunning(false, `Done.${problems}`);
      say("The measurement is done.");
    }
    if (message.kind !== "step") this.#show();
  }

  #show(): void {
    showResults(byId("m-results", HTMLElement), this.#results);
    byId("m-save", HTMLElement).hidden = Object.keys(this.#results).length === 0;
    if (!this.#setting) return;
    const { adapter, why, clock } = this.#setting;
    const name =
      adapter && [adapter.vendor, adapter.architecture, adapter.device, adapter.description].filter(Boolean).join(", ");
    const software = adapter?.software
      ? " This is a program on the CPU, not a GPU: its figures show that the measurement works, and nothing about GPUs."
      : "";
    byId("m-adapter", HTMLElement).textContent = adapter
      ? `${name}; times by ${clock === "host clock" ? "the host's clock, over long batches" : clock}.${software}`
      : `No GPU: ${why}. WebAssembly alone is measured.`;
  }

  #json(): string {
    const found = {
      setting: this.#setting,
      asked: this.#asked,
      finished: this.#finished,
      results: this.#results,
      problems: this.#problems,
    };
    return `${JSON.stringify(reportOf(found, this.#has.cores), null, 2)}\n`;
  }

  #status(text: string): void {
    byId("m-status", HTMLElement).textContent = text;
  }

  #setRunning(running: boolean, status: string): void {
    this.#running = running;
    this.#status(status);
    byId("m-go", HTMLButtonElement).textContent = running ? "Stop" : "Start measuring";
  }
}
