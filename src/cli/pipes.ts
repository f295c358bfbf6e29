import { printable } from "../base/printable.js";
import { EXIT } from "./report.js";

/**
 * Lets a command go on, and end as it would, where nobody reads its output any more: `taskloom ... | head -1` closes standard
 * output, a closed terminal both. What is written after that is dropped. A full disk behind standard output is a failure.
 */
export function acceptClosedPipes(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE" && stream === process.stdout) {
        process.exitCode = EXIT.failed;
        process.stderr.write(`error: standard output cannot be written: ${printable(error.message)}\n`);
      }
      stream.write = ((_: unknown, encoding?: unknown, done?: unknown) => {
        const callback = typeof encoding === "function" ? encoding : done;
        if (typeof callback === "function") queueMicrotask(() => callback());
        return true;
      }) as typeof stream.write;
    });
  }
}
