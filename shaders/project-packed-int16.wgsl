//! uses chacha8 deviate table row-sum tile-plan project-tile wide-integer signed-limbs tile-packed-int16 finish-wide put-f32
// The exact fused projection of int16 examples: packed dot products, float32 output.
