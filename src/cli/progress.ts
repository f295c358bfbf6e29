import { SingleBar } from "cli-progress";
import { formatBytes } from "../node/write/disk.js";
import { formatNumber } from "./report.js";

/** The bar on standard error, with rate, bytes and time left; in a log file a line every two seconds; or nothing. */
export class Progress {
  readonly #bar: SingleBar | undefined;
  readonly #unit: string;
  /** The count and the time at which the work began: the rate counts from them. */
  #start: { readonly done: number; readonly time: number } | undefined;

  /** @param unit what is counted: `"sequences"` */
  constructor(quiet: boolean, unit: string) {
    this.#unit = unit;
    if (quiet) return;
    this.#bar = new SingleBar({
      format: "{bar} {percentage}% | {value}/{total} | {rate} | {written} | {left} left",
      barCompleteChar: "█",
      barIncompleteChar: "░",
      hideCursor: true,
      noTTYOutput: true,
      notTTYSchedule: 2000,
      clearOnComplete: true,
    });
  }

  readonly update = (done: number, total: number, bytes: number): void => {
    const time = performance.now();
    const first = this.#start === undefined;
    this.#start ??= { done, time };
    const seconds = (time - this.#start.time) / 1000;
    const rate = seconds > 0 ? (done - this.#start.done) / seconds : 0;
    const payload = {
      rate: rate > 0 ? `${formatNumber(rate)} ${this.#unit}/s` : "starting",
      written: rate > 0 ? `${formatBytes(bytes)}, ${formatBytes(bytes / seconds)}/s` : formatBytes(bytes),
      left: rate > 0 ? formatDuration((total - done) / rate) : "?",
    };
    if (first) this.#bar?.start(total, done, payload);
    else this.#bar?.update(done, payload);
  };

  readonly stop = (): void => {
    if (this.#start) this.#bar?.stop();
  };
}

/** 3725 seconds become "1h 2m", 59.6 become "1m 0s". */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole}s`;
  if (whole < 3600) return `${Math.floor(whole / 60)}m ${whole % 60}s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 1440) return `${Math.floor(minutes / 60)}h ${minutes % 60}m`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)}d ${hours % 24}h`;
}
