import { type FileMetaData, parquetMetadata, parquetReadObjects, parquetSchema } from "hyparquet/src/index.js";
import { compressors } from "hyparquet-compressors";
import { DatasetError, messageOf, TaskloomError } from "../../base/errors.js";
import { sniff } from "../sniff.js";
import type { Content } from "./contents.js";
import { type Column, columnsOf, type Features, featuresOf, type SchemaNode } from "./parquet-columns.js";
import { checkPages } from "./parquet-pages.js";

/** Bytes that a compressed byte can become, at most: damaged sizes ask for no more memory. */
const MOST_GROWTH = 2 ** 15;

const bounded = Object.fromEntries(
  Object.entries(compressors).map(([codec, decompress]) => [
    codec,
    (input: Uint8Array, size: number) => {
      if (size > input.length * MOST_GROWTH + 1024) throw new Error(`${size} bytes in ${input.length} compressed ones`);
      return decompress(input, size);
    },
  ]),
);

/** A Parquet file whose metadata were read. */
export class ParquetFile {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly features: Features;
  readonly rowCount: number;
  readonly #file: { byteLength: number; slice(start: number, end?: number): ArrayBuffer };
  readonly #metadata: FileMetaData;

  /** @throws DatasetError for another or a damaged file */
  constructor({ bytes, name }: Content) {
    const { format, name: kind, remedy } = sniff(bytes);
    if (format !== "parquet")
      throw new DatasetError(name, `is ${kind}, not a Parquet file${remedy ? `; ${remedy}` : ""}`);
    this.name = name;
    const slice = (start: number, end = bytes.length) => bytes.slice(start, end).buffer as ArrayBuffer;
    this.#file = { byteLength: bytes.length, slice };
    try {
      // The metadata stand at the end, with their length behind.
      const size = bytes.length < 12 ? 0 : new DataView(slice(bytes.length - 8)).getUint32(0, true);
      this.#metadata = parquetMetadata(slice(Math.max(0, bytes.length - size - 8)));
      checkPages(bytes, this.#metadata);
      this.columns = columnsOf(parquetSchema(this.#metadata) as SchemaNode);
      this.features = featuresOf(this.#metadata.key_value_metadata);
      this.rowCount = Number(this.#metadata.num_rows);
    } catch (cause) {
      throw this.#damaged(cause);
    }
    const groups = this.#metadata.row_groups.reduce((sum, { num_rows }) => sum + Number(num_rows), 0);
    if (groups !== this.rowCount || this.rowCount < 0) throw this.#damaged(new Error("its counts of rows disagree"));
  }

  /** The values of a column in the rows from `start` to `stop`. */
  async read(column: string, start: number, stop: number): Promise<unknown[]> {
    try {
      const rows = await parquetReadObjects({
        file: this.#file,
        metadata: this.#metadata,
        columns: [column],
        rowStart: start,
        rowEnd: stop,
        compressors: bounded,
        // Bytes that are no text come as they are.
        utf8: false,
      });
      if (rows.length !== stop - start)
        throw new Error(`${rows.length} of ${stop - start} rows of ${column} are there`);
      return rows.map((row) => row[column]);
    } catch (cause) {
      throw this.#damaged(cause);
    }
  }

  /** The first rows of the groups of rows that are kept together, and the end. */
  get groups(): number[] {
    const starts = [0];
    for (const { num_rows } of this.#metadata.row_groups) starts.push((starts.at(-1) as number) + Number(num_rows));
    return starts;
  }

  #damaged(cause: unknown): Error {
    if (cause instanceof TaskloomError) return cause;
    return new DatasetError(this.name, `is a damaged Parquet file: ${messageOf(cause)}; download it again`, { cause });
  }
}
