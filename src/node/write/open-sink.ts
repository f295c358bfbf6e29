import type { Sink } from "../../files/sink.js";
import { FolderSink } from "./folder-sink.js";

/** Opens the place of a store for writing and listing: a folder. */
export function openSink(place: string): Sink {
  return new FolderSink(place);
}
