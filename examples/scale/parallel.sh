#!/bin/bash
# Makes a Zarr store with GNU parallel, on this machine or, with --sshlogin, on several that see one folder:
#
#   OUT=/scratch/tasks examples/scale/parallel.sh --jobs 4
#
# --retries goes by no exit code, so that wrong usage (2) and another store (3) are tried three times, too.
set -euo pipefail
SHARDS=${SHARDS:-8}
seq 0 $((SHARDS - 1)) | parallel --retries 3 --line-buffer "$@" \
  ${TASKLOOM:-npx taskloom} generate --dataset "${DATASET:-mnist}" --tasks "${TASKS:-65536}" --seed "${SEED:-0}" \
  --format zarr --workers 1 --out "${OUT:?the folder of the store}" --shard "{}/$SHARDS" ${MORE:-}
