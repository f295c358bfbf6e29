import { DatasetError } from "../../base/errors.js";
import type { FileEntry } from "../../files/list.js";

const BLOCK = 512;

/**
 * Lists the files of a tar archive (ustar, pax, GNU) as views.
 *
 * @throws DatasetError for an archive that is damaged
 */
export function listTar(bytes: Uint8Array, name: string): FileEntry[] {
  const entries: FileEntry[] = [];
  let longName: string | undefined;
  for (let at = 0; at + BLOCK <= bytes.length; ) {
    const head = bytes.slice(at, at + BLOCK);
    if (head.every((byte) => byte === 0)) break;
    const size = sizeOf(head);
    const start = at + BLOCK;
    if (!Number.isSafeInteger(size) || start + size > bytes.length || checksumOf(head) !== octal(head, 148, 8)) {
      throw new DatasetError(name, `is a damaged tar archive at byte ${at}; download it again`);
    }
    const content = bytes.subarray(start, start + size);
    const type = String.fromCharCode(head[156] as number);
    if (type === "L") longName = textOf(content);
    else if (type === "x") longName = paxPath(content) ?? longName;
    else {
      const prefix = textOf(head.subarray(345, 500));
      const short = textOf(head.subarray(0, 100));
      const path = longName ?? (textOf(head.subarray(257, 262)) === "ustar" && prefix ? `${prefix}/${short}` : short);
      if (type === "0" || type === "\0" || type === "7") {
        const clean = path.replace(/^(\.\/)+/, "");
        entries.push({ path: clean, name: `${name}/${clean}`, open: async () => content });
      }
      if (type !== "g") longName = undefined;
    }
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
  return entries;
}

/** Text up to the first zero byte. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.slice(0, end < 0 ? bytes.length : end));
}

function octal(head: Uint8Array, start: number, length: number): number {
  const text = textOf(head.subarray(start, start + length)).trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || "0", 8) : Number.NaN;
}

/** The size of a file: octal digits, or binary where the first bit is set. */
function sizeOf(head: Uint8Array): number {
  if (((head[124] as number) & 0x80) === 0) return octal(head, 124, 12);
  return head.subarray(128, 136).reduce((size, byte) => size * 256 + byte, 0);
}

/** The sum of the bytes of a head, in which its own place counts as blanks. */
function checksumOf(head: Uint8Array): number {
  return head.reduce((sum, byte, i) => sum + (i >= 148 && i < 156 ? 32 : byte), 0);
}

/** The path among the records of a pax head: `length path=...\n`. */
function paxPath(content: Uint8Array): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(new TextDecoder().decode(content.slice()))?.[1];
}
