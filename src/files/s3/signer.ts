import { AwsV4Signer } from "aws4fetch";
import type { S3Credentials } from "./credentials.js";

/** Derived keys, which are the same for a day. */
const cache = new Map<string, ArrayBuffer>();

/** Signs a request (AWS Signature Version 4). A body is signed by its digest, which a header gives. */
export async function signed(
  method: string,
  url: string,
  headers: Record<string, string>,
  credentials: S3Credentials,
  region: string,
): Promise<{ url: string; headers: Headers }> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const key = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const signer = new AwsV4Signer({ method, url, headers, ...key, service: "s3", region, cache });
  const request = await signer.sign();
  return { url: request.url.href, headers: request.headers };
}
