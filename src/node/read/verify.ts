import { checkInteger, checkOptions, checkText } from "../../base/check.js";
import { InvalidOptionError } from "../../base/errors.js";
import { checkPauses } from "../../files/retry.js";
import { openSet } from "../../store/open-set.js";
import { checkShard, chunksOfShard } from "../write/chunk-run.js";
import { openSink, SINK_OPTIONS } from "../write/open-sink.js";
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
    ...{ recompute: true, shard: true, dataset: true, datasetOptions: true, backend: true, workers: true },
    ...{ onProgress: true, signal: true, ...SINK_OPTIONS },
  });
  const { recompute = false, shard = { index: 0, count: 1 }, signal } = options;
  checkShard(shard);
  if (typeof recompute !== "boolean" && typeof recompute !== "number") {
    throw new InvalidOptionError("recompute", recompute, "true, false or a number of chunks");
  }
  if (typeof recompute === "number") checkInteger("recompute", recompute, 1, Number.MAX_SAFE_INTEGER);
  checkPauses(options.retryPauses);
  const sink = openSink(path, options, signal);
  const set = await openSet(sink.files, signal);
  const { recipe, format } = set;
  const runs = runsOf(set);
  const range = chunksOfShard(runs.count, shard);
  const count = range.stop - range.start;
  const asked = recompute === false ? 0 : recompute === true ? count : recompute;
  const wanted = asked === 0 ? [] : (await sample(count, asked, signal)).map((run) => range.start + run);
  const meter = new Meter((format === "zarr" ? count : 0) + wanted.length, options.onProgress);
  const faults: Fault[] = [];
  let hashed = 0;
  let complete = true;
  // Chunks that cannot be compared: the faults say so already.
  const skipped = new Set<number>();
  if (format === "zarr") {
    const hashes = await hashStore(sink, set, range, meter, signal);
    hashed = hashes.hashed;
    faults.push(...hashes.faults);
    for (const chunk of hashes.unmade) skipped.add(chunk);
    for (const { chunk, kind } of faults) if (chunk !== undefined && kind !== "digest") skipped.add(chunk);
    complete = hashes.complete;
  }
  // The first shard looks at the names of all files.
  if (shard.index === 0) faults.push(...(await foreignFiles(sink, set, complete, signal)));
  const recomputed = await recomputeRuns(
    set,
    runs,
    wanted.filter((run) => !skipped.has(run)),
    { faults, meter, options },
  );
  return { format, recipe, hashed, recomputed, faults };
}
