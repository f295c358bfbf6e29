// Collects the licences of the packages that the bundles contain.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Writes the licences of all packages among the inputs of a bundle.
 *
 * @param inputs paths of files, those of packages below node_modules/
 */
export function writeLicences(inputs, file) {
  const packages = new Set(inputs.flatMap((path) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  const texts = [...packages].sort().map((name) => {
    const folder = join("node_modules", name);
    const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const found = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    if (!found || !existsSync(join(folder, found))) throw new Error(`${name} has no file of its licence`);
    const text = readFileSync(join(folder, found), "utf8").trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  });
  writeFileSync(
    file,
    `The scripts in this folder contain code of these packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`,
  );
}
