//! uses chacha8 deviate table row-sum tile-plan int16-parts project-tile wide-integer tile-wide-int16 finish-wide float16 put-f16
// The exact fused projection of int16 examples: 32-bit integers, float16 output.
