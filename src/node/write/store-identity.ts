import { createHash } from "node:crypto";
import { OutputError } from "../../base/errors.js";
import type { StoreLayout } from "../../store/zarr.js";

/** The fields that decide the bytes of a store. The name of a dataset does not matter where its digest is the same. */
function fieldsOf({ recipe, onehot, chunkItems, arrays }: StoreLayout): Map<string, string> {
  const { dataset, ...rest } = recipe;
  const { name: _name, centeredOn: _center, ...data } = dataset;
  const ofDataset = Object.entries(data).map(([key, value]) => [`dataset.${key}`, value] as const);
  const entries = [
    ...Object.entries(rest),
    ...ofDataset,
    ["onehot", onehot],
    ["items of a chunk", chunkItems],
    ["targetDtype", arrays.find(({ name }) => name === "targets")?.dtype],
  ] as const;
  return new Map(entries.map(([key, value]) => [key as string, JSON.stringify(value)]));
}

/**
 * A SHA-256, in hex, of everything that decides the bytes of a store. Two runs may work on one store only if theirs are the
 * same, so each journal begins with it.
 */
export function storeKey(layout: StoreLayout): string {
  const fields = [...fieldsOf(layout)].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256").update(JSON.stringify(fields)).digest("hex");
}

/** @throws OutputError if a store has other contents than the one to write */
export function checkSame(out: string, there: StoreLayout, here: StoreLayout): void {
  const [a, b] = [fieldsOf(there), fieldsOf(here)];
  const differences = [...new Set([...a.keys(), ...b.keys()])]
    .filter((key) => a.get(key) !== b.get(key))
    .map((key) => `${key} is ${a.get(key)} there and ${b.get(key)} here`);
  if (differences.length === 0) return;
  throw new OutputError(
    out,
    `has a store of something else: ${differences.join(", ")}; ` +
      "give another folder, or start over with force (--force)",
    { permanent: true },
  );
}
