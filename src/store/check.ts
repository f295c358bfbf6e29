import * as v from "valibot";
import { StoreError } from "../base/errors.js";

export function check<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  source: string,
  key: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new StoreError(source, `is not as taskloom writes it: ${v.getDotPath(issue) ?? "it"}: ${issue.message}`, {
    chunk: key,
  });
}
