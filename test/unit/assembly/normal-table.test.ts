import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { normalTable } from "../../../scripts/make-normal-table.mjs";
import reference from "../../vectors/normal-table.json" with { type: "json" };

describe("the table of deviates", () => {
  const source = readFileSync(new URL("../../../assembly/normal-table.ts", import.meta.url), "utf8");
  const entries = (/\[([\d,\s]*)\]/.exec(source)?.[1] ?? "").match(/\d+/g)?.map(Number) ?? [];

  it("is the one of stream v1", () => {
    const bytes = Buffer.alloc(entries.length * 4);
    entries.forEach((entry, i) => void bytes.writeUInt32LE(entry, i * 4));
    const digest = "b7bdf9060cdeb11850ba4dbfcccdd9b15318fa34e5045a4a4063205e70aeaa79";
    expect(createHash("sha256").update(bytes).digest("hex")).toBe(digest);
    expect(reference.sha256_u32le).toBe(digest);
    expect(entries).toEqual(reference.table);
  });

  it("is what scripts/make-normal-table.mjs makes", () => {
    expect(Array.from(normalTable())).toEqual(entries);
  });
});
