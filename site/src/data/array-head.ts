/** The beginning of a file that holds one array. */
export interface Head {
  readonly format: "idx" | "npy";
  /** The number of dimensions. */
  readonly rank: number;
}

/** Bytes that are read: a header of .npy is shorter. */
const ENOUGH = 4096;

/**
 * Reads format and number of dimensions from the first bytes of a file, plain or gzip.
 *
 * @returns undefined for a file that is neither IDX nor .npy, or that is damaged; the reader says what is wrong with it
 */
export async function headOf(file: Blob): Promise<Head | undefined> {
  const bytes = await firstBytes(file);
  const [zero, zero2, type = 0, rank = 0] = bytes;
  if (zero === 0 && zero2 === 0 && type >= 8 && type <= 14 && rank > 0) return { format: "idx", rank };
  const text = new TextDecoder("latin1").decode(bytes);
  if (!text.startsWith("\u0093NUMPY") && !text.startsWith("\u201cNUMPY")) return undefined;
  const sizes = /'shape':\s*\(([^)]*)\)/.exec(text)?.[1];
  if (sizes === undefined) return undefined;
  return { format: "npy", rank: sizes.split(",").filter((size) => size.trim() !== "").length };
}

async function firstBytes(file: Blob): Promise<Uint8Array> {
  const head = new Uint8Array(await file.slice(0, ENOUGH).arrayBuffer());
  if (head[0] !== 0x1f || head[1] !== 0x8b) return head;
  const reader = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  try {
    return (await reader.read()).value ?? new Uint8Array();
  } catch {
    return new Uint8Array();
  } finally {
    reader.cancel().catch(() => undefined);
  }
}
