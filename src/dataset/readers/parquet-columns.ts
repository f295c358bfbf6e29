import { DatasetError } from "../../base/errors.js";
import { labelColumn } from "./table.js";

/** The part of a Parquet schema that is looked at. */
export interface SchemaNode {
  readonly element: {
    readonly name: string;
    readonly type?: string;
    readonly converted_type?: string;
    readonly logical_type?: { readonly type?: string };
  };
  readonly children: readonly SchemaNode[];
}

/** A column of a Parquet file. */
export interface Column {
  readonly name: string;
  /** Encoded images in `{ bytes, path }` or in bytes, lists of numbers, single numbers, texts, or something else. */
  readonly kind: "struct" | "bytes" | "list" | "number" | "text" | "other";
}

/** Facts that Hugging Face's `datasets` writes into a file. */
export interface Features {
  readonly images: readonly string[];
  /** Columns of class labels, with the names of the classes. */
  readonly labels: ReadonlyMap<string, readonly string[]>;
}

export function columnsOf(schema: SchemaNode): Column[] {
  return schema.children.map(({ element, children }) => ({ name: element.name, kind: kindOf(element, children) }));
}

function kindOf(element: SchemaNode["element"], children: readonly SchemaNode[]): Column["kind"] {
  const { type, converted_type: converted, logical_type: logical } = element;
  if (children.length > 0) {
    if (children.some((child) => child.element.name === "bytes" && child.element.type === "BYTE_ARRAY"))
      return "struct";
    return converted === "LIST" || logical?.type === "LIST" ? "list" : "other";
  }
  if (type === "BYTE_ARRAY") return converted === "UTF8" || logical?.type === "STRING" ? "text" : "bytes";
  return type === "FIXED_LEN_BYTE_ARRAY" || type === "INT96" ? "other" : "number";
}

/** Reads the metadata of Hugging Face; facts that are not there are left out. */
export function featuresOf(
  metadata: readonly { readonly key: string; readonly value?: string }[] | undefined,
): Features {
  const images: string[] = [];
  const labels = new Map<string, readonly string[]>();
  try {
    const text = metadata?.find(({ key }) => key === "huggingface")?.value;
    const features: unknown = text === undefined ? {} : JSON.parse(text)?.info?.features;
    for (const [name, feature] of Object.entries((features ?? {}) as object)) {
      if (feature?._type === "Image") images.push(name);
      const names: unknown = feature?._type === "ClassLabel" ? feature.names : undefined;
      if (Array.isArray(names) && names.every((one) => typeof one === "string")) labels.set(name, names);
    }
  } catch {
    // Metadata of another shape say nothing.
  }
  return { images, labels };
}

/** Names of columns of images, the usual ones first. */
const IMAGE_NAMES = ["image", "images", "img", "pixels", "x", "features"];

/**
 * Chooses the columns of images and labels.
 *
 * @returns no column of images where the numbers of all other columns are the values
 * @throws DatasetError where a column is not there, or none is known
 */
export function chooseColumns(
  columns: readonly Column[],
  features: Features,
  source: string,
  options: { readonly images?: string | undefined; readonly labels?: string | number | undefined },
): { images: Column | undefined; labels: Column } {
  const names = columns.map(({ name }) => name);
  const find = (name: string) => {
    const column = columns.find((one) => one.name === name);
    if (column) return column;
    throw new DatasetError(source, `has no column ${name}; its columns are ${names.join(", ")}`);
  };
  const [known, ...others] = [...features.labels.keys()].filter((name) => names.includes(name));
  const asked = options.labels ?? (others.length === 0 ? known : undefined);
  const labels = columns[labelColumn({ name: source, columns: names, columnCount: names.length }, asked)] as Column;
  if (options.images !== undefined) {
    const images = find(options.images);
    if (images.kind === "struct" || images.kind === "bytes" || images.kind === "list") return { images, labels };
    throw new DatasetError(
      source,
      `has single ${images.kind === "text" ? "texts" : "values"} in the column ${images.name}, not images`,
    );
  }
  const candidates = columns.filter(
    ({ kind, name }) => name !== labels.name && (kind === "struct" || kind === "bytes" || kind === "list"),
  );
  const named = [...features.images, ...IMAGE_NAMES].flatMap(
    (name) => candidates.find((one) => one.name === name) ?? [],
  );
  const images = named[0] ?? (candidates.length === 1 ? candidates[0] : undefined);
  if (images || candidates.length === 0) return { images, labels };
  const listed = candidates.map(({ name }) => name).join(", ");
  throw new DatasetError(source, `has several columns that can hold images: ${listed}; give images (--images NAME)`);
}
