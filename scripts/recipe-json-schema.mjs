import { readFileSync } from "node:fs";
import { toJsonSchema } from "@valibot/to-json-schema";

const docs = new URL("../docs/recipe.md", import.meta.url);

/** The meaning of each field, from the tables of docs/recipe.md. */
function meanings() {
  const rows = readFileSync(docs, "utf8").matchAll(/^\| `([\w.]+)` \|.*\| ([^|]+) \|$/gm);
  return new Map([...rows].map(([, field, meaning]) => [field, meaning.replaceAll("`", "")]));
}

/** JSON Schemas of the actions that the library does not know. A list of different labels is one of unique items. */
function override({ valibotAction: { type, requirement }, jsonSchema }) {
  if (type === "safe_integer") return { ...jsonSchema, type: "integer" };
  // JSON has no infinity.
  if (type === "finite" || type === "transform") return jsonSchema;
  if (type === "check" && jsonSchema.type === "array" && !requirement([0, 0]))
    return { ...jsonSchema, uniqueItems: true };
  return undefined;
}

/** The properties of an object with the meanings of those that are `named`, all of which are documented. */
function described(properties, prefix, all) {
  return Object.fromEntries(
    Object.entries(properties).map(([name, schema]) => {
      const description = all.get(prefix + name);
      if (!description) throw new Error(`docs/recipe.md does not describe ${prefix}${name}`);
      return [name, { description, ...schema }];
    }),
  );
}

/**
 * The JSON Schema of recipes.
 *
 * @param schema what src/plan/recipe-schema.ts exports as `recipeSchema`
 */
export function recipeJsonSchema(schema) {
  const { $schema, ...rest } = toJsonSchema(schema, {
    target: "draft-07",
    typeMode: "input",
    errorMode: "throw",
    overrideAction: override,
  });
  const all = meanings();
  const properties = described(rest.properties, "", all);
  const { dataset } = rest.properties;
  properties.dataset = { ...properties.dataset, properties: described(dataset.properties, "dataset.", all) };
  return {
    $schema,
    title: "Taskloom recipe, version 1",
    description: "A task set that Taskloom can make from its dataset; docs/recipe.md has the rules between fields.",
    ...rest,
    properties,
  };
}
