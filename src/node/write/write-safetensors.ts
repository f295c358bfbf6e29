import { storedBytes, storedItemBytes } from "../../store/arrays.js";
import { SAFETENSORS_FILE, safetensorsHeader } from "../../store/safetensors.js";
import type { Job, Written } from "./job.js";
import { OutputFolder } from "./output-folder.js";
import { WriteBehind } from "./write-behind.js";

/** All arrays in one file, and the recipe, as JSON, in its metadata. */
export async function writeSafetensors(job: Job): Promise<Written> {
  const { plan, arrays } = job;
  const recipe = await job.recipe();
  const { header, offsets, total } = safetensorsHeader(arrays, plan.itemCount, { taskloom: JSON.stringify(recipe) });
  const folder = await OutputFolder.open(job.out, [SAFETENSORS_FILE], { force: job.force, bytes: total });
  const writes = new WriteBehind();
  try {
    await folder.write(SAFETENSORS_FILE, header);
    let bytes = 0;
    job.onProgress(0, plan.itemCount, 0);
    for await (const piece of job.tasks.stream(job.dataset)) {
      await writes.begin(async () => {
        // Each array has its own run of the file, so a piece goes to as many places.
        for (const array of arrays) {
          const values = new Uint8Array(storedBytes(array, plan, piece));
          await folder.writeAt(SAFETENSORS_FILE, values, offsets[array.name] + piece.first * storedItemBytes(array));
          bytes += values.length;
        }
        job.onProgress(piece.first + piece.count, plan.itemCount, bytes);
      });
    }
    await writes.end();
    job.signal?.throwIfAborted();
    await folder.commit();
    return { recipe, items: plan.itemCount, bytes: total, resumed: 0, complete: true };
  } catch (error) {
    await writes.settled();
    await folder.discard();
    throw error;
  }
}
