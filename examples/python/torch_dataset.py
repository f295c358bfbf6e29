"""python examples/python/torch_dataset.py [store]

A store that `taskloom generate --format zarr` wrote, as a PyTorch dataset. Chunks are mapped into memory when they are
first touched, so that only the sequences asked for are read; NumPy and PyTorch are all it needs.

    data = TaskloomStore("tasks")
    loader = torch.utils.data.DataLoader(data, batch_size=64, shuffle=True, num_workers=4)
    for inputs, targets in loader:  # [64, 100, 794] float32, [64, 100] int64
        ...
"""

import json
import sys
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch

# Mapped chunks kept open at a time, in each worker process: each is a file descriptor.
OPEN_CHUNKS = 128


class StoreError(Exception):
    """A store is missing, unfinished, foreign or damaged; the message says which, and what to do."""


class _Array:
    """One array of the store: `[items, ...shape]`, in chunks of whole items."""

    def __init__(self, store, name):
        self.path = store / name
        document = _read_json(self.path / "zarr.json")
        self.items, *self.shape = document["shape"]
        self.chunk_items, *rest = document["chunk_grid"]["configuration"]["chunk_shape"]
        if [codec["name"] for codec in document["codecs"]] != ["bytes"] or rest != self.shape:
            raise StoreError(f"{self.path}: compressed or cut in another way than taskloom does; open it with zarr")
        encoding = document["chunk_key_encoding"].get("configuration", {})
        self.separator = encoding.get("separator", "/")
        self.dtype = np.dtype(document["data_type"]).newbyteorder("<")
        self.chunk = lru_cache(OPEN_CHUNKS)(self._open)

    def _open(self, number):
        path = self.path / self.separator.join(str(n) for n in ["c", number] + [0] * len(self.shape))
        shape = (self.chunk_items, *self.shape)
        expected = int(np.prod(shape)) * self.dtype.itemsize
        if not path.exists():
            raise StoreError(f"{path} is missing: finish the store (run taskloom generate again) or copy all of it")
        if path.stat().st_size != expected:
            raise StoreError(f"{path} has {path.stat().st_size} bytes, not {expected}: taskloom verify lists what is bad")
        return np.memmap(path, dtype=self.dtype, mode="r", shape=shape)

    def __getitem__(self, item):
        return self.chunk(item // self.chunk_items)[item % self.chunk_items]

    # Workers that are started by spawning get the description and map the chunks for themselves.
    def __getstate__(self):
        return {key: value for key, value in self.__dict__.items() if key != "chunk"}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self.chunk = lru_cache(OPEN_CHUNKS)(self._open)


class TaskloomStore(torch.utils.data.Dataset):
    """The sequences of a store: `store[i]` is `(inputs, targets)`, and `labels` behind them where the store has some.

    inputs: float32 or float16, `[length, values]`, the one-hot of the given label (by default the previous one) behind
    the projected values; targets: int64, `[length]`. `store.recipe` says what they were made from.
    """

    def __init__(self, path):
        self.path = Path(path)
        attributes = _read_json(self.path / "zarr.json").get("attributes", {})
        layout = attributes.get("taskloom_store")
        if layout is None:
            raise StoreError(f"{self.path}: not a store of taskloom")
        if layout["version"] != 1:
            raise StoreError(f"{self.path}: a store of version {layout['version']}; this reader knows version 1")
        if not (self.path / "manifest.json").exists():
            raise StoreError(f"{self.path}: unfinished, as it has no manifest.json; run taskloom generate again")
        self.recipe = attributes["taskloom"]
        self.onehot = layout["onehot"]
        self.arrays = {name: _Array(self.path, name) for name in layout["arrays"]}

    def __len__(self):
        return self.arrays["inputs"].items

    def __getitem__(self, item):
        item = int(item)
        if item < 0:
            item += len(self)
        if not 0 <= item < len(self):
            raise IndexError(f"sequence {item} of {len(self)}")
        inputs = self.arrays["inputs"][item]
        others = [array[item].astype(np.int64) for name, array in self.arrays.items() if name != "inputs"]
        inputs = inputs.copy() if self.onehot else self._with_labels(inputs, others[0])
        return tuple(torch.from_numpy(np.asarray(values)) for values in (inputs, *others))

    def _with_labels(self, values, targets):
        """Puts the one-hot of the label that each position is given behind its projected values."""
        recipe, (length, width) = self.recipe, values.shape
        episode = recipe.get("episode")
        given = np.full(length, -1)
        if recipe.get("labelLayout", "shifted") == "shifted":
            given[1:] = targets[:-1]
            if recipe.get("startToken") is not None:
                given[0] = recipe["startToken"]
        else:
            hidden = episode["ways"] * episode["shots"] if episode and episode["queries"] else length - 1
            given[:hidden] = targets[:hidden]
        classes = len(recipe.get("classSubset") or range(recipe["dataset"]["classes"]))
        if episode and episode["relabel"]:
            classes = episode["ways"]
        inputs = np.zeros((length, width + classes + recipe.get("specialTokens", 0)), values.dtype)
        inputs[:, :width] = values
        positions = np.flatnonzero(given >= 0)
        inputs[positions, width + given[positions]] = 1
        return inputs


def _read_json(path):
    try:
        return json.loads(path.read_text())
    except FileNotFoundError:
        raise StoreError(f"{path} is missing: is this the folder of a store?") from None
    except ValueError as error:
        raise StoreError(f"{path}: not JSON ({error})") from None


if __name__ == "__main__":
    store = TaskloomStore(sys.argv[1] if len(sys.argv) > 1 else "tasks")
    loader = torch.utils.data.DataLoader(store, batch_size=min(4, len(store)))
    inputs, targets, *_ = next(iter(loader))
    print(f"{len(store)} sequences of seed {store.recipe['seed']}: a batch of {tuple(inputs.shape)} {inputs.dtype}")
    # The one-hot of a position is the target of the position before.
    assert (inputs[:, 1:, store.recipe["outFeatures"] :].argmax(-1) == targets[:, :-1]).all()
