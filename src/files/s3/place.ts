import { InvalidOptionError } from "../../base/errors.js";
import { hostProcess } from "../../base/host.js";
import { containerCredentials, credentialsOf, type S3Credentials } from "./credentials.js";

/** Options of reaching an object store, whose address is `s3://bucket/prefix`. */
export interface S3Options {
  /**
   * The address of the server, for stores that are not Amazon's. Default: `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL` of the
   * environment, else Amazon's server of the region.
   */
  endpoint?: string | URL | undefined;
  /** The region. Default: `AWS_REGION` or `AWS_DEFAULT_REGION` of the environment, else `"us-east-1"`. */
  region?: string | undefined;
  /**
   * The key, or a function that is asked for it before each request. Default: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
   * `AWS_SESSION_TOKEN` of the environment, or the key of the role of a container (AWS Batch, ECS, EKS); without them requests
   * are not signed, as for a public bucket.
   */
  credentials?: S3Credentials | (() => S3Credentials | Promise<S3Credentials>) | undefined;
}

/** A prefix of a bucket, and the way there. */
export interface S3Place {
  /** `s3://bucket/prefix`, for messages. */
  readonly name: string;
  readonly bucket: string;
  /** The beginning of all keys: empty, or it ends with a slash. */
  readonly prefix: string;
  /** The address of the bucket, with a slash at its end. */
  readonly base: string;
  /** The server's address, for messages. */
  readonly server: string;
  readonly region: string;
  readonly credentials: S3Options["credentials"];
}

export function isS3(address: string): boolean {
  return /^s3:\/\//i.test(address);
}

/** True for an address of any kind, `s3:/bucket` with its slip included: no folder is meant by it. */
export function isAddress(place: string): boolean {
  return /^([a-z][a-z0-9+.-]+:\/\/|s3:)/i.test(place);
}

/** The text of a place. A URL has escapes for what a key has as it is, such as spaces. */
export function textOfPlace(place: string | URL): string {
  if (typeof place === "string" || !isS3(place.href)) return String(place);
  const { host, pathname, search, hash } = place;
  try {
    return `s3://${host}${decodeURIComponent(pathname)}${search}${hash}`;
  } catch {
    return place.href;
  }
}

/**
 * Reads an address `s3://bucket/prefix`. What the options leave out comes from the environment, where there is one.
 *
 * @throws InvalidOptionError for an address or an endpoint that is none
 */
export function s3Place(address: string, options: S3Options): S3Place {
  const [, bucket, path = ""] = /^s3:\/\/([a-z0-9][\w.-]{1,254})(?:\/(.*))?$/is.exec(address) ?? [];
  if (bucket === undefined || /[?#]/.test(path) || path.split("/").some((part) => part === "." || part === "..")) {
    throw new InvalidOptionError(
      "address",
      address,
      "s3://bucket or s3://bucket/prefix, without ?, # and dots as names",
    );
  }
  const environment = hostProcess()?.env ?? {};
  const given = options.endpoint ?? environment.AWS_ENDPOINT_URL_S3 ?? environment.AWS_ENDPOINT_URL;
  const region = options.region ?? environment.AWS_REGION ?? environment.AWS_DEFAULT_REGION ?? "us-east-1";
  const server = given || `https://s3.${region}.amazonaws.com`;
  if (!URL.canParse(String(server)) || !/^https?:$/.test(new URL(server).protocol)) {
    throw new InvalidOptionError(
      "endpoint",
      String(server),
      "an http(s) address, such as https://minio.example.org:9000",
    );
  }
  const url = new URL(server);
  // A name with dots does not fit the certificates of names below the server's.
  if (!given && !bucket.includes(".")) url.hostname = `${bucket}.${url.hostname}`;
  else url.pathname = `${url.pathname.replace(/\/+$/, "")}/${bucket}`;
  const parts = path.split("/").filter((part) => part !== "");
  return {
    name: ["s3:/", bucket, ...parts].join("/"),
    bucket,
    prefix: parts.map((part) => `${part}/`).join(""),
    base: url.href.replace(/\/*$/, "/"),
    server: String(server),
    region,
    credentials: options.credentials ?? credentialsOf(environment) ?? containerCredentials(environment),
  };
}

/** The address of a key. Characters that addresses give a meaning are escaped. */
export function urlOf(place: S3Place, key: string): string {
  return place.base + key.split("/").map(encodeURIComponent).join("/");
}
