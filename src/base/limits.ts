/** Task indices are 32 bits of the nonce. */
export const MAX_TASKS = 2 ** 32;

/** Item numbers too: sequences within a task, or samples. */
export const MAX_ITEMS = 2 ** 32;
