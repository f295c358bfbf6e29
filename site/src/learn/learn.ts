import type { Capabilities } from "../page/capabilities.js";
import { byId, say } from "../page/dom.js";
import { THEME_EVENT } from "../page/theme.js";
import { drawAttention } from "./attention.js";
import { drawEffect, drawPositions, drawProgress, type Outcome, percent } from "./charts.js";
import { type Link, linkTrainer } from "./link.js";
import type { Accuracy, FromTrainer, Progress, Run } from "./messages.js";
import { countText, FIRST_UNSEEN, TASK_COUNTS } from "./settings.js";

/** Steps between two sentences for screen readers. */
const SPOKEN = 50;

/** The part in which a model trains. */
export function startLearn(base: string, has: Capabilities): void {
  new Learn(base, has);
}

class Learn {
  readonly #base: string;
  readonly #has: Capabilities;
  #link: Promise<Link> | undefined;
  #run: Run | undefined;
  #running = false;
  #history: Progress[] = [];
  #outcomes: Outcome[] = [];
  #neighbor: Accuracy | undefined;

  constructor(base: string, has: Capabilities) {
    this.#base = base;
    this.#has = has;
    byId("l-tasks", HTMLInputElement).max = String(TASK_COUNTS.length - 1);
    byId("learn-form", HTMLFormElement).addEventListener("submit", (event) => event.preventDefault());
    byId("learn-form", HTMLFormElement).addEventListener("input", () => this.#showForm());
    byId("l-go", HTMLButtonElement).addEventListener("click", () => void this.#go());
    byId("l-reset", HTMLButtonElement).addEventListener("click", () => void this.#begin());
    document.addEventListener(THEME_EVENT, () => this.#draw());
    this.#showForm();
    this.#draw();
    byId("l-go", HTMLButtonElement).disabled = false;
  }

  /** The run that the form asks for. */
  #wanted(): Run {
    const number = (id: string) => Number(byId(id, HTMLInputElement).value);
    const seed = Math.floor(number("l-seed"));
    return {
      tasks: TASK_COUNTS[number("l-tasks")] ?? FIRST_UNSEEN,
      seed: seed >= 0 && seed < 2 ** 32 ? seed : 0,
      stopAt: Math.max(1, Math.floor(number("l-steps")) || 1),
      where: byId("l-where", HTMLSelectElement).value as Run["where"],
    };
  }

  #isSame(): boolean {
    const wanted = this.#wanted();
    const { tasks, seed, where } = this.#run ?? {};
    return tasks === wanted.tasks && seed === wanted.seed && where === wanted.where;
  }

  async #go(): Promise<void> {
    if (this.#running) return (await this.#link)?.send({ kind: "stop" });
    if (!this.#run || !this.#isSame()) return this.#begin();
    const at = this.#history.at(-1)?.step ?? 0;
    const steps = byId("l-steps", HTMLInputElement);
    // Beyond the end of a run that is done, one goes on as far again.
    if (this.#wanted().stopAt <= at) steps.value = String(at + 200);
    this.#run = this.#wanted();
    this.#setRunning(true, "Training goes on.");
    (await this.#link)?.send({ kind: "go", stopAt: this.#run.stopAt });
  }

  async #begin(): Promise<void> {
    this.#run = this.#wanted();
    this.#history = [];
    this.#neighbor = undefined;
    this.#setRunning(true, "Loading TensorFlow.js and making tasks ...");
    this.#draw();
    this.#link ??= linkTrainer(this.#has.workers, (message) => this.#take(message));
    try {
      (await this.#link).send({ kind: "start", run: this.#run, base: this.#base });
    } catch (error) {
      this.#link = undefined;
      this.#take({ kind: "failed", message: String(error) });
    }
  }

  #take(message: FromTrainer): void {
    if (message.kind === "ready") {
      byId("l-engine", HTMLElement).textContent =
        `${message.engine}${this.#has.workers ? ", in a worker" : ", in the page"}.`;
      this.#neighbor = message.neighbor;
      this.#status(`Training on ${this.#tasksText()}.`);
    } else if (message.kind === "progress") this.#takeProgress(message.progress);
    else if (message.kind === "paused")
      this.#setRunning(false, `${message.done ? "Done" : "Stopped"}: ${this.#summary()}`);
    else this.#setRunning(false, `The training failed: ${message.message}`);
  }

  #takeProgress(progress: Progress): void {
    // A measurement between two periods, as where a person stopped, takes the place of none.
    if (this.#history.at(-1)?.step !== progress.step) this.#history.push(progress);
    const run = this.#run;
    if (run && progress.step > 0) {
      const { tasks, seed } = run;
      this.#outcomes = [
        ...this.#outcomes.filter((one) => one.tasks !== tasks || one.seed !== seed),
        { tasks, seed, progress },
      ];
    }
    if (progress.step > 0 && progress.step % SPOKEN === 0) say(this.#summary());
    this.#draw();
  }

  #draw(): void {
    const last = this.#history.at(-1);
    drawPositions(last?.unseen, this.#neighbor);
    drawProgress(this.#history, this.#neighbor, this.#run?.stopAt ?? this.#wanted().stopAt);
    drawEffect(this.#outcomes);
    drawAttention(last?.attention);
    const set = (id: string, text: string) => {
      byId(id, HTMLElement).textContent = text;
    };
    set("l-step", (last?.step ?? 0).toLocaleString("en-US"));
    set("l-seen", Math.min(last?.sequences ?? 0, this.#run?.tasks ?? 0).toLocaleString("en-US"));
    set("l-loss", last && last.step > 0 ? last.loss.toFixed(3) : "\u2013");
    set(
      "l-time",
      last && last.step > 0
        ? `${last.seconds.toFixed(1)} s, ${((1000 * last.seconds) / last.step).toFixed(0)} ms a step`
        : "\u2013",
    );
    if (last && last.step > 0)
      set("l-headline", `${percent(last.unseen.last, last.unseen.error)} on tasks that it has never met`);
  }

  /** The last measurement in words. */
  #summary(): string {
    const last = this.#history.at(-1);
    if (!last) return "nothing was measured.";
    const neighbor = this.#neighbor ? `; 1-NN ${percent(this.#neighbor.last)}, chance 20\u00a0%` : "";
    return (
      `after ${last.step} steps ${percent(last.unseen.last, last.unseen.error)} on unseen tasks (n = ${last.unseen.n})${neighbor}; ` +
      `${percent(last.trained.last)} on its training tasks.`
    );
  }

  #tasksText(): string {
    const tasks = this.#run?.tasks ?? FIRST_UNSEEN;
    return tasks === FIRST_UNSEEN ? "a new task for every sequence" : `${countText(tasks)} tasks, again and again`;
  }

  #status(text: string): void {
    byId("l-status", HTMLElement).textContent = text;
  }

  #setRunning(running: boolean, status: string): void {
    this.#running = running;
    this.#status(status);
    byId("l-reset", HTMLButtonElement).disabled = running || !this.#run;
    this.#showForm();
  }

  #showForm(): void {
    const { tasks } = this.#wanted();
    const text = countText(tasks);
    byId("l-tasks-text", HTMLOutputElement).textContent = text;
    byId("l-tasks", HTMLInputElement).setAttribute("aria-valuetext", text);
    byId("l-tasks-help", HTMLElement).textContent =
      tasks === FIRST_UNSEEN
        ? "Each task is trained on once: there is nothing to memorize."
        : `One sequence of each of ${text} tasks, again and again.`;
    const go = byId("l-go", HTMLButtonElement);
    go.textContent = this.#running ? "Stop" : this.#run && this.#isSame() ? "Continue" : "Start training";
  }
}
