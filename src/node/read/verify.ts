import { checkInteger, checkOptions, checkText } from "../../base/check.js";
import { InvalidOptionError } from "../../base/errors.js";
import { pathFiles } from "../../files/folder.js";
import { openSet } from "../../store/open-set.js";
import { foreignFiles } from "./foreign.js";
import { hashStore } from "./hash-store.js";
import { recomputeRuns, runsOf, sample } from "./recompute.js";
import { type Fault, GENERATED, Meter, type Verification, type VerifyOptions } from "./verification.js";

/**
 * Checks what `generate` wrote: the chunks of a store against the digests in its manifest (of an unfinished one, in its
 * journals), and values of any format against newly made ones, if asked for. Files that do not belong to the set are
 * faults, too.
 *
 * @throws StoreError or RecipeError when the folder cannot be opened at all, or the dataset is another one
 *
 * @example
 * ```ts
 * const { faults } = await verify("tasks", { recompute: 3 });
 * for (const { path, tasks, problem } of faults) console.log(path, tasks, problem);
 * ```
 */
export async function verify(path: string, options: VerifyOptions = {}): Promise<Verification> {
  checkText("path", path, GENERATED);
  checkOptions<VerifyOptions>(options, {
    ...{ recompute: true, dataset: true, backend: true, workers: true, onProgress: true, signal: true },
  });
  const { recompute = false, signal } = options;
  if (typeof recompute !== "boolean" && typeof recompute !== "number") {
    throw new InvalidOptionError("recompute", recompute, "true, false or a number of chunks");
  }
  if (typeof recompute === "number") checkInteger("recompute", recompute, 1, Number.MAX_SAFE_INTEGER);
  const set = await openSet(pathFiles(path), signal);
  const { recipe, format } = set;
  const runs = runsOf(set);
  const asked = recompute === false ? 0 : recompute === true ? runs.count : recompute;
  const wanted = asked === 0 ? [] : await sample(runs.count, asked, signal);
  const meter = new Meter((format === "zarr" ? runs.count : 0) + wanted.length, options.onProgress);
  const faults: Fault[] = [];
  let hashed = 0;
  let complete = true;
  // Chunks that cannot be compared: the faults say so already.
  const skipped = new Set<number>();
  if (format === "zarr") {
    const hashes = await hashStore(path, set, meter, signal);
    hashed = hashes.hashed;
    faults.push(...hashes.faults);
    for (const chunk of hashes.unmade) skipped.add(chunk);
    for (const { chunk, kind } of faults) if (chunk !== undefined && kind !== "digest") skipped.add(chunk);
    complete = hashes.complete;
  }
  faults.push(...(await foreignFiles(path, set, complete, signal)));
  const recomputed = await recomputeRuns(
    set,
    runs,
    wanted.filter((run) => !skipped.has(run)),
    { faults, meter, options },
  );
  return { format, recipe, hashed, recomputed, faults };
}
