//! uses chacha8 deviate table row-sum tile-plan project-tile wide-integer signed-limbs tile-packed-int16 finish-wide float16 put-f16
// The exact fused projection of int16 examples: packed dot products, float16 output.
