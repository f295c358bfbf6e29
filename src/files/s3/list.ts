import type { S3Client } from "./client.js";

/** An object, or what keys have in common up to a slash, as a list has it. */
export interface Listed {
  /** The key, without the prefix of the place. */
  readonly key: string;
  /** Bytes; undefined for what keys have in common. */
  readonly size: number | undefined;
  readonly etag: string;
}

/**
 * Lists objects, a thousand with each request.
 *
 * @param prefix the beginning of their keys, behind the prefix of the place
 * @param deep false to list what is behind a slash as one
 */
export async function* listed(
  client: S3Client,
  prefix: string,
  signal: AbortSignal | undefined,
  deep = true,
): AsyncGenerator<Listed> {
  const { place } = client;
  for (let token: string | undefined = ""; token !== undefined; ) {
    const query: Record<string, string> = {
      "list-type": "2",
      prefix: place.prefix + prefix,
      ...(deep ? {} : { delimiter: "/" }),
      ...(token === "" ? {} : { "continuation-token": token }),
    };
    const { text } = await client.request({ method: "GET", query }, signal);
    for (const [, block = ""] of text.matchAll(
      /<(?:Contents|CommonPrefixes)>([\s\S]*?)<\/(?:Contents|CommonPrefixes)>/g,
    )) {
      const key = element(block, "Key") ?? element(block, "Prefix") ?? "";
      const size = element(block, "Size");
      yield {
        key: key.slice(place.prefix.length),
        size: size === undefined ? undefined : Number(size),
        etag: element(block, "ETag") ?? "",
      };
    }
    token = element(text, "IsTruncated") === "true" ? element(text, "NextContinuationToken") : undefined;
  }
}

const ENTITIES: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** The text of an element without others in it. */
function element(text: string, name: string): string | undefined {
  const found = new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1];
  return found?.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, entity) =>
    hex || decimal ? String.fromCodePoint(Number.parseInt(hex ?? decimal, hex ? 16 : 10)) : (ENTITIES[entity] ?? whole),
  );
}
