import { abortable } from "../../base/abort.js";
import { messageOf, TaskloomError } from "../../base/errors.js";
import { FileError } from "../file-error.js";
import { isTransient, pauseOf, RETRY_PAUSES, retry, Transient } from "../retry.js";
import { keyOf } from "./credentials.js";
import { type S3Place, urlOf } from "./place.js";
import { codeOf, problemOfAnswer } from "./problems.js";

/** The SHA-256 of nothing: what a request without a body is signed with. */
const NOTHING = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/** A request for an object, or for a list. */
export interface S3Request {
  readonly method: "GET" | "HEAD" | "PUT" | "DELETE";
  /** The key, without the prefix of the place; undefined for the bucket. */
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** The SHA-256 of the body, lower-case hex. */
  readonly sha256?: string;
  /** Statuses that are an answer, and no fault, besides those of success. */
  readonly accept?: readonly number[];
}

/** The remedy where no answer comes. */
export function hintOf({ server }: S3Place): string {
  return (
    `is ${server} the right server (AWS_ENDPOINT_URL, or the option endpoint), can it be reached, and, in a browser, ` +
    "does it allow this page (CORS)?"
  );
}

/** Sends signed requests to an object store. */
export class S3Client {
  readonly place: S3Place;
  readonly #pauses: readonly number[];

  /** @param pauses in milliseconds, before each further attempt */
  constructor(place: S3Place, pauses: readonly number[] = RETRY_PAUSES) {
    this.place = place;
    this.#pauses = pauses;
  }

  /** Sends a request once, to an address within the bucket. */
  async send(
    method: string,
    url: string,
    headers: Record<string, string>,
    { body, signal }: { body?: Uint8Array<ArrayBuffer> | undefined; signal: AbortSignal | undefined },
  ): Promise<Response> {
    const { region } = this.place;
    const key = await keyOf(this.place);
    const init = { method, ...(body ? { body } : {}), ...(signal ? { signal } : {}) };
    if (!key) return fetch(url, { ...init, headers });
    const { signed } = await import("./signer.js").catch((cause) => {
      throw new FileError(`cannot be signed for: the code that signs could not be loaded (${messageOf(cause)})`, {
        cause,
      });
    });
    const request = await signed(method, url, { "x-amz-content-sha256": NOTHING, ...headers }, key, region);
    return fetch(request.url, { ...init, headers: request.headers });
  }

  /**
   * Sends a request until it is answered with success, or an accepted status. Network errors, 408, 429 and 5xx are tried
   * again, and so is a conflict with another writer.
   *
   * @returns the answer, and its body as text
   * @throws FileError that names the status and the remedy
   */
  request(request: S3Request, signal: AbortSignal | undefined): Promise<{ response: Response; text: string }> {
    const { method, key, query, headers = {}, body, sha256, accept = [] } = request;
    const url = new URL(key === undefined ? this.place.base : urlOf(this.place, this.place.prefix + key));
    for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value);
    const all = { ...headers, ...(sha256 === undefined ? {} : { "x-amz-content-sha256": sha256 }) };
    return retry(this.#pauses, signal, async () => {
      let response: Response;
      let text: string;
      try {
        response = await abortable(this.send(method, url.href, all, { body, signal }), signal);
        text = await abortable(response.text(), signal);
      } catch (cause) {
        if (cause instanceof TaskloomError || cause instanceof FileError || signal?.aborted) throw cause;
        throw new Transient(`cannot be reached: ${messageOf(cause)}; ${hintOf(this.place)}`, { cause });
      }
      if (response.ok || accept.includes(response.status)) return { response, text };
      const verb =
        method === "PUT" ? "cannot be written" : method === "DELETE" ? "cannot be removed" : "cannot be read";
      const problem = `${verb}: ${problemOfAnswer(this.place, response, text)}`;
      // 409: two writers at once. S3 ends a slow body with 400 RequestTimeout.
      const busy = isTransient(response.status) || response.status === 409 || codeOf(text) === "RequestTimeout";
      throw busy ? new Transient(problem, { pause: pauseOf(response) }) : new FileError(problem);
    });
  }
}
