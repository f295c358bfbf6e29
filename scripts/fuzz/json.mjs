// Damaged JSON: values of other types, out of bounds, deep, unknown or missing, and texts that no serializer writes.
import { mutateBytes } from "./bytes.mjs";

/** A raw text in place of a value; JSON.stringify writes none of these. */
class Raw {
  constructor(text) {
    this.text = text;
  }
}

const RAW = [
  () => "1e999",
  () => "-0",
  () => "1.0000000000000002",
  () => "18446744073709551616",
  (random) => deep("[", "]", random),
  (random) => deep('{"a":', "}", random),
  () => '{"__proto__":{"polluted":1}}',
  () => '{"toString":1,"valueOf":2,"constructor":null}',
  () => '{"length":4294967295}',
  () => '"\\ud800"',
  () => "NaN",
  () => "undefined",
];

function deep(open, close, random) {
  const depth = random.pick([10, 1000, 100_000]);
  return `${open.repeat(depth)}1${close.repeat(depth)}`;
}

const NUMBERS = [0, 1, 2, 3, -1, 0.5, 255, 256, 65535, 65536, 65537, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
NUMBERS.push(2 ** 32, 2 ** 52, 2 ** 53 - 1, 2 ** 53, 1e21, -(2 ** 53), 1e-320, 5e-324, 1e308, -1e308);
const STRINGS = [
  "",
  "0",
  "-1",
  "none",
  "\u0000",
  "\u001b[31m\r\n\u202e",
  "__proto__",
  "constructor",
  "..",
  "../outside",
];
STRINGS.push("/etc/hostname", "18446744073709551615", "x".repeat(100_000), "\u{1f600}", "toString");

/** Names that objects are given beside their own. */
const KEYS = ["__proto__", "constructor", "toString", "", "unknown", "\u0000", "length", "0"];

/**
 * The JSON text of a damaged copy.
 *
 * @param value a value of JSON, which is not changed
 * @param words texts that mean something in this document, beside the usual ones
 */
export function mutateJson(value, random, words = []) {
  let changed = structuredClone(value);
  for (let changes = 1 + random.below(3); changes > 0; changes--) changed = change(changed, random, words);
  const text = write(changed, random.oneIn(3) ? 2 : 0);
  if (random.oneIn(10)) return mutateBytes(Buffer.from(text), random);
  if (random.oneIn(20)) return Buffer.from(`\ufeff${text}`);
  return Buffer.from(text);
}

/** Changes one of the values within. */
function change(value, random, words) {
  const places = [];
  collect(value, places);
  if (places.length === 0 || random.oneIn(50)) return anyValue(value, random, words);
  const { parent, key } = random.pick(places);
  switch (random.below(6)) {
    case 0:
      if (Array.isArray(parent)) parent.splice(Number(key), 1);
      else delete parent[key];
      break;
    case 1:
      set(parent, Array.isArray(parent) ? parent.length : random.pick(KEYS), anyValue(parent[key], random, words));
      break;
    case 2:
      set(parent, key, structuredClone(placeValue(random.pick(places))));
      break;
    default:
      set(parent, key, anyValue(parent[key], random, words));
  }
  return value;
}

function placeValue({ parent, key }) {
  const value = parent[key];
  return value instanceof Raw ? value.text : value;
}

/** Own properties, `__proto__` as well. */
function set(object, key, value) {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

function collect(value, places) {
  if (typeof value !== "object" || value === null || value instanceof Raw) return;
  for (const key of Object.keys(value)) {
    places.push({ parent: value, key });
    collect(value[key], places);
  }
}

function anyValue(old, random, words) {
  if (typeof old === "number" && random.oneIn(2))
    return random.oneIn(2) ? old + random.pick([-1, 1]) : random.pick(NUMBERS);
  if (typeof old === "boolean" && random.oneIn(2)) return !old;
  if (typeof old === "string" && words.length > 0 && random.oneIn(2)) return random.pick(words);
  switch (random.below(7)) {
    case 0:
      return random.pick(NUMBERS);
    case 1:
      return random.pick(STRINGS);
    case 2:
      return random.pick([null, true, false]);
    case 3:
      return random.pick([[], {}, [[]], [0, 0], { a: 1 }, Array.from({ length: 2000 }, (_, i) => i)]);
    case 4:
      return new Raw(random.pick(RAW)(random));
    case 5:
      return words.length > 0 ? random.pick(words) : null;
    default:
      return [old];
  }
}

/** JSON.stringify, with raw texts. */
function write(value, indent) {
  const raws = [];
  const text = JSON.stringify(
    value,
    (_, inner) => (inner instanceof Raw ? `@raw-${raws.push(inner.text) - 1}@` : inner),
    indent,
  );
  return text.replaceAll(/"@raw-(\d+)@"/g, (_, index) => raws[Number(index)]);
}
