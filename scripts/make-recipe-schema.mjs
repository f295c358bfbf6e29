// Makes recipe.schema.json from src/plan/recipe-schema.ts and docs/recipe.md. With --check, only compares.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { recipeJsonSchema } from "./recipe-json-schema.mjs";

const root = new URL("..", import.meta.url);
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL("src/plan/recipe-schema.ts", root))],
  bundle: true,
  format: "esm",
  write: false,
});
const [{ text: code }] = outputFiles;
const { recipeSchema } = await import(`data:text/javascript;base64,${Buffer.from(code).toString("base64")}`);
const text = `${JSON.stringify(recipeJsonSchema(recipeSchema), null, 2)}\n`;
const file = new URL("recipe.schema.json", root);
const copy = new URL("python/src/taskloom/recipe.schema.json", root);
if (!process.argv.includes("--check")) for (const to of [file, copy]) writeFileSync(to, text);
else if (readFileSync(file, "utf8") !== text) {
  process.stderr.write("recipe.schema.json is not that of src/plan/recipe-schema.ts; run this without --check\n");
  process.exitCode = 1;
}
