/**
 * The two 32-bit words of a seed, the low one first. Generators with a 32-bit seed take the low word.
 *
 * @param seed 0..2^64 - 1
 */
export function seedWords(seed: bigint): readonly [low: number, high: number] {
  return [Number(seed & 0xffffffffn), Number(seed >> 32n)];
}
