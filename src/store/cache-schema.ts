import * as v from "valibot";
import { InvalidOptionError } from "../base/errors.js";
import { fileSystem } from "../base/host.js";
import { integer, plainObject } from "../plan/schema-parts.js";
import type { CacheChoices } from "./cache-options.js";

const amount = integer(0, Number.MAX_SAFE_INTEGER);

export const cacheSchema = v.optional(
  v.pipe(
    plainObject,
    v.strictObject(
      {
        bytes: v.optional(amount, 2 ** 28),
        folder: v.optional(v.pipe(v.string("the path of a folder"), v.minLength(1, "the path of a folder"))),
        folderBytes: v.optional(amount, 2 ** 34),
      },
      "{ bytes, folder, folderBytes }, each of which may be left out",
    ),
  ),
);

/** @throws InvalidOptionError when a folder is given where there is no file system */
export function checkCache(cache: CacheChoices | undefined): CacheChoices | undefined {
  if (cache?.folder !== undefined && !fileSystem()) {
    throw new InvalidOptionError("cache.folder", cache.folder, "undefined here: only Node and Deno have folders");
  }
  return cache;
}
