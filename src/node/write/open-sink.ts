import type { Names } from "../../base/check.js";
import { isS3, type S3Options, s3Place } from "../../files/s3/place.js";
import type { Sink } from "../../files/sink.js";
import { FolderSink } from "./folder-sink.js";
import { S3Sink } from "./s3-sink.js";

/** The way to the place of a store. */
export interface SinkOptions extends S3Options {
  /**
   * Pauses in milliseconds before a request to a server is made again after a network error, 408, 429 or 5xx: one for
   * each further attempt. Default `[200, 800, 3200]`; `[]` for none.
   */
  retryPauses?: readonly number[] | undefined;
}

/** The names of `SinkOptions`. */
export const SINK_OPTIONS: Names<SinkOptions> = { endpoint: true, region: true, credentials: true, retryPauses: true };

/**
 * Opens the place of a store for writing and listing: a folder, or a prefix of an object store.
 *
 * @param place a path, or `s3://bucket/prefix`
 */
export function openSink(place: string, options: SinkOptions = {}, signal?: AbortSignal): Sink {
  return isS3(place) ? new S3Sink(s3Place(place, options), options.retryPauses, signal) : new FolderSink(place);
}
