import { FileError } from "../file-error.js";
import { type Files, folder } from "../folder.js";
import type { ExtentOf } from "../growing.js";
import { Http } from "../http.js";
import { hintOf, S3Client } from "./client.js";
import { type S3Options, type S3Place, s3Place, urlOf } from "./place.js";
import { codeOf, problemOfAnswer } from "./problems.js";

/**
 * Files of an object store.
 *
 * @param pinned false where files may change, as those of a store that is being written
 */
export function s3Files(place: S3Place, retryPauses: readonly number[] | undefined, pinned = true): Files {
  const http = httpOf(place, retryPauses, pinned);
  const address = (key: string) => urlOf(place, place.prefix + key);
  return folder({
    name: place.name,
    ranges: true,
    get: (key, limit, signal) => http.whole(address(key), { limit, signal }),
    readInto: (key, offset, into, signal) => http.part(address(key), offset, into, signal),
  });
}

/** Reads one object, `s3://bucket/key`. */
export async function readS3(
  address: string,
  options: S3Options & {
    retryPauses?: readonly number[] | undefined;
    signal?: AbortSignal | undefined;
    extentOf?: ExtentOf | undefined;
  },
): Promise<Uint8Array> {
  const { retryPauses, signal, extentOf } = options;
  const end = address.lastIndexOf("/");
  const place = s3Place(address.slice(0, end), options);
  const url = urlOf(place, place.prefix + address.slice(end + 1));
  const bytes = await httpOf(place, retryPauses, true).whole(url, { signal, extentOf });
  if (!bytes) throw new FileError(`cannot be fetched: there is no such key in the bucket ${place.bucket}`);
  return bytes;
}

function httpOf(place: S3Place, retryPauses: readonly number[] | undefined, pinned: boolean): Http {
  const client = new S3Client(place);
  const transport = {
    hint: hintOf(place),
    send: (url: string, headers: Record<string, string>, signal: AbortSignal | undefined) =>
      client.send("GET", url, headers, { signal }),
    explain: async (response: Response) => {
      const text = await response.text();
      const missing = response.status === 404 && codeOf(text) !== "NoSuchBucket";
      return missing ? undefined : problemOfAnswer(place, response, text);
    },
  };
  return new Http(retryPauses, transport, pinned);
}
