import { printable } from "./printable.js";

/** The name of notices among the warnings of a process: `node --disable-warning=TaskloomNotice` leaves them out. */
export const NOTICE = "TaskloomNotice";

/**
 * Says something that a caller should know and that is no error: a warning of the process in Node and Deno, one of the
 * console in a browser.
 */
export function notice(text: string): void {
  const emit = globalThis.process?.emitWarning;
  if (emit) emit.call(globalThis.process, printable(text), { type: NOTICE });
  else console.warn(`${NOTICE}: ${printable(text)}`);
}
