// A plugin of esbuild that bounds loops of hyparquet and fzstd.
import { readFileSync } from "node:fs";

/** The files, and in each what is replaced by what. */
const PATCHES = [
  // hyparquet (1.33) writes a run of equal values with the length that the file states. A damaged length asks for 2^31
  // values, which takes seconds and gigabytes: the run ends with the page instead.
  {
    file: /hyparquet[\\/]src[\\/]encoding\.js$/,
    from: "readRle(reader, count, width, output, seen)\n      seen += count",
    to: "readRle(reader, Math.min(count, output.length - seen), width, output, seen)\n      seen += count",
  },
  // fzstd (0.1.1) reads Huffman weights for ever where both states of a damaged table take no bits. There are 255 at most.
  {
    file: /fzstd[\\/]esm[\\/]index\.mjs$/,
    from: "hw[++wc] = fdt.s[st1];",
    to: "if (wc > 253) err(0);\n            hw[++wc] = fdt.s[st1];",
  },
];

/** Replaces them. Another version of a file is an error. */
export const boundedParquet = {
  name: "bounded parquet",
  setup({ onLoad }) {
    for (const { file, from, to } of PATCHES) {
      onLoad({ filter: file }, ({ path }) => {
        const text = readFileSync(path, "utf8");
        if (text.split(from).length !== 2)
          throw new Error(`${path} is another version: is this plugin needed any more?`);
        return { contents: text.replace(from, to), loader: "js" };
      });
    }
  },
};
