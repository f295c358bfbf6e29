import type { S3Place } from "./place.js";

/** The code of an error's document: `NoSuchKey`. */
export function codeOf(text: string): string | undefined {
  return /<Code>([\w.]+)<\/Code>/.exec(text)?.[1];
}

/** Says what an object store answered, and what to do. */
export function problemOfAnswer(place: S3Place, response: Response, text: string): string {
  const code = codeOf(text);
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1];
  const status = [response.status, code ?? response.statusText].filter(Boolean).join(" ");
  const remedy = remedyOf(place, response, code);
  return `the server answered ${status}${message ? ` (${message})` : ""}${remedy ? `; ${remedy}` : ""}`;
}

function remedyOf(place: S3Place, response: Response, code: string | undefined): string | undefined {
  const { status, headers } = response;
  const region = headers.get("x-amz-bucket-region");
  const elsewhere = ["PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException"];
  if (status === 301 || status === 307 || elsewhere.includes(code ?? "")) {
    return `the bucket is in another region${region ? `, ${region}` : ""}: set AWS_REGION, or the option region`;
  }
  if (code === "NoSuchBucket" || (status === 404 && code === undefined)) {
    return `there is no bucket ${place.bucket} at ${place.server}: make it, or set AWS_ENDPOINT_URL, or the option endpoint`;
  }
  if (code === "RequestTimeTooSkewed") return "set the clock of this machine";
  if (status === 401 || status === 403) {
    return place.credentials
      ? "check the key (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, or the option credentials), " +
          `the region ${place.region}, and that the key may read, write and list in the bucket`
      : "no key was given: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the option credentials";
  }
  if (status === 501) return "the server lacks what this takes; use another one";
  return undefined;
}
