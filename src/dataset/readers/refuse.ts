import { InvalidOptionError } from "../../base/errors.js";
import type { ReaderOptions } from "./reader-options.js";

/**
 * Refuses options that a format has no use for: they would be ignored.
 *
 * @throws InvalidOptionError for one of them
 */
export function refuseOptions(options: ReaderOptions, format: string, names: readonly (keyof ReaderOptions)[]): void {
  for (const name of names) {
    if (options[name] !== undefined && options[name] !== false) {
      throw new InvalidOptionError(name, options[name], `nothing, as ${format} has no use for it`);
    }
  }
}
