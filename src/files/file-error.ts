import { messageOf } from "../base/errors.js";

/**
 * A file that cannot be read, wherever it is. Each caller turns it into the error of what it reads: a `StoreError`, a
 * `DatasetError` or a `RecipeError`.
 */
export class FileError extends Error {
  /** The problem, as a predicate: `"is a folder, not a file"`. */
  readonly problem: string;

  /** True where trying again cannot help, as something that is no file has the name. */
  readonly permanent: boolean;

  constructor(problem: string, options?: ErrorOptions & { permanent?: boolean }) {
    super(problem, options);
    this.name = "FileError";
    this.problem = problem;
    this.permanent = options?.permanent ?? false;
  }
}

/** Says in a predicate why a read failed. */
export function problemOf(cause: unknown): string {
  if (cause instanceof FileError) return cause.problem;
  switch ((cause as { code?: unknown } | null)?.code) {
    case "ENOENT":
    case "ENOTDIR":
      return "there is no such file; check the path";
    case "EISDIR":
      return "is a folder; give the path of a file";
    case "EACCES":
    case "EPERM":
      return "may not be read; check its permissions";
    default:
      return `cannot be read: ${messageOf(cause)}`;
  }
}

/**
 * Allocates memory for a file.
 *
 * @param shared lets worker threads read the same bytes
 * @throws FileError when it does not fit into one array here
 */
export function allocate(bytes: number, { shared = false } = {}): Uint8Array {
  try {
    return new Uint8Array(shared ? new SharedArrayBuffer(bytes) : new ArrayBuffer(bytes));
  } catch (cause) {
    const size = `${(bytes / 2 ** 30).toFixed(1)} GiB`;
    throw new FileError(
      `needs an array of ${size}, more than there is room for here (in Node 20 an array has 4 GiB at most); ` +
        "use a newer Node, or fewer examples (--limit-examples)",
      { cause },
    );
  }
}
