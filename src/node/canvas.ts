import { PNG } from "pngjs";

/** A grey or coloured picture to draw into: rectangles and the few letters a legend needs. */
export type Colour = readonly [red: number, green: number, blue: number];

/** Letters of 3 x 5 dots, a row of dots in each octal digit. */
const GLYPHS: Record<string, string> = {
  "0": "75557", "1": "26227", "2": "71747", "3": "71317", "4": "55711", "5": "74717", "6": "74757", "7": "71122",
  "8": "75757", "9": "75717", a: "07357", b: "46556", c: "03443", d: "13553", e: "74647", f: "34644", g: "35716",
  h: "44655", i: "20222", j: "10152", k: "45655", l: "62227", m: "05755", n: "06555", o: "02552", p: "06564",
  q: "03531", r: "03444", s: "74717", t: "27223", u: "05553", v: "05522", w: "05575", x: "05225", y: "05312",
  z: "07247", " ": "00000", ".": "00002", "-": "00700", ">": "42124", ":": "02020", "/": "11244", "=": "07070",
}; // biome-ignore format: a table
const DOT = 2;
/** Width and height of a letter with the gap behind it, in pixels. */
export const LETTER = { width: 4 * DOT, height: 6 * DOT } as const;

export class Canvas {
  readonly #png: PNG;

  constructor(width: number, height: number, background: Colour) {
    this.#png = new PNG({ width, height });
    this.fill(0, 0, width, height, background);
  }

  fill(left: number, top: number, width: number, height: number, [red, green, blue]: Colour): void {
    const { data, width: stride } = this.#png;
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) data.set([red, green, blue, 255], (y * stride + x) * 4);
    }
  }

  /** Lower-case letters, digits and a few signs; anything else is left blank. */
  text(left: number, top: number, text: string, colour: Colour): void {
    [...text.toLowerCase()].forEach((letter, i) => {
      [...(GLYPHS[letter] ?? "00000")].forEach((row, y) => {
        for (let x = 0; x < 3; x++) {
          if ((Number(row) >> (2 - x)) & 1)
            this.fill(left + i * LETTER.width + x * DOT, top + y * DOT, DOT, DOT, colour);
        }
      });
    });
  }

  encode(): Uint8Array {
    return PNG.sync.write(this.#png);
  }
}
