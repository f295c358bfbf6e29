"""python examples/python/read.py [tasks]

Opens what `taskloom generate` wrote: NumPy alone, mapped into memory, so that only what is touched is read.
"""

import json
import sys
from pathlib import Path

import numpy as np

folder = Path(sys.argv[1] if len(sys.argv) > 1 else "tasks")
recipe = json.loads((folder / "recipe.json").read_text())
inputs = np.load(folder / "inputs.npy", mmap_mode="r")  # [sequences, length, outFeatures + classes]
targets = np.load(folder / "targets.npy", mmap_mode="r")  # [sequences, length]

print(f"seed {recipe['seed']}, tasks from {recipe['taskOffset']}: inputs {inputs.shape} {inputs.dtype}, targets {targets.shape}")
outputs = recipe["outFeatures"]
sequence = inputs[-1]
print(f"last sequence: projected deviation {sequence[:, :outputs].std():.4f}, targets {targets[-1][:10]} ...")
# The one-hot of a position is the target of the position before.
assert (sequence[1:, outputs:].argmax(axis=1) == targets[-1][:-1]).all()
assert not sequence[0, outputs:].any()
