/** Control characters, line separators, and marks that turn the direction of text. */
const CONTROLS = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/gu;

/**
 * Text that a terminal shows as it is: control characters are written as JSON escapes, so that a name out of a file
 * cannot move the cursor, change colors or begin a line of its own.
 *
 * @example
 * ```ts
 * printable("a\u001b[2Jb"); // "a\\u001b[2Jb"
 * ```
 */
export function printable(text: string): string {
  return text.replace(CONTROLS, (character) => {
    const code = character.charCodeAt(0);
    return SHORT.get(code) ?? `\\u${code.toString(16).padStart(4, "0")}`;
  });
}

const SHORT = new Map([
  [0x09, "\\t"],
  [0x0a, "\\n"],
  [0x0d, "\\r"],
]);
