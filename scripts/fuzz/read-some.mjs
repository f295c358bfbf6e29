// Reads the ends of a task set, and checks the shapes of what comes.

/** Results of more bytes are legitimate and are not asked for. */
export const MOST_BYTES = 2 ** 24;

/** Work that takes longer is legitimate, but ends when it is told to. */
const PATIENCE = 1000;

/** Bytes of an item in all arrays of a store, at most. */
export function itemBytesOf(arrays) {
  return arrays.reduce((sum, { itemShape }) => sum + itemShape.reduce((a, b) => a * b, 4), 0);
}

/** Reads the first and the last item, and a batch, unless items are large. */
export async function readSome(tasks) {
  const { sequenceLength = 1, outFeatures, dataset, specialTokens = 0, drawSequence, samples } = tasks.recipe;
  if (sequenceLength * (outFeatures + dataset.classes + specialTokens) * 8 > MOST_BYTES) return;
  const signal = AbortSignal.timeout(PATIENCE);
  const batches = tasks.batches({
    batchSize: 2,
    shuffle: samples === undefined && drawSequence ? "tasks" : true,
    signal,
  });
  try {
    checkShapes(await tasks.at(0, { signal }));
    checkShapes(await tasks.at(tasks.length - 1, { signal }));
    const { value } = await batches.next();
    checkShapes(value);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    await batches.return();
  }
}

function checkShapes({ inputs, targets, labels }) {
  for (const [name, array] of Object.entries({ inputs, targets, labels })) {
    const expected = array?.shape.reduce((a, b) => a * b, 1);
    if (array?.data.length === expected) continue;
    throw new Error(`${name} have the shape [${array.shape}] and ${array.data.length} values`);
  }
}
