/** A gray or colored picture to draw into: rectangles and the few letters a legend needs. */
export type Color = readonly [red: number, green: number, blue: number];

/** Capital letters of 3 x 5 dots, a row of dots in each octal digit. */
const GLYPHS: Record<string, string> = {
  "0": "75557", "1": "26227", "2": "71747", "3": "71317", "4": "55711", "5": "74717", "6": "74757", "7": "71122",
  "8": "75757", "9": "75717", a: "25755", b: "65656", c: "34443", d: "65556", e: "74647", f: "74644", g: "34553",
  h: "55755", i: "72227", j: "11152", k: "55655", l: "44447", m: "57755", n: "57775", o: "25552", p: "65644",
  q: "25563", r: "65655", s: "34216", t: "72222", u: "55557", v: "55552", w: "55775", x: "55255", y: "55222",
  z: "71247", " ": "00000", ".": "00002", "-": "00700", ">": "42124", ":": "02020", "/": "11244", "=": "07070",
}; // biome-ignore format: a table
const DOT = 2;
/** Width and height of a letter with the gap behind it, in pixels. */
export const LETTER = { width: 4 * DOT, height: 6 * DOT } as const;

export class Canvas {
  readonly #width: number;
  readonly #height: number;
  /** Red, green, blue and opacity of each dot, rows from the top. */
  readonly #dots: Uint8Array;

  constructor(width: number, height: number, background: Color) {
    this.#width = width;
    this.#height = height;
    this.#dots = new Uint8Array(width * height * 4);
    this.fill(0, 0, width, height, background);
  }

  fill(left: number, top: number, width: number, height: number, [red, green, blue]: Color): void {
    for (let y = top; y < top + height; y++) {
      for (let x = left; x < left + width; x++) this.#dots.set([red, green, blue, 255], (y * this.#width + x) * 4);
    }
  }

  /** Letters, drawn as capitals, digits and a few signs; anything else is left blank. */
  text(left: number, top: number, text: string, color: Color): void {
    [...text.toLowerCase()].forEach((letter, i) => {
      [...(GLYPHS[letter] ?? "00000")].forEach((row, y) => {
        for (let x = 0; x < 3; x++) {
          if ((Number(row) >> (2 - x)) & 1)
            this.fill(left + i * LETTER.width + x * DOT, top + y * DOT, DOT, DOT, color);
        }
      });
    });
  }

  async encode(): Promise<Uint8Array> {
    // Loaded here, as it takes longer than the rest of the package and few programs draw.
    const { PNG } = await import("pngjs");
    const png = new PNG({ width: this.#width, height: this.#height });
    png.data.set(this.#dots);
    return PNG.sync.write(png);
  }
}
