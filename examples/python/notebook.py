"""What the notebook "1. Task generation" draws and makes, in plain PyTorch, for docs/from-the-notebook.md.

    python notebook.py train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz --out notebook

Prints the notebook's numbers, and keeps its arrays as NumPy files, so that they can be compared with Taskloom's, as
test/package/from-the-notebook.test.ts does. On a CPU, with PyTorch up to 2.6: later ones draw other seeds.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from taskloom_stream import read_idx

RANDOM_STATE, TASKS, LENGTH = 69, 4, 100


def seeded(seed):
    return torch.Generator().manual_seed(int(seed))


def task_seeds(tasks):
    return torch.randint(0, 2**32 - 1, (tasks,), generator=seeded(RANDOM_STATE))


def projection(features, seed):
    return torch.empty(features, features).normal_(0, 1 / features, generator=seeded(seed))


def permutation(classes, seed):
    return torch.randperm(classes, generator=seeded(seed))


def sequences(images, labels, tasks, samples, kept=slice(None)):
    """Inputs [T * samples, LENGTH, features + 10] and targets [T * samples, LENGTH] of the T tasks that are kept."""
    drawn = torch.randint(0, len(images), (tasks, samples, LENGTH), generator=seeded(RANDOM_STATE))
    inputs, targets = [], []
    for seed, of_task in zip(task_seeds(tasks)[kept], drawn[kept]):
        matrix, new_labels = projection(images.shape[1], seed), permutation(10, seed)
        for indices in of_task:
            target = new_labels[labels[indices]]
            previous = torch.nn.functional.one_hot(target, 10).roll(1, 0).float()
            previous[0] = 0
            projected = torch.nn.functional.linear(images[indices], matrix)
            inputs.append(torch.cat([projected, previous], 1))
            targets.append(target)
    return torch.stack(inputs), torch.stack(targets)


def normalized(inputs):
    return (inputs - inputs.mean((0, 1))) / (inputs.std((0, 1)) + 1e-12)


arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
arguments.add_argument("images", help="IDX file, plain or gzip")
arguments.add_argument("labels", help="IDX file, plain or gzip")
arguments.add_argument("--out", type=Path, help="a folder to write .npy files into")
given = arguments.parse_args()

# Grayscale of three equal channels gives 0.9999 v, which bytes truncate to v - 1; then they are read as [0, 1].
grey = torch.from_numpy(read_idx(given.images).astype(np.int16)).sub(1).clamp(min=0)
images = grey.flatten(1).float() / 255
labels = torch.from_numpy(read_idx(given.labels).astype(np.int64))

seeds = task_seeds(TASKS)
matrix, new_labels = projection(images.shape[1], seeds[0]), permutation(10, seeds[0])
first = torch.nn.functional.linear(images[:1], matrix)
inputs, targets = sequences(images, labels, TASKS, 1)
twice, twice_targets = sequences(images, labels, TASKS, 2)
scaled = normalized(twice)
last, last_targets = sequences(images, labels, 2**16, 1, slice(2**16 - 1, None))

print(f"PyTorch {torch.__version__}")
print(f"seeds {seeds.tolist()}")
print(f"matrix of the first: mean {matrix.mean():.4e}, deviation {matrix.std():.4f}; its permutation {new_labels.tolist()}")
print(f"first example: label {labels[0]}, permuted {new_labels[labels[0]]}, projected {first[0, :3].tolist()} ...")
print(f"sequences {list(inputs.shape)}, two a task and normalized {list(scaled.shape)}")
print(f"task 65535: targets {last_targets[0, :20].tolist()} ...")
if given.out:
    given.out.mkdir(parents=True, exist_ok=True)
    arrays = {"matrix": matrix, "first": first, "inputs": inputs, "scaled": scaled, "last": last}
    labelled = {"targets": targets, "scaled_targets": twice_targets, "last_targets": last_targets}
    arrays.update({name: array.to(torch.uint8) for name, array in labelled.items()})
    for name, array in arrays.items():
        np.save(given.out / f"{name}.npy", array.numpy())
