//! uses chacha8 deviate table row-sum tile-plan project-tile tile-wide finish float16 put-f16
// The exact fused projection of uint8 examples: 32-bit integers, float16 output.
