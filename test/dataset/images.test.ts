import { Resize, readDataset, readImageFolder, readNpz } from "taskloom";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../support/cli.js";
import { listenToNotices } from "../support/notices.js";
import { dataFile, unpacked, write } from "./data-files.js";

const files = unpacked("kinds.zip");

/** The pixels that Pillow makes of a kind of PNG. */
async function pixels(name: string): Promise<Uint8Array> {
  const npy = unpacked("kinds.npz")[`${name}.npy`] as Uint8Array;
  return npy.slice(10 + (npy[8] as number) + 256 * (npy[9] as number));
}

describe("folders of images", () => {
  const notices = listenToNotices();
  const rgb = files["rgb.png"] as Uint8Array;
  const gray = files["gray.png"] as Uint8Array;
  const large = files["jpeg-gray.jpg"] as Uint8Array;

  it("is in the order of torchvision's ImageFolder", async () => {
    const paths = [
      "b/2.png",
      "B/1.png",
      "b/10.png",
      "a/x/1.png",
      "a/1.png",
      "a/x-1/1.png",
      "\u{1f600}/1.png",
      "\uffee/1.png",
    ];
    const folder = write(temporaryFolder(), Object.fromEntries(paths.map((path) => [path, gray])));
    const { classNames, targets } = await readImageFolder(folder);
    expect(classNames).toEqual(["B", "a", "b", "\uffee", "\u{1f600}"]);
    expect([...targets]).toEqual([0, 1, 1, 1, 2, 2, 3, 4]);
  });

  it("gives grey images three channels beside colored ones", async () => {
    const folder = write(temporaryFolder(), { "a/1.png": gray, "a/2.png": rgb, "b/1.png": gray });
    const { shape, images } = await readDataset(folder);
    expect(shape).toEqual([7, 9, 3]);
    const data = await pixels("gray");
    const three = Uint8Array.from({ length: 189 }, (_, i) => data[Math.floor(i / 3)] as number);
    expect(images).toEqual(Uint8Array.of(...three, ...(await pixels("rgb")), ...three));
  });

  it("refuses several sizes, and resizes them as the transform does", async () => {
    const folder = write(temporaryFolder(), { "a/1.png": gray, "b/2.jpg": large });
    await expect(readDataset(folder)).rejects.toThrow(
      /b\/2\.jpg: has 24 x 32 pixels .*a\/1\.png has 7 x 9; .*resize: \[height, width\] \(--resize H,W\)/,
    );
    const dataset = await readDataset(folder, { resize: [5, 6] });
    const alone = async (path: string, image: Uint8Array) =>
      (await readDataset(write(temporaryFolder(), { [path]: image }))).transform(new Resize([5, 6])).images;
    const [one, two] = [await alone("a/1.png", gray), await alone("b/2.jpg", large)];
    expect(dataset.shape).toEqual([5, 6]);
    expect(dataset.images).toEqual(Uint8Array.of(...one, ...two));
  });

  it("says that 16 bits were cut", async () => {
    await readDataset(write(temporaryFolder(), { "a/1.png": files["gray-16.png"] as Uint8Array }));
    expect(await notices()).toEqual([expect.stringMatching(/1 images have 16 bits a channel; the upper 8/)]);
  });

  it.each<[string, Record<string, Uint8Array>, RegExp]>([
    ["images in no class", { "1.png": gray, "2.png": gray }, /1\.png: is in no folder of a class/],
    [
      "a format that is not read",
      { "a/1.png": gray, "a/2.webp": gray },
      /a\/2\.webp: is no PNG or JPEG image; convert it/,
    ],
  ])("refuses %s", async (_, content, message) => {
    await expect(readDataset(write(temporaryFolder(), content))).rejects.toThrow(message);
  });

  it("JPEG of MNIST is near MNIST", async () => {
    const dataset = await readDataset(dataFile("mnist20-jpg.zip"));
    const { images, targets } = await readNpz(dataFile("mnist20.npz"));
    expect(dataset.targets).toEqual(targets);
    expect(dataset.shape).toEqual([28, 28]);
    const mean =
      [...dataset.images].reduce((sum, value, i) => sum + Math.abs(value - (images[i] as number)), 0) / images.length;
    expect(mean).toBeLessThan(3);
  });
});
