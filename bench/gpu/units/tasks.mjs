// Draws the bindings of the kernel for some tasks by docs/stream.md, without internals of the library.
import { chacha8 } from "../reference.mjs";

const PURPOSE = { permutation: 1, sequence: 2 };

/** Returns the plan for options of a TaskAugmentor: only the `identity` curriculum, and only the default layouts. */
export function kernelPlan(dataset, { seed, outFeatures, inputScaling }) {
  const { features, classes } = dataset;
  const { mean, standardDeviation } = inputScaling ?? { mean: 0, standardDeviation: 255 };
  const rows = outFeatures ?? features;
  return {
    seed: [seed >>> 0, Math.floor(seed / 2 ** 32)],
    columns: features,
    blocks: Math.ceil(features / 16),
    rows,
    width: rows + classes,
    cells: classes,
    offset: Math.round(mean),
    scale: Math.fround(1 / features / (4096 * standardDeviation)),
    identityScale: Math.fround(1 / standardDeviation),
  };
}

/** Returns the uniform `Plan` of tile-plan.wgsl for tiles of `tileRows` rows. */
export function planBytes(plan, tileRows) {
  const { seed, columns, blocks, rows, width, cells, offset, scale, identityScale } = plan;
  const bytes = new ArrayBuffer(48);
  new Uint32Array(bytes).set([...seed, columns, blocks, rows, width, cells, Math.ceil(rows / tileRows)]);
  new Int32Array(bytes, 32, 1)[0] = offset;
  new Float32Array(bytes, 36, 2).set([scale, identityScale]);
  return bytes;
}

/** Copies all examples, each padded with zeros to whole blocks. It always copies, because Dawn accepts no shared memory. */
export function paddedExamples({ images, features }) {
  const stride = Math.ceil(features / 16) * 16;
  const padded = new Uint8Array((images.length / features) * stride);
  for (let i = 0; i * features < images.length; i++) {
    padded.set(images.subarray(i * features, (i + 1) * features), i * stride);
  }
  return padded;
}

/**
 * Draws the tiles, examples and given labels of tasks `first` to `first + count - 1`.
 *
 * @param tilePositions the most positions of a tile
 */
export function drawTasks(plan, dataset, { sequenceLength, identity }, first, count, tilePositions) {
  const indices = new Uint32Array(count * sequenceLength);
  const given = new Uint32Array(count * sequenceLength);
  const tiles = [];
  for (let i = 0; i < count; i++) {
    const task = first + i;
    const start = i * sequenceLength;
    const drawn = sequence(plan.seed, task, sequenceLength, dataset.length);
    const labels = permutation(plan.seed, task, dataset.classes);
    indices.set(drawn, start);
    given.set([0xffffffff, ...drawn.slice(0, -1).map((example) => labels[dataset.targets[example]])], start);
    for (let done = 0; done < sequenceLength; done += tilePositions) {
      const at = start + done;
      tiles.push(task, identity ? 1 : 0, at, Math.min(tilePositions, sequenceLength - done), at);
    }
  }
  return { indices, given, tiles: Uint32Array.from(tiles) };
}

function sequence(seed, task, length, examples) {
  const bounded = integers(seed, task, PURPOSE.sequence);
  return Array.from({ length }, () => bounded(examples));
}

function permutation(seed, task, labels) {
  const bounded = integers(seed, task, PURPOSE.permutation);
  const p = Array.from({ length: labels }, (_, i) => i);
  for (let i = labels - 1; i > 0; i--) {
    const j = bounded(i + 1);
    [p[i], p[j]] = [p[j], p[i]];
  }
  return p;
}

/** Returns `bounded` of a stream. Products stay below 2^53 for n below 2^21. */
function integers(seed, task, purpose) {
  let next = 0;
  let block;
  const word = () => {
    if (next % 16 === 0) block = chacha8(seed, task, next / 16, purpose);
    return block[next++ % 16];
  };
  return (n) => {
    for (;;) {
      const product = word() * n;
      if (product % 2 ** 32 >= (2 ** 32 - n) % n) return Math.floor(product / 2 ** 32);
    }
  };
}
