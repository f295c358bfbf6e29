import * as v from "valibot";
import { InvalidOptionError } from "../base/errors.js";

/** @throws InvalidOptionError for the first field that is not what a state has. */
export function checkedState<T>(schema: v.GenericSchema<unknown, T>, value: unknown): T {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = `state.${v.getDotPath(issue) ?? ""}`;
  if (issue.expected === "never")
    throw new InvalidOptionError(path, issue.path?.at(-1)?.value, "no field of this name");
  throw new InvalidOptionError(path, issue.input, `what state() gave: ${issue.message}`);
}
