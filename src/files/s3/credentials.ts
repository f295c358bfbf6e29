import { messageOf, TaskloomError } from "../../base/errors.js";
import { fileSystem } from "../../base/host.js";
import { FileError } from "../file-error.js";

/** A key of an object store. */
export interface S3Credentials {
  /** The name of the key. */
  readonly accessKeyId: string;
  /** The secret that requests are signed with. It is never sent. */
  readonly secretAccessKey: string;
  /** The token of a key that ends. */
  readonly sessionToken?: string | undefined;
}

/** The key that variables of the environment hold. */
export function credentialsOf(environment: Readonly<Record<string, string | undefined>>): S3Credentials | undefined {
  const {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_SESSION_TOKEN: sessionToken,
  } = environment;
  if (!accessKeyId || !secretAccessKey) return undefined;
  return { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
}

/**
 * The key of the moment; undefined where requests are not signed.
 *
 * @throws FileError when the function that gives it fails, or gives something else: no server is to blame, so that the
 *   request is not tried again
 */
export async function keyOf({
  credentials,
}: {
  readonly credentials: S3Credentials | (() => S3Credentials | Promise<S3Credentials>) | undefined;
}): Promise<S3Credentials | undefined> {
  if (typeof credentials !== "function") return credentials;
  const form = "it must give { accessKeyId, secretAccessKey }, and sessionToken where there is one";
  let key: S3Credentials;
  try {
    key = await credentials();
  } catch (cause) {
    if (cause instanceof FileError || cause instanceof TaskloomError) throw cause;
    throw new FileError(`cannot be signed for: the function credentials failed (${messageOf(cause)}); ${form}`, {
      cause,
    });
  }
  const { accessKeyId, secretAccessKey } = key ?? {};
  if (typeof accessKeyId === "string" && typeof secretAccessKey === "string") return key;
  throw new FileError(`cannot be signed for: the function credentials gave no key; ${form}`);
}

/** Keys are asked for again when they have less than this left, in ms. */
const MARGIN = 5 * 60 * 1000;

/**
 * The key of the role that a container runs under, as in AWS Batch, ECS and EKS: a local service gives one that ends, and
 * variables of the environment lead to it.
 *
 * @returns a function that gives the key of the moment; undefined where the variables are not set
 */
export function containerCredentials(
  environment: Readonly<Record<string, string | undefined>>,
): (() => Promise<S3Credentials>) | undefined {
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: relative, AWS_CONTAINER_CREDENTIALS_FULL_URI: full } = environment;
  const address = relative ? `http://169.254.170.2${relative}` : full;
  if (!address) return undefined;
  let known: { key: S3Credentials; ends: number } | undefined;
  return async () => {
    if (known && known.ends - Date.now() > MARGIN) return known.key;
    try {
      known = await ask(address, await tokenOf(environment));
    } catch (cause) {
      const remedy = "check AWS_CONTAINER_CREDENTIALS_RELATIVE_URI and _FULL_URI, or set AWS_ACCESS_KEY_ID";
      throw new FileError(`cannot be signed for: ${address} gives no key (${messageOf(cause)}); ${remedy}`, { cause });
    }
    return known.key;
  };
}

async function tokenOf(environment: Readonly<Record<string, string | undefined>>): Promise<string | undefined> {
  const file = environment.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE;
  return file ? (await fileSystem()?.readFile(file, "utf8"))?.trim() : environment.AWS_CONTAINER_AUTHORIZATION_TOKEN;
}

async function ask(address: string, token: string | undefined): Promise<{ key: S3Credentials; ends: number }> {
  const response = await fetch(address, { headers: token ? { authorization: token } : {} });
  if (!response.ok) throw new Error(`status ${response.status}`);
  const {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    Token: sessionToken,
    Expiration: ends,
  } = (await response.json()) as Record<string, unknown>;
  if (typeof accessKeyId !== "string" || typeof secretAccessKey !== "string")
    throw new Error("an answer without a key");
  const key = { accessKeyId, secretAccessKey, ...(typeof sessionToken === "string" ? { sessionToken } : {}) };
  return { key, ends: typeof ends === "string" ? Date.parse(ends) : Number.POSITIVE_INFINITY };
}
