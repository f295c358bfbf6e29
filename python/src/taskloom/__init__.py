"""Taskloom: weaves one dataset into up to 2^32 in-context-learning tasks, from a seed, with the same bits on every machine.

>>> mnist = taskloom.read_idx("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz", name="mnist")  # doctest: +SKIP
>>> tasks = taskloom.open_tasks(taskloom.recipe(mnist, task_count=2**32, seed=42), mnist)  # doctest: +SKIP
>>> inputs, targets = tasks[0:64]  # [64, 100, 794] and [64, 100]  # doctest: +SKIP
"""

from ._batches import Batch, Batches
from ._engine import engine_name
from ._options import recipe
from ._read import read_folder, read_idx, read_npz
from ._recipe import Recipe
from ._tasks import TaskSet, open_tasks
from .dataset import Dataset
from .errors import (
    DatasetError,
    EngineError,
    InvalidOptionError,
    OutOfRangeError,
    RecipeError,
    StoreError,
    TaskloomError,
)

__all__ = [
    "Batch",
    "Batches",
    "Dataset",
    "DatasetError",
    "EngineError",
    "InvalidOptionError",
    "OutOfRangeError",
    "Recipe",
    "RecipeError",
    "StoreError",
    "TaskSet",
    "TaskloomError",
    "engine_name",
    "open_tasks",
    "read_folder",
    "read_idx",
    "read_npz",
    "recipe",
]

__version__ = "0.1.0"
