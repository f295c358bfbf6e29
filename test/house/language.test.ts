import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** First words of a comment that has no subject. "Like x, but ..." is the usual form of a comparison. */
const NO_SUBJECT = /^(Of|As|What|Whether|Where|Whoever|Who|Whose|Which|How|When|With|Without|For|From|In|If|To)\b/;

test("each doc comment has a subject", () => {
  const files = ["src", "assembly", "scripts"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(ts|mjs)$/.test(path) && !/^generated|node_modules/.test(path))
      .map((path) => join(folder, path)),
  );
  const comments = files.flatMap((path) =>
    [...readFileSync(join(root, path), "utf8").matchAll(/\/\*\*\s*(?:\*\s*)?([^\n]*)/g)].map(([, text]) => ({
      path,
      text,
    })),
  );
  expect(comments.length).toBeGreaterThan(1000);
  expect(comments.filter(({ text }) => NO_SUBJECT.test(text as string))).toEqual([]);
});
