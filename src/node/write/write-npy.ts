import { storedBytes, storedItemBytes } from "../../store/arrays.js";
import { FILES, npyHeader } from "../../store/npy.js";
import type { Job, Written } from "./job.js";
import { OutputFolder } from "./output-folder.js";
import { WriteBehind } from "./write-behind.js";

/** One .npy file for each array, and the recipe. */
export async function writeNpy(job: Job): Promise<Written> {
  const { plan, arrays } = job;
  const fileOf = (name: string) => `${name}.npy`;
  const names = [...arrays.map(({ name }) => fileOf(name)), FILES.recipe];
  const folder = await OutputFolder.open(job.out, names, {
    force: job.force,
    bytes: plan.itemCount * arrays.reduce((sum, array) => sum + storedItemBytes(array), 0),
  });
  const writes = new WriteBehind();
  // Hashes the dataset while threads make tasks.
  const recipe = job.recipe();
  recipe.catch(() => undefined); // reported where it is awaited
  try {
    for (const { name, dtype, itemShape } of arrays) {
      await folder.write(fileOf(name), npyHeader(dtype, [plan.itemCount, ...itemShape]));
    }
    let bytes = 0;
    job.onProgress(0, plan.itemCount, 0);
    for await (const piece of job.tasks.stream(job.dataset)) {
      await writes.begin(async () => {
        for (const array of arrays) {
          const values = new Uint8Array(storedBytes(array, plan, piece));
          await folder.write(fileOf(array.name), values);
          bytes += values.length;
        }
        job.onProgress(piece.first + piece.count, plan.itemCount, bytes);
      });
    }
    await writes.end();
    await folder.write(FILES.recipe, new TextEncoder().encode(`${JSON.stringify(await recipe, null, 2)}\n`));
    job.signal?.throwIfAborted();
    await folder.commit();
    const sizes = await Promise.all(names.map((name) => folder.sizeOf(name)));
    return {
      recipe: await recipe,
      items: plan.itemCount,
      bytes: sizes.reduce((a, b) => a + b),
      resumed: 0,
      complete: true,
    };
  } catch (error) {
    await writes.settled();
    await folder.discard();
    throw error;
  }
}
