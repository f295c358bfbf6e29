import { DatasetError } from "../../base/errors.js";
import { shapeText } from "../tensor.js";

/** Height, width and channels of `[H, W]` or `[H, W, C]`. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** @throws {@link DatasetError} in the name of `transform` if the shape is not an image's. */
export function imageShape(shape: readonly number[], transform: string): ImageShape {
  const [height, width, channels = 1] = shape;
  if (height === undefined || width === undefined || shape.length > 3) {
    throw new DatasetError(
      transform,
      `needs images of [height, width] or [height, width, channels], got examples of ${shapeText(shape)}; ` +
        "put it before what flattens them",
    );
  }
  return { height, width, channels };
}
