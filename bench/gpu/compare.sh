#!/bin/sh
# Measures the GPU kernels and PyTorch on the same card, one after the other, and keeps what they print.
# Results: $OUT (default build/bench-gpu): gpu.txt, gpu.json, torch.jsonl. Arguments go to bench/gpu.mjs.
# DATA may name the folder of the uncompressed MNIST files, PYTHON the Python that has PyTorch.
cd "$(dirname "$0")/../.." || exit
out=${OUT:-build/bench-gpu}
mkdir -p "$out" || exit
status=0
# Not through a pipe, which would hide a failure.
node bench/gpu.mjs --json "$out/gpu.json" "$@" >"$out/gpu.txt" 2>&1 || status=$?
cat "$out/gpu.txt"
"${PYTHON:-python3}" bench/gpu/torch_batched.py ${DATA:+--data "$DATA"} >"$out/torch.jsonl" || status=$?
cat "$out/torch.jsonl"
exit "$status"
