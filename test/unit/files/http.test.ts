import { expect, test } from "vitest";
import { RETRY_PAUSES } from "../../../src/files/http.js";

test("three pauses by default, which grow", () => {
  expect(RETRY_PAUSES).toHaveLength(3);
  expect([...RETRY_PAUSES].sort((a, b) => a - b)).toEqual(RETRY_PAUSES);
  expect(RETRY_PAUSES[0]).toBeGreaterThan(0);
});
