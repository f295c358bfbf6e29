// A plugin of esbuild that bounds the runs of hyparquet.
import { readFileSync } from "node:fs";

const FROM = "readRle(reader, count, width, output, seen)\n      seen += count";
const TO = "readRle(reader, Math.min(count, output.length - seen), width, output, seen)\n      seen += count";

/**
 * hyparquet (1.33) writes a run of equal values with the length that the file states. A damaged length asks for 2^31 values,
 * which takes seconds and gigabytes: the run ends with the page instead.
 */
export const boundedParquet = {
  name: "bounded parquet",
  setup({ onLoad }) {
    onLoad({ filter: /hyparquet[\\/]src[\\/]encoding\.js$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      if (text.split(FROM).length !== 2) throw new Error(`${path} is another version: is this plugin needed any more?`);
      return { contents: text.replace(FROM, TO), loader: "js" };
    });
  },
};
