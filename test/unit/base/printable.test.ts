import fc from "fast-check";
import { expect, describe as group, test } from "vitest";
import { DatasetError, describe, RecipeError } from "../../../src/base/errors.js";
import { printable } from "../../../src/base/printable.js";

test.each([
  ["plain", "plain"],
  ["Ångström 数字 👩‍🔬", "Ångström 数字 👩‍🔬"],
  ["a\u001b[2Jb", "a\\u001b[2Jb"],
  ["a\nb\r\tc", "a\\nb\\r\\tc"],
  ["\u0000\u007f\u009b31m", "\\u0000\\u007f\\u009b31m"],
  ["\u2028\u202ecod.exe\u2066", "\\u2028\\u202ecod.exe\\u2066"],
  ["\ud800x", "\\ud800x"],
])("%j", (text, expected) => {
  expect(printable(text)).toBe(expected);
});

test("leaves nothing that a terminal obeys", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      expect(printable(text)).not.toMatch(/[\p{Cc}\u2028-\u202e\u2066-\u2069]/u);
    }),
  );
});

group("messages", () => {
  test("show names escaped", () => {
    const name = "a\u001b]0;title\u0007\nerror: b";
    expect(new DatasetError(name, `of ${name}`).message).toBe(
      "a\\u001b]0;title\\u0007\\nerror: b: of a\\u001b]0;title\\u0007\\nerror: b",
    );
    expect(new RecipeError(name, "x").source).toBe(name);
  });

  test("show values escaped", () => {
    expect(describe("\u009b\u001b")).toBe('"\\u009b\\u001b"');
    expect(describe(Symbol("\u001b"))).toBe("Symbol(\\u001b)");
    expect(describe(-0)).toBe("-0");
  });
});
