// What a package's declarations say, read by the compiler that is handed in: TypeScript 5, as 7 has no such interface.
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * The exported values and types of each entry point ({ name: file }) of a package in a folder, and the types that their
 * declarations name although no entry point exports them.
 *
 * @returns {{ entries: Record<string, { values: string[]; types: string[] }>; unnamed: string[] }}
 */
export function inspectTypes(ts, folder, entries) {
  const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, strict: true };
  const files = Object.values(entries).map((file) => join(folder, file));
  const program = ts.createProgram(files, { ...options, lib: ["lib.esnext.d.ts", "lib.dom.d.ts"], types: [] });
  const checker = program.getTypeChecker();
  const resolve = (symbol) => (symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol);
  const exported = new Map();
  const found = {};
  for (const [name, file] of Object.entries(entries)) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(join(folder, file)));
    const values = [];
    const types = [];
    for (const symbol of checker.getExportsOfModule(module)) {
      const target = resolve(symbol);
      exported.set(target, symbol.name);
      (target.flags & ts.SymbolFlags.Value ? values : types).push(symbol.name);
    }
    found[name] = { values: values.sort(), types: types.sort() };
  }

  const unnamed = new Set();
  for (const [symbol, name] of exported) for (const declaration of symbol.declarations ?? []) visit(declaration, name);
  return { entries: found, unnamed: [...unnamed].sort() };

  function visit(node, owner) {
    // Fields called #name, and what is marked private, have no types that a consumer could meet.
    if (node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.PrivateKeyword)) return;
    if (ts.isTypeReferenceNode(node)) check(node.typeName, owner);
    if (ts.isExpressionWithTypeArguments(node)) check(node.expression, owner);
    if (ts.isImportTypeNode(node) && node.qualifier) check(node.qualifier, owner);
    ts.forEachChild(node, (child) => visit(child, owner));
  }

  function check(name, owner) {
    const symbol = checker.getSymbolAtLocation(name);
    const target = symbol && resolve(symbol);
    if (!target || target.flags & ts.SymbolFlags.TypeParameter || exported.has(target)) return;
    const within = target.declarations?.some((declaration) => declaration.getSourceFile().fileName.startsWith(folder));
    if (within) unnamed.add(`${target.name}, named by ${owner}`);
  }
}

/** The places in declaration files that are marked as internal. */
export function internalPlaces(ts, folder) {
  return ts.sys.readDirectory(folder, [".d.ts"]).flatMap((file) =>
    readFileSync(file, "utf8")
      .split("\n")
      .flatMap((line, i) => (line.includes("@internal") ? [`${file.slice(folder.length + 1)}:${i + 1}`] : [])),
  );
}
