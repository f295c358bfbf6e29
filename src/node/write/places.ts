import { InvalidOptionError } from "../../base/errors.js";
import { isAddress, isS3 } from "../../files/s3/place.js";
import type { StoreFormat } from "./job.js";

/**
 * Checks the place that a set is written to.
 *
 * @param name the option, for the message
 * @throws InvalidOptionError for an address that nothing can be written to in this format
 */
export function checkPlace(name: string, out: string, format: StoreFormat): void {
  if (isS3(out)) {
    if (format === "zarr") return;
    const allowed =
      `the path of a folder for the format ${format}, whose files grow until the last task is made; an object store ` +
      "takes whole objects: write the format zarr there";
    throw new InvalidOptionError(name, out, allowed);
  }
  if (isAddress(out)) {
    throw new InvalidOptionError(name, out, "the path of a folder, or s3://bucket/prefix");
  }
}
