/**
 * The setting in which a small transformer learns to learn within seconds: MNIST at 8 x 8 pixels, less its mean image, five
 * classes, 16 projected values, and the input before beside its label.
 */
export const SIDE = 8;
export const LABELS = [0, 1, 2, 3, 4];
export const CLASSES = LABELS.length;
export const VALUES = 16;
export const LENGTH = 32;
/** Positions whose accuracy makes one number: the last quarter. */
export const LAST = LENGTH / 4;
/** Sequences of a step. */
export const BATCH = 64;
/** Values of a token: an input, the label before as a one-hot, the input before. */
export const TOKEN = VALUES + CLASSES + VALUES;
/** Values of the model's state at a position. */
export const WIDTH = 64;
export const LEARNING_RATE = 3e-3;
/** Sequences that accuracy is measured on. */
export const EVALUATED = 256;
/** Steps between two measurements. */
export const PERIOD = 10;
/** Tasks from here on are never trained on. */
export const FIRST_UNSEEN = 2 ** 31;
/** Sets of training tasks that can be chosen. The last one is a new task for every sequence. */
export const TASK_COUNTS = [4, 16, 64, 128, 256, 1024, 16384, FIRST_UNSEEN];

/** The words for a number of training tasks. */
export function countText(tasks: number): string {
  return tasks === FIRST_UNSEEN ? "a new one every time" : tasks.toLocaleString("en-US");
}
