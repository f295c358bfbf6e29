/** A decoded image: rows of pixels from the top, grey or red, green and blue. */
export interface Image {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
  /** True if values of 16 bits were cut to 8. */
  readonly reduced: boolean;
}

/** True for files that hold images, those that cannot be read included. */
export function isImagePath(path: string): boolean {
  return /\.(png|jpe?g|ppm|pgm|bmp|tiff?|webp|gif)$/i.test(path);
}
