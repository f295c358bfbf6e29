import { openTasks, RecipeError } from "taskloom";
import { expect, test } from "vitest";
import { recipeFor, SMALL, someDigits } from "../loader/support.js";

test("a recipe of sequences without their length is refused", async () => {
  const { sequenceLength: _, ...rest } = await recipeFor(SMALL);
  const dataset = await someDigits();
  const opened = openTasks(JSON.stringify(rest), { dataset, workers: 0 });
  await expect(opened).rejects.toThrow(RecipeError);
  await expect(opened).rejects.toThrow(/sequenceLength is undefined; allowed: the number of positions/);
});
