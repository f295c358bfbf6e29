import { DatasetError, describe } from "../../base/errors.js";
import type { FileEntry } from "../../files/list.js";
import type { Dataset } from "../dataset.js";
import { sniff } from "../sniff.js";
import { readEntry } from "./contents.js";
import type { ReaderOptions } from "./reader-options.js";
import { refuseOptions } from "./refuse.js";
import { datasetOfTable, type Table, typeOfNumbers } from "./table.js";

/** Bytes of cells that are looked at to find the separator and the header. */
const HEAD = 2 ** 16;

/** Reads a dataset from a table of text: values, and a column of labels. */
export async function readCsvEntry(entry: FileEntry, fallback: string, options: ReaderOptions): Promise<Dataset> {
  refuseOptions(options, "CSV", ["images", "channelsFirst"]);
  const { bytes, name } = await readEntry(entry, options);
  const { format, name: kind, remedy } = sniff(bytes);
  if (format !== "text") throw new DatasetError(name, `is ${kind}, not CSV${remedy ? `; ${remedy}` : ""}`);
  return datasetOfTable(parseCsv(bytes, name), fallback, options);
}

/** Takes a cell: its row and column, the bytes that it takes without quotation marks, and whether it holds doubled ones. */
type Visit = (row: number, column: number, from: number, to: number, doubled: boolean) => void;

/** The quotation mark. */
const QUOTE = 34;

/** A cell that is no byte: the values need a wider type. */
const WIDER = Symbol("wider");

/**
 * Parses CSV (RFC 4180): separated by commas, semicolons or tabs, with or without a header, quotation marks and a byte order
 * mark. Empty lines are skipped.
 *
 * @throws DatasetError where rows have different lengths, or a quotation mark has no end
 */
export function parseCsv(given: Uint8Array, name: string): Table {
  const bytes = given[0] === 0xef && given[1] === 0xbb && given[2] === 0xbf ? given.subarray(3) : given;
  const separator = separatorOf(bytes);
  const head: string[][] = [[], []];
  const { rowCount, columnCount } = scan(bytes, separator, name, (row, column, from, to, doubled) => {
    const line = head[row];
    if (line) line[column] = textOf(bytes, from, to, doubled);
  });
  const [first = [], second] = head;
  const isHeader = rowCount > 0 && looksLikeHeader(first, rowCount > 1 ? second : undefined);
  const start = isHeader ? 1 : 0;
  const columns = isHeader ? first.map((column) => column.trim()) : undefined;

  const fill = (values: Uint8Array | Float64Array, without: ReadonlySet<number>) => {
    const narrow = values instanceof Uint8Array;
    let at = 0;
    scan(bytes, separator, name, (row, column, from, to, doubled) => {
      if (row < start || without.has(column)) return;
      const digits = digitsOf(bytes, from, to);
      if (narrow && !(digits >= 0 && digits <= 255)) throw WIDER;
      values[at++] =
        digits >= 0
          ? digits
          : numberOf(textOf(bytes, from, to, doubled), name, row - start, columns?.[column] ?? column);
    });
    return values;
  };
  return {
    name,
    columns,
    columnCount,
    rowCount: rowCount - start,
    numbers(without) {
      const length = (rowCount - start) * (columnCount - without.size);
      try {
        return { values: fill(new Uint8Array(length), without) as Uint8Array, type: "uint8" };
      } catch (cause) {
        if (cause !== WIDER) throw cause;
        return typeOfNumbers(fill(new Float64Array(length), without) as Float64Array);
      }
    },
    texts(wanted) {
      const texts: string[] = [];
      scan(bytes, separator, name, (row, column, from, to, doubled) => {
        if (row >= start && column === wanted) texts.push(textOf(bytes, from, to, doubled).trim());
      });
      return texts;
    },
  };
}

/** The separator that is most frequent in the first line. */
function separatorOf(bytes: Uint8Array): number {
  const end = bytes.indexOf(10);
  const line = bytes.subarray(0, Math.min(HEAD, end < 0 ? bytes.length : end));
  const count = (separator: number) => line.reduce((sum, byte) => sum + Number(byte === separator), 0);
  const [comma, semicolon, tab] = [44, 59, 9] as const;
  return [semicolon, tab].reduce<number>((best, one) => (count(one) > count(best) ? one : best), comma);
}

/** Visits all cells in order, and counts rows and columns. */
function scan(bytes: Uint8Array, separator: number, name: string, visit: Visit) {
  const end = bytes.length;
  let columnCount = 0;
  let row = 0;
  for (let at = 0, line = 1; at < end; line++) {
    if (bytes[at] === 10 || (bytes[at] === 13 && (at + 1 === end || bytes[at + 1] === 10))) {
      at += bytes[at] === 10 ? 1 : 2;
      continue;
    }
    let column = 0;
    let tooMany = false;
    for (let more = true; more; column++) {
      tooMany = row > 0 && column === columnCount;
      if (tooMany) break;
      let from = at;
      let to = -1;
      let doubled = false;
      if (bytes[at] === QUOTE) {
        from = ++at;
        for (; at < end && (bytes[at] !== QUOTE || bytes[at + 1] === QUOTE); at++) {
          if (bytes[at] !== QUOTE) continue;
          doubled = true;
          at++;
        }
        if (at >= end) throw new DatasetError(name, `has a quotation mark without an end in line ${line}`);
        to = at++;
      }
      while (at < end && bytes[at] !== separator && bytes[at] !== 10) at++;
      if (to < 0) to = at > from && bytes[at - 1] === 13 ? at - 1 : at;
      visit(row, column, from, to, doubled);
      more = at < end && bytes[at] === separator;
      at++;
    }
    if (row === 0) columnCount = column;
    if (tooMany || column !== columnCount) {
      const found = tooMany ? `more than ${columnCount} cells` : `${column} cells`;
      throw new DatasetError(
        name,
        `has ${found} in line ${line}, and ${columnCount} in its first; it is damaged, or no table`,
      );
    }
    row++;
  }
  return { rowCount: row, columnCount: Math.max(1, columnCount) };
}

function textOf(bytes: Uint8Array, from: number, to: number, doubled: boolean): string {
  const text = new TextDecoder().decode(bytes.slice(from, to));
  return doubled ? text.replaceAll('""', '"') : text;
}

/** A header has names where data has numbers. */
function looksLikeHeader(first: readonly string[], second: readonly string[] | undefined): boolean {
  const isNumber = (text = "") => text.trim() !== "" && Number.isFinite(Number(text));
  if (first.every((text) => !isNumber(text))) return second === undefined || second.some(isNumber);
  return second !== undefined && first.some((text, column) => !isNumber(text) && isNumber(second[column]));
}

/** The number that a few digits are, as most cells; -1 for anything else. */
function digitsOf(bytes: Uint8Array, from: number, to: number): number {
  if (to === from || to - from > 9) return -1;
  let value = 0;
  for (let i = from; i < to; i++) {
    const digit = (bytes[i] as number) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

/** @throws DatasetError for text that is no number */
function numberOf(text: string, name: string, row: number, column: string | number): number {
  const trimmed = text.trim();
  const value = Number(trimmed);
  if (trimmed !== "" && !Number.isNaN(value)) return value;
  if (/^[-+]?nan$/i.test(trimmed)) return Number.NaN;
  if (/^[-+]?inf$/i.test(trimmed)) return trimmed.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const found = trimmed === "" ? "no value" : describe(trimmed);
  throw new DatasetError(name, `has ${found} in row ${row}, column ${column}, where a number is expected`);
}
