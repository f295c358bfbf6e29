import { inflateSync } from "fflate";
import { DatasetError } from "../../base/errors.js";
import type { FileEntry } from "../../files/list.js";

/** Deflate cannot shrink by more than this, so a damaged size asks for no more memory than the data could fill. */
const DEFLATE_LIMIT = 1032;

const END = 0x06054b50;
const END64 = 0x06064b50;
const LOCATOR64 = 0x07064b50;
const MEMBER = 0x02014b50;
const LOCAL = 0x04034b50;

/**
 * Lists the files of a zip archive. Each is decompressed when it is opened, into memory of the size that the archive states,
 * and compared with its checksum.
 *
 * @throws DatasetError for a damaged archive
 */
export function listZip(bytes: Uint8Array, name: string): FileEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (problem: string): never => {
    throw new DatasetError(name, `is a damaged zip archive: ${problem}; download it again`);
  };
  try {
    return list(bytes, view, fail, name);
  } catch (cause) {
    if (cause instanceof RangeError) fail("its directory leads beyond its end");
    throw cause;
  }
}

function list(bytes: Uint8Array, view: DataView, fail: (problem: string) => never, name: string): FileEntry[] {
  let end = bytes.length - 22;
  // A comment of up to 65535 bytes may follow.
  const first = Math.max(0, end - 65535);
  while (end >= first && view.getUint32(end, true) !== END) end--;
  if (end < first) fail("it has no directory at its end");
  let count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (end >= 20 && view.getUint32(end - 20, true) === LOCATOR64) {
    const end64 = Number(view.getBigUint64(end - 12, true));
    if (view.getUint32(end64, true) !== END64) fail("its 64-bit directory is not where it says");
    count = Number(view.getBigUint64(end64 + 32, true));
    at = Number(view.getBigUint64(end64 + 48, true));
  }
  const entries: FileEntry[] = [];
  for (let i = 0; i < count; i++) {
    if (view.getUint32(at, true) !== MEMBER) fail(`file ${i} of its directory is not where it says`);
    const flags = view.getUint16(at + 8, true);
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) =>
      view.getUint16(at + offset, true),
    ) as [number, number, number];
    const path = new TextDecoder().decode(bytes.slice(at + 46, at + 46 + nameLength));
    const member = {
      path,
      encrypted: (flags & 1) === 1,
      method: view.getUint16(at + 10, true),
      check: view.getUint32(at + 16, true),
      ...sizesOf(view, at, at + 46 + nameLength, extraLength),
    };
    at += 46 + nameLength + extraLength + commentLength;
    if (!path.endsWith("/"))
      entries.push({ path, name: `${name}/${path}`, open: async () => extract(bytes, view, member, name) });
  }
  return entries;
}

interface Member {
  readonly path: string;
  readonly encrypted: boolean;
  readonly method: number;
  readonly check: number;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
}

/** Sizes and place of a member; where they need 64 bits, from its extra fields. */
function sizesOf(view: DataView, at: number, extra: number, extraLength: number) {
  let [packed, size, offset] = [20, 24, 42].map((place) => view.getUint32(at + place, true)) as [
    number,
    number,
    number,
  ];
  for (let field = extra; field + 4 <= extra + extraLength; field += 4 + view.getUint16(field + 2, true)) {
    if (view.getUint16(field, true) !== 1) continue;
    let next = field + 4;
    const wide = (value: number) => {
      if (value !== 0xffffffff) return value;
      next += 8;
      return Number(view.getBigUint64(next - 8, true));
    };
    size = wide(size);
    packed = wide(packed);
    offset = wide(offset);
  }
  return { packed, size, offset };
}

function extract(bytes: Uint8Array, view: DataView, member: Member, archive: string): Uint8Array {
  const { path, method, packed, size, offset } = member;
  const name = `${archive}/${path}`;
  const fail = (problem: string): never => {
    throw new DatasetError(name, problem);
  };
  if (member.encrypted) fail("is encrypted; unpack the archive first");
  if (method !== 0 && method !== 8) fail(`is compressed by method ${method}, not by deflate; unpack the archive first`);
  if (offset + 30 > bytes.length || view.getUint32(offset, true) !== LOCAL)
    fail("is not where the archive says; download it again");
  const start = offset + 30 + view.getUint16(offset + 26, true) + view.getUint16(offset + 28, true);
  if (start + packed > bytes.length) fail("is truncated; download the archive again");
  if (size > packed * DEFLATE_LIMIT + 1024)
    fail(`cannot have ${size} bytes in ${packed} compressed ones; download the archive again`);
  const data = bytes.subarray(start, start + packed);
  let content = data;
  if (method === 8) {
    try {
      // One byte more, so that data beyond the size is seen.
      content = inflateSync(data, { out: new Uint8Array(size + 1) });
    } catch (cause) {
      throw new DatasetError(name, "is damaged; download the archive again", { cause });
    }
  }
  if (content.length !== size || crc32(content) !== member.check)
    fail("is damaged: size or checksum differ; download the archive again");
  return content;
}

let table: Uint32Array | undefined;

function crc32(bytes: Uint8Array): number {
  table ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  let check = 0xffffffff;
  for (let i = 0; i < bytes.length; i++)
    check = (table[(check ^ (bytes[i] as number)) & 255] as number) ^ (check >>> 8);
  return (check ^ 0xffffffff) >>> 0;
}
