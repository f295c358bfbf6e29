//! uses chacha8 deviate table project-limbs row-sum tile-plan project-tile tile-packed finish float16 put-f16
// The exact fused projection of uint8 examples: packed dot products, float16 output.
