import { NOTICE } from "../base/notice.js";

/** Prints notices and other warnings of the process as one line each, in place of Node's own way, which has two. */
export function printNotices(): void {
  process.removeAllListeners("warning");
  process.on("warning", ({ name, message }) => {
    process.stderr.write(name === NOTICE ? `notice: ${message}\n` : `warning: ${name}: ${message}\n`);
  });
}
