//! uses chacha8 deviate table project-limbs row-sum tile-plan project-tile tile-packed finish put-f32
// The exact fused projection of uint8 examples: packed dot products, float32 output.
