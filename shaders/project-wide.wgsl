//! uses chacha8 deviate table row-sum tile-plan project-tile tile-wide finish put-f32
// The exact fused projection of uint8 examples: 32-bit integers, float32 output.
