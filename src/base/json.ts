/** Levels of nesting that a document may have. The deepest that Taskloom writes has about ten. */
const MAX_DEPTH = 64;

/**
 * Parses JSON that somebody else may have written.
 *
 * @throws SyntaxError when the text is not JSON or is nested deeper than 64 levels: functions that call themselves,
 *   `JSON.stringify` among them, run out of stack on deeper values
 */
export function parseNested(text: string): unknown {
  const value: unknown = JSON.parse(text);
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) throw new SyntaxError(`nested deeper than ${MAX_DEPTH} levels`);
    const next: unknown[] = [];
    for (const parent of level) {
      if (typeof parent !== "object" || parent === null) continue;
      for (const child of Array.isArray(parent) ? parent : Object.values(parent)) {
        if (typeof child === "object" && child !== null) next.push(child);
      }
    }
    level = next;
  }
  return value;
}
