import { createHash } from "node:crypto";
import type { Sink } from "../../files/sink.js";
import { DOCUMENT_LIMIT } from "../../store/documents.js";
import { documentKeys, manifestText } from "../../store/manifest.js";
import { STORE_FILES, type StoreLayout } from "../../store/zarr.js";
import type { KnownChunks } from "./known-chunks.js";
import { checkStore } from "./store-documents.js";

/**
 * Writes the manifest of a store whose chunks are all known: it is complete from then on.
 *
 * @throws OutputError when another run has started over with something else
 */
export async function writeManifest(sink: Sink, layout: StoreLayout, known: KnownChunks): Promise<void> {
  const documents: Record<string, string> = {};
  for (const key of documentKeys(layout)) {
    const bytes = (await sink.files.get(key, DOCUMENT_LIMIT, undefined)) ?? "";
    documents[key] = createHash("sha256").update(bytes).digest("hex");
  }
  // The check comes after the documents were read: those of a run that starts over meanwhile never get these digests.
  await checkStore(sink, layout);
  const text = manifestText(layout, documents, (chunk, name) => known.digest(chunk, name));
  await sink.put(STORE_FILES.manifest, text);
  await checkStore(sink, layout);
}
