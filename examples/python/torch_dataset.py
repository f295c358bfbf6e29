"""python examples/python/torch_dataset.py [tasks]

What `taskloom generate` wrote, in any format and with any options, as a PyTorch dataset. Files are mapped into memory when
they are first touched, so that only the sequences asked for are read. It needs NumPy, PyTorch and read.py beside it.

    data = TaskloomStore("tasks")
    loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True, num_workers=4)
    for inputs, targets in loader:  # [64, 100, 794] float32, [64, 100] int64
        ...
"""

import sys

import numpy as np
import torch
from read import StoreError, Tasks, check_labels

__all__ = ["StoreError", "TaskloomStore"]


class TaskloomStore(torch.utils.data.Dataset):
    """The sequences of a folder: `store[i]` is `(inputs, targets)`, and `labels` behind them where the set has some.

    inputs: float32 or float16, `[length, values]`, the one-hot of the given label (by default the previous one) behind
    the projected values; targets and labels: int64, `[length]`. Without sequences `[values]` and `[]`. `store.recipe` says
    what they were made from.
    """

    def __init__(self, path):
        self.tasks = Tasks(path)
        self.recipe = self.tasks.recipe

    def __len__(self):
        return len(self.tasks)

    def __getitem__(self, item):
        inputs, *others = self.tasks[item]
        return tuple(map(torch.from_numpy, (inputs, *(np.asarray(values, np.int64) for values in others))))


def main(path):
    store = TaskloomStore(path)
    loader = torch.utils.data.DataLoader(store, batch_size=min(4, len(store)))
    batch = next(iter(loader))
    compared = {check_labels(store.recipe, *(values.numpy() for values in sequence)) for sequence in zip(*batch)}
    inputs, targets, *_ = batch
    print(f"{len(store)} sequences of seed {store.recipe['seed']}: a batch of {tuple(inputs.shape)} {inputs.dtype}")
    # What PyTorch refuses of uint8: one-hots, embeddings and gather take int64.
    values = int(targets.max()) + 1
    assert torch.nn.functional.one_hot(targets, values).shape == (*targets.shape, values)
    print(*compared, sep="; ")


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "tasks")
