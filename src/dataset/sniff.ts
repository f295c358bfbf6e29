/** Kinds of files that people have, as their first bytes tell. */
export type Format =
  | "idx" | "npy" | "zip" | "gzip" | "tar" | "parquet" | "png" | "jpeg" | "text"
  | "lfs" | "page" | "hdf5" | "pickle" | "image" | "packed" | "arrow" | "matlab" | "empty" | "unknown"; // biome-ignore format: a table

/** First bytes in Latin-1, and the format that begins with them. */
const OPENINGS: readonly (readonly [opening: string, format: Format, name: string])[] = [
  ["\x93NUMPY", "npy", "a NumPy file"],
  ["PK\x03\x04", "zip", "a zip archive"],
  ["PK\x05\x06", "zip", "a zip archive"],
  ["\x1f\x8b", "gzip", "gzip"],
  ["PAR1", "parquet", "a Parquet file"],
  ["\x89PNG\r\n\x1a\n", "png", "a PNG image"],
  ["\xff\xd8\xff", "jpeg", "a JPEG image"],
  ["\x89HDF\r\n\x1a\n", "hdf5", "an HDF5 file"],
  ["version https://git-lfs", "lfs", "a Git LFS pointer, not the file itself"],
  ["GIF8", "image", "a GIF image"],
  ["RIFF", "image", "a RIFF file, such as WebP"],
  ["BM", "image", "a BMP image"],
  ["II*\0", "image", "a TIFF image"],
  ["MM\0*", "image", "a TIFF image"],
  ["BZh", "packed", "bzip2"],
  ["\xfd7zXZ\0", "packed", "xz"],
  ["(\xb5/\xfd", "packed", "zstd"],
  ["7z\xbc\xaf", "packed", "a 7z archive"],
  ["Rar!", "packed", "a RAR archive"],
  ["ARROW1", "arrow", "an Arrow file"],
  ["MATLAB 5.0", "matlab", "a MATLAB file"],
];

/** The remedies, by format. */
const REMEDIES: Partial<Record<Format, string>> = {
  npy: "readDataset and --images FILE --labels FILE take it",
  zip: "if it is an .npz or an archive of data, readDataset and --dataset FILE take it; else unpack it first",
  parquet: "readDataset and --dataset FILE take it",
  text: "if it is CSV, readDataset and --dataset FILE take it",
  png: "readDataset and --dataset take folders of such images, one folder a class",
  jpeg: "readDataset and --dataset take folders of such images, one folder a class",
  lfs: "run `git lfs pull` in its repository, or download the file itself",
  page: "is the address right?",
  hdf5: "docs/your-data.md shows how h5wasm reads it",
  pickle: "Python alone can open it: save the arrays with numpy.savez",
  image: "convert it to PNG",
  packed: "unpack it first",
  gzip: "decompress it once, so that gzip is left once or not at all",
  arrow: "save it as Parquet",
  matlab: "save the arrays with scipy.io.loadmat and numpy.savez",
  tar: "readDataset and --dataset FILE take archives of data; else unpack it first",
};

/** The format of a file, its name in words (`"a NumPy file"`), and the remedy. */
export interface Sniffed {
  readonly format: Format;
  readonly name: string;
  readonly remedy: string;
}

/** Tells what a file is from its first bytes: 512 are enough. */
export function sniff(bytes: Uint8Array): Sniffed {
  const [format, name] = recognize(bytes);
  return { format, name, remedy: REMEDIES[format] ?? "" };
}

function recognize(bytes: Uint8Array): readonly [Format, string] {
  if (bytes.length === 0) return ["empty", "empty"];
  const text = String.fromCharCode(...bytes.subarray(0, 512));
  for (const [opening, format, name] of OPENINGS) if (text.startsWith(opening)) return [format, name];
  const [first, second, type = 0, dimensions = 0] = bytes;
  if (first === 0 && second === 0 && type >= 8 && type <= 14 && dimensions > 0) return ["idx", "an IDX file"];
  if (text.slice(257, 262) === "ustar") return ["tar", "a tar archive"];
  if (first === 0x80 && (second as number) >= 2 && (second as number) <= 5) return ["pickle", "a Python pickle"];
  if (/^(\xef\xbb\xbf)?\s*<[!?a-z]/i.test(text)) return ["page", "a web page or XML"];
  // UTF-8 of any language has no zero bytes and no control characters but these.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what text does not have
  if (!/[\0-\x08\x0e-\x1f]/.test(text)) return ["text", "text"];
  return ["unknown", "none of the formats that are known"];
}
