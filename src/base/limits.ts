/** Task indices are 32 bits of the nonce. */
export const MAX_TASKS = 2 ** 32;

/** Item numbers too: sequences within a task, or samples. */
export const MAX_ITEMS = 2 ** 32;

/** Classes of a dataset, and label values of a task set: labels are held in 16 bits. */
export const MAX_CLASSES = 2 ** 16;

/** Features of an example, and rows of a matrix; a matrix has a bound of its own, see `checkMatrix`. */
export const MAX_FEATURES = 2 ** 20;

/** Positions of a sequence. */
export const MAX_LENGTH = 2 ** 31 - 1;
