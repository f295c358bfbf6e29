// Runs in the page of your-data.test.ts: what only a page has.
import { Dataset, readDataset } from "/dist/index.js";

/** @param {number[]} png the bytes of an image */
export async function everyKind(png) {
  const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("flowers", { create: true });
  for (const name of ["rose", "tulip"]) {
    const folder = await root.getDirectoryHandle(name, { create: true });
    const writable = await (await folder.getFileHandle("1.png", { create: true })).createWritable();
    await writable.write(new Uint8Array(png));
    await writable.close();
  }
  const { name, shape, classNames, length } = await readDataset(root);

  const context = new OffscreenCanvas(2, 2).getContext("2d");
  context.fillStyle = "rgb(1, 2, 3)";
  context.fillRect(0, 0, 2, 2);
  const { data } = context.getImageData(0, 0, 2, 2);
  const drawn = Dataset.from({ images: data, targets: [0], shape: [2, 2, 4] });

  document.body.innerHTML = "<iframe></iframe>";
  const frame = document.querySelector("iframe").contentWindow;
  const images = new frame.Uint8Array([1, 2]);
  const foreign = Dataset.from({ images, targets: new frame.BigInt64Array([0n, 1n]), shape: [1] });
  return [
    { name, shape, classNames, length },
    [...drawn.images.slice(0, 4)],
    [images instanceof Uint8Array, [...foreign.images], [...foreign.targets]],
  ];
}
