import { InvalidOptionError } from "../base/errors.js";
import { fileSystem, nodeUrl } from "../base/host.js";
import { type Files, handleFiles, httpFiles, pathFiles, storeFiles } from "./folder.js";
import { s3Files } from "./s3/files.js";
import { isS3, type S3Options, s3Place, textOfPlace } from "./s3/place.js";
import type { ReadableStore } from "./store.js";

/** Options of reaching a place. */
interface PlaceOptions extends S3Options {
  readonly retryPauses?: readonly number[] | undefined;
}

/**
 * Finds the files of a folder.
 *
 * @param place a URL, `s3:` included; a path in Node and Deno, where a browser takes it for a URL relative to the page
 */
export function filesAt(place: string, options: PlaceOptions): Files {
  if (isS3(place)) return s3Files(s3Place(place, options), options.retryPauses);
  if (!/^https?:/i.test(place) && fileSystem()) {
    return pathFiles((/^file:/i.test(place) && nodeUrl()?.fileURLToPath(place)) || place);
  }
  return httpFiles(new URL(place, globalThis.location?.href), options.retryPauses);
}

/**
 * Finds the files that the source of a store leads to.
 *
 * @throws InvalidOptionError when it is neither an address, a directory nor a store
 */
export function filesOf(given: string | URL | FileSystemDirectoryHandle | ReadableStore, options: PlaceOptions): Files {
  if (typeof given === "string" || given instanceof URL) {
    const text = textOfPlace(given);
    if (isS3(text)) return s3Files(s3Place(text, options), options.retryPauses);
    const base = globalThis.location?.href;
    const url = URL.canParse(given, base) ? new URL(given, base) : undefined;
    if (url && /^https?:$/.test(url.protocol)) return httpFiles(url, options.retryPauses);
    const allowed = "an http(s) or s3 address; paths open with openStoreFolder of taskloom/node";
    throw new InvalidOptionError("source", String(given), allowed);
  }
  if (typeof given === "object" && given !== null) {
    if ("getDirectoryHandle" in given) return handleFiles(given);
    if ("get" in given) return storeFiles(given);
  }
  throw new InvalidOptionError(
    "source",
    given,
    "an http(s) or s3 address, a FileSystemDirectoryHandle, or a store with get() and getRange()",
  );
}
