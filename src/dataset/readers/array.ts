import { DatasetError } from "../../base/errors.js";
import type { ReadOptions } from "../../files/bytes.js";
import type { ExtentOf } from "../../files/growing.js";
import type { FileEntry } from "../../files/list.js";
import { decodeIdx, extentOfIdx } from "../idx-decode.js";
import { sniff } from "../sniff.js";
import { readEntry } from "./contents.js";
import { decodeNpy, extentOfNpy } from "./npy-decode.js";
import type { Named } from "./to-dataset.js";
import { listZip } from "./zip.js";

/**
 * Reads a file of one array: IDX, .npy, or .npz with one array in it; plain or gzip.
 *
 * @param limit rows that are needed
 * @throws DatasetError for anything else
 */
export async function readArray(
  entry: FileEntry,
  { limit = Number.POSITIVE_INFINITY, ...options }: ReadOptions & { limit?: number | undefined },
): Promise<Named> {
  const { bytes, name } = await readEntry(entry, { ...options, extentOf: extentOfArray(limit) });
  const { format } = sniff(bytes);
  if (format === "npy") return { ...decodeNpy(bytes, name, limit), name };
  if (format === "zip") {
    const members = listZip(bytes, name).filter(({ path }) => path.endsWith(".npy"));
    const [only] = members;
    if (!only || members.length > 1) {
      const found = members.map(({ path }) => path.slice(0, -4)).join(", ");
      throw new DatasetError(
        name,
        `holds ${members.length} arrays${found && `, ${found}`}; expected one. Give the file alone, as a dataset`,
      );
    }
    const member = await readEntry(only, options);
    return { ...decodeNpy(member.bytes, member.name, limit), name };
  }
  const { data, shape, count } = decodeIdx(bytes, name, limit);
  const type = data.constructor.name.replace("Array", "").toLowerCase();
  return { data, shape: [count, ...shape.slice(1)], type, name };
}

/** The extent of the first rows in a file of one array. */
function extentOfArray(limit: number): ExtentOf {
  const everything = { bytes: Number.POSITIVE_INFINITY, whole: false };
  return (head) => {
    const { format } = sniff(head);
    if (format === "idx") return extentOfIdx(limit)(head) ?? everything;
    return format === "npy" ? extentOfNpy(limit)(head) : everything;
  };
}
