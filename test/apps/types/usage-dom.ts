// What a consumer in a browser writes.
import { readIdxDataset, TaskAugmentor } from "taskloom";

export async function weave(files: Blob[]): Promise<void> {
  const [images, labels] = files;
  if (!images || !labels) return;
  const createWorker = () => new Worker("worker.js", { type: "module" });
  const tasks = new TaskAugmentor({ workers: 2, createWorker, signal: AbortSignal.timeout(1000) });
  await tasks.transform(await readIdxDataset({ images, labels }));
  await tasks.transform(await readIdxDataset({ images: "/images", labels: new URL("/labels", location.href) }));
}
