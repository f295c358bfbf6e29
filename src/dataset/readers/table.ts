import { DatasetError } from "../../base/errors.js";
import type { Dataset } from "../dataset.js";
import type { Pixels } from "../tensor.js";
import { numbered } from "./labels.js";
import type { Numbers } from "./nd-array.js";
import { pixelsOf } from "./pixels.js";
import type { ReaderOptions } from "./reader-options.js";
import { makeDataset } from "./to-dataset.js";

/** Rows of numbers, one column of which holds the labels. */
export interface Table {
  readonly name: string;
  /** The names of the columns; undefined where the file has none. */
  readonly columns: readonly string[] | undefined;
  readonly columnCount: number;
  readonly rowCount: number;
  /** The numbers of all columns except some, row after row. */
  numbers(without: ReadonlySet<number>): { readonly values: Numbers; readonly type: string };
  /** The texts of all cells of a column. */
  texts(column: number): string[];
}

const LABEL_NAMES = ["label", "labels", "target", "class", "y", "species", "diagnosis", "category"];

/** Makes a dataset from a table. */
export function datasetOfTable(table: Table, fallback: string, options: ReaderOptions): Dataset {
  const { columnCount, rowCount, columns, name } = table;
  if (rowCount === 0) throw new DatasetError(name, "has no rows of data; at least one example is needed");
  const label = labelColumn(table, options.labels);
  // The index of a pandas table has an empty name.
  const skipped = new Set([label, ...(columns ?? []).flatMap((column, i) => (isIndex(column) && i === 0 ? [i] : []))]);
  const features = columnCount - skipped.size;
  if (features === 0) throw new DatasetError(name, "has a column of labels only; the values of the images are missing");
  const used = Math.min(rowCount, options.limit ?? rowCount);
  const { values, type } = table.numbers(skipped);
  const pixels = pixelsOf(values, type, { name, features, wanted: options.dtype }).subarray(
    0,
    used * features,
  ) as Pixels;
  const names = columns?.filter((_, i) => !skipped.has(i));
  const { targets, classNames } = labelsOf(table, label);
  const shape = (names && shapeOfNames(names)) ?? [features];
  return makeDataset({ pixels, shape, targets, used, classNames }, fallback, options);
}

function isIndex(column: string): boolean {
  return column === "" || /^unnamed: 0$/i.test(column) || column === "__index_level_0__";
}

/** @throws DatasetError when there is no such column, or none that is known for labels */
export function labelColumn(
  { name, columns, columnCount }: Pick<Table, "name" | "columns" | "columnCount">,
  asked: string | number | undefined,
): number {
  const numbers = `numbers from ${-columnCount} to ${columnCount - 1}`;
  const there = columns ? `its columns are ${listed(columns)}` : `it has ${columnCount} columns without names`;
  if (typeof asked === "string") {
    const found = columns?.indexOf(asked) ?? -1;
    if (found >= 0) return found;
    if (!/^-?\d+$/.test(asked)) throw new DatasetError(name, `has no column ${asked}; ${there}`);
  }
  if (asked !== undefined) {
    const at = Number(asked) < 0 ? Number(asked) + columnCount : Number(asked);
    if (at >= 0 && at < columnCount) return at;
    throw new DatasetError(name, `has no column ${asked}; allowed: ${numbers}; ${there}`);
  }
  const lower = columns?.map((column) => column.trim().toLowerCase()) ?? [];
  for (const known of LABEL_NAMES) if (lower.includes(known)) return lower.indexOf(known);
  throw new DatasetError(
    name,
    `does not say which column holds the labels: ${there}; give labels (--labels NAME, or a number such as 0 or -1)`,
  );
}

function listed(names: readonly string[]): string {
  return names.length <= 8
    ? names.join(", ")
    : `${names.slice(0, 5).join(", ")}, ... ${names.at(-1)} (${names.length})`;
}

/** Labels of a column: whole numbers, else texts. */
function labelsOf(table: Table, column: number) {
  const texts = table.texts(column);
  const empty = texts.indexOf("");
  if (empty >= 0) throw new DatasetError(table.name, `has no label in row ${empty} of its data; drop this row`);
  if (!texts.every((text) => /^[-+]?\d+(\.0*)?$/.test(text))) return numbered(texts);
  return { targets: texts.map(Number), classNames: undefined };
}

/**
 * The shape of images whose columns are named by their pixels: `1x1` to `28x28`, `pixel_0_0` to `pixel_7_7`, or `pixel0` to
 * `pixel783`, which is a square.
 */
export function shapeOfNames(names: readonly string[]): number[] | undefined {
  const places = names.map((name) => /^(?:pixel|px|p)?_?(\d+)[x_](\d+)$/i.exec(name));
  const last = places.at(-1);
  if (last && places.every(Boolean)) {
    const first = places[0] as RegExpExecArray;
    const height = Number(last[1]) - Number(first[1]) + 1;
    const width = Number(last[2]) - Number(first[2]) + 1;
    return height > 0 && width > 0 && height * width === names.length ? [height, width] : undefined;
  }
  const side = Math.sqrt(names.length);
  const isSquare = Number.isInteger(side) && names.length > 1;
  return isSquare && names.every((name) => /^(pixel|px)[_ ]?\d+$/i.test(name)) ? [side, side] : undefined;
}

/** Numbers of a table as the narrowest type: integers where all are. */
export function typeOfNumbers(values: Float64Array): { readonly values: Numbers; readonly type: string } {
  let whole = true;
  for (let i = 0; whole && i < values.length; i++) whole = Number.isInteger(values[i]);
  if (!whole) return { values, type: "float64" };
  const low = values.reduce((a, b) => Math.min(a, b), 0);
  const high = values.reduce((a, b) => Math.max(a, b), 0);
  if (low < -(2 ** 31) || high >= 2 ** 31) return { values, type: "float64" };
  return { values: Int32Array.from(values), type: "integers" };
}
