import { parquetHeader } from "hyparquet/src/column.js";
import type { FileMetaData } from "hyparquet/src/index.js";

/** Values of a column in a group of rows, at most. */
const MOST_VALUES = 2 ** 31;

/**
 * Compares the headers of all pages with the metadata, before anything is decoded: counts and sizes decide how much memory
 * and time that takes, and a damaged one can ask for any amount.
 *
 * @throws Error where they disagree
 */
export function checkPages(bytes: Uint8Array, { row_groups }: FileMetaData): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const { columns, num_rows } of row_groups) {
    for (const { meta_data: column } of columns) {
      if (!column) throw new Error("a column has no metadata");
      const start = Number(column.dictionary_page_offset || column.data_page_offset);
      const end = start + Number(column.total_compressed_size);
      const size = Number(column.total_uncompressed_size);
      const values = Number(column.num_values);
      const fits = start >= 4 && end >= start && end <= bytes.length && values >= 0 && values <= MOST_VALUES;
      // Lists have as many values as they like, single values are one in each row.
      const isFlat = column.path_in_schema.length === 1;
      if (!fits || (isFlat && values !== Number(num_rows))) throw new Error("the size of a column is not possible");
      if (countValues({ view, offset: start }, end, size) !== values) throw new Error("counts of values disagree");
    }
  }
}

/** The values of the pages of a column. */
function countValues(reader: { view: DataView; offset: number }, end: number, most: number): number {
  let count = 0;
  // hyparquet reads pages to the last byte but one.
  while (reader.offset < end - 1) {
    const header = parquetHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: size } = header;
    if (!(packed >= 0 && size >= 0 && size <= most && reader.offset + packed <= end)) {
      throw new Error("the size of a page is not possible");
    }
    const entries = header.dictionary_page_header?.num_values ?? 0;
    const values =
      header.type === "DICTIONARY_PAGE" ? 0 : (header.data_page_header ?? header.data_page_header_v2)?.num_values;
    // A boolean takes a bit, all else a byte and more.
    if (!(entries >= 0 && entries <= 8 * size) || !((values ?? 0) >= 0))
      throw new Error("the count of a page is not possible");
    count += values ?? 0;
    reader.offset += packed;
  }
  return count;
}
