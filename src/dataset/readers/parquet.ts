import { DatasetError, describe } from "../../base/errors.js";
import type { FileEntry } from "../../files/list.js";
import type { Dataset } from "../dataset.js";
import { product, sameShape, shapeText } from "../tensor.js";
import { type Content, readEntry } from "./contents.js";
import { decodeImages, type Images } from "./images.js";
import { numbered } from "./labels.js";
import { type Column, chooseColumns } from "./parquet-columns.js";
import { ParquetFile } from "./parquet-file.js";
import { pixelsOf } from "./pixels.js";
import type { ReaderOptions } from "./reader-options.js";
import { refuseOptions } from "./refuse.js";
import { datasetOfTable, typeOfNumbers } from "./table.js";
import { makeDataset } from "./to-dataset.js";

/**
 * Reads a dataset from Parquet files of one schema, one after the other: a column of PNG or JPEG images, as Hugging Face
 * serves them, or of lists of numbers, or a table of numbers.
 */
export async function readParquetEntries(
  entries: readonly FileEntry[],
  source: string,
  fallback: string,
  options: ReaderOptions,
): Promise<Dataset> {
  refuseOptions(options, "Parquet", ["channelsFirst"]);
  const files: ParquetFile[] = [];
  for (const entry of entries) files.push(new ParquetFile(await readEntry(entry, options)));
  const [first] = files;
  if (!first) throw new DatasetError(source, "has no Parquet files");
  const names = first.columns.map(({ name }) => name).join();
  const other = files.find(({ columns }) => columns.map(({ name }) => name).join() !== names);
  if (other) throw new DatasetError(other.name, `has other columns than ${first.name}; give files of one dataset`);
  const { images, labels } = chooseColumns(first.columns, first.features, first.name, options);
  const rowCount = files.reduce((sum, file) => sum + file.rowCount, 0);
  if (rowCount === 0) throw new DatasetError(source, "has no rows; at least one example is needed");
  const texts = await labelTexts(files, labels);
  if (!images) return table(files, labels, texts, fallback, options);
  const used = Math.min(rowCount, options.limit ?? rowCount);
  const { targets, classNames } = texts.every((text) => /^-?\d+$/.test(text))
    ? { targets: texts.map(Number), classNames: first.features.labels.get(labels.name) }
    : numbered(texts);
  const parts = { targets, used, classNames };
  if (images.kind === "list") {
    const { pixels, shape } = await lists(files, images.name, used, options);
    return makeDataset({ pixels, shape, ...parts }, fallback, options);
  }
  const { pixels, shape }: Images = await decodeImages(contents(files, images, used), used, source, options);
  const { resize: _, ...others } = options;
  return makeDataset({ pixels, shape, ...parts }, fallback, others);
}

/** The labels of all rows as texts. */
async function labelTexts(files: readonly ParquetFile[], { name }: Column): Promise<string[]> {
  const texts: string[] = [];
  for (const file of files) {
    for (const value of await file.read(name, 0, file.rowCount)) {
      const isLabel =
        typeof value === "string" || typeof value === "bigint" || typeof value === "boolean" || Number.isInteger(value);
      if (!isLabel) {
        throw new DatasetError(
          file.name,
          `has ${describe(value)} in row ${texts.length} of the column ${name}; labels are integers or texts`,
        );
      }
      texts.push(typeof value === "boolean" ? String(Number(value)) : String(value));
    }
  }
  return texts;
}

/** The values of a column in the first rows of all files, group by group. */
async function* rowsOf(files: readonly ParquetFile[], column: string, count: number) {
  let row = 0;
  for (const file of files) {
    const { groups } = file;
    for (let group = 0; group + 1 < groups.length && row < count; group++) {
      const start = groups[group] as number;
      const stop = Math.min(groups[group + 1] as number, start + count - row);
      for (const value of await file.read(column, start, stop)) yield { file, value, row: row++ };
    }
  }
}

/** The encoded images of a column. */
async function* contents(files: readonly ParquetFile[], column: Column, count: number): AsyncGenerator<Content> {
  for await (const { file, value, row } of rowsOf(files, column.name, count)) {
    const bytes: unknown = column.kind === "struct" ? (value as { bytes?: unknown } | null)?.bytes : value;
    if (bytes instanceof Uint8Array) yield { bytes, name: `${file.name}, row ${row}` };
    else
      throw new DatasetError(
        file.name,
        `has no image in row ${row} of the column ${column.name}, but ${describe(bytes)}`,
      );
  }
}

/** Values that lists of numbers hold. */
async function lists(files: readonly ParquetFile[], column: string, count: number, options: ReaderOptions) {
  let shape: number[] | undefined;
  let values = new Float64Array(0);
  let at = 0;
  for await (const { file, value, row } of rowsOf(files, column, count)) {
    if (!Array.isArray(value) && !ArrayBuffer.isView(value)) {
      throw new DatasetError(file.name, `has no list in row ${row} of the column ${column}, but ${describe(value)}`);
    }
    const own = shapeOf(value);
    if (!shape) {
      shape = own;
      if (product(shape) === 0)
        throw new DatasetError(file.name, `has an empty list in row ${row} of the column ${column}`);
      values = new Float64Array(product(shape) * count);
    }
    const numbers = (
      Array.isArray(value) ? value.flat(Number.POSITIVE_INFINITY) : Array.from(value as unknown as ArrayLike<unknown>)
    ).flatMap((one) => (ArrayBuffer.isView(one) ? [...(one as Uint8Array)] : [one]));
    const strange = numbers.findIndex((one) => typeof one !== "number" && typeof one !== "bigint");
    if (strange >= 0 || numbers.length !== product(shape) || !sameShape(own, shape)) {
      const found =
        strange >= 0 ? describe(numbers[strange]) : `values of shape ${shapeText(own)}, not ${shapeText(shape)},`;
      throw new DatasetError(file.name, `has ${found} in row ${row} of the column ${column}`);
    }
    for (const number of numbers) values[at++] = Number(number);
  }
  const { values: narrow, type } = typeOfNumbers(values);
  const features = product(shape ?? []);
  const settings = { name: (files[0] as ParquetFile).name, features, wanted: options.dtype };
  return { pixels: pixelsOf(narrow, type, settings), shape: shape ?? [] };
}

function shapeOf(value: unknown): number[] {
  if (!Array.isArray(value) && !ArrayBuffer.isView(value)) return [];
  const list = value as unknown[];
  return [list.length, ...shapeOf(list[0])];
}

/** A dataset of columns of numbers. */
async function table(
  files: readonly ParquetFile[],
  labels: Column,
  texts: string[],
  fallback: string,
  options: ReaderOptions,
): Promise<Dataset> {
  const first = files[0] as ParquetFile;
  const columns = first.columns.map(({ name }) => name);
  const values: unknown[][] = [];
  for (const { name, kind } of first.columns) {
    if (name !== labels.name && kind !== "number" && name !== "__index_level_0__") {
      throw new DatasetError(
        first.name,
        `has a column ${name} that holds no numbers; give the columns of images and labels (--images NAME --labels NAME)`,
      );
    }
    const parts: unknown[][] = [];
    if (name !== labels.name) for (const file of files) parts.push(await file.read(name, 0, file.rowCount));
    values.push(parts.flat(1));
  }
  return datasetOfTable(
    {
      name: first.name,
      columns,
      columnCount: columns.length,
      rowCount: texts.length,
      texts: () => texts,
      numbers(without) {
        const kept = columns.flatMap((_, column) => (without.has(column) ? [] : [column]));
        const numbers = new Float64Array(texts.length * kept.length);
        for (const [place, column] of kept.entries()) {
          for (let row = 0; row < texts.length; row++) {
            const value = values[column]?.[row];
            if (typeof value !== "number" && typeof value !== "bigint" && typeof value !== "boolean") {
              throw new DatasetError(
                first.name,
                `has ${describe(value)} in row ${row}, column ${columns[column]}, where a number is expected`,
              );
            }
            numbers[row * kept.length + place] = Number(value);
          }
        }
        return typeOfNumbers(numbers);
      },
    },
    fallback,
    { ...options, labels: labels.name },
  );
}
