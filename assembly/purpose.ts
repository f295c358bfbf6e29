/** The purpose of a key stream: the second word of the nonce. */
export const PROJECTION: u32 = 0;
export const PERMUTATION: u32 = 1;
export const SEQUENCE: u32 = 2;
export const CURRICULUM: u32 = 3;
/** The host draws 4, the shuffle. */
export const SAMPLE: u32 = 5;
export const WAYS: u32 = 6;
