/** The transforms people know from torchvision, on channel-last examples. */
export { Center, type CenterOptions } from "./center.js";
export { Compose } from "./compose.js";
export { ConvertImageDtype } from "./convert-image-dtype.js";
export { Flatten } from "./flatten.js";
export { Grayscale } from "./grayscale.js";
export { Lambda } from "./lambda.js";
export { Normalize, type NormalizeOptions } from "./normalize.js";
export { Resize, type ResizeOptions } from "./resize.js";
export type { ImageBatch, Transform } from "./transform.js";
