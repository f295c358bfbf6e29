"""Tasks made on a device of PyTorch: the module draws, tensor operations project."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional as F

from ._draws import Drawer, Draws
from ._engine import instantiate
from ._layout import Layout
from ._tasks import TaskSet
from ._torch_stream import INT16_COLUMNS, PRODUCTS, project
from ._weaver import Weaver
from .errors import InvalidOptionError

__all__ = ["DeviceTasks", "weave"]

_TABLE_ENTRIES = 768
#: Bytes of the random words that are on the device at a time, where operations are not compiled into one.
_WORD_BYTES = 2**26


def weave(
    tasks: TaskSet, device: str | torch.device = "cuda", *, product: str | None = None, compile: bool | None = None
) -> DeviceTasks:
    """Makes the tasks of a set on a device. The bits are those of the set itself.

    tasks:   from `open_tasks` of a recipe: uint8 or int16 examples, the generator "chacha8", no output scaling.
    device:  a device of PyTorch, such as "cuda", "cuda:1", "mps" or "cpu". The examples are copied there once.
    product: "float64", or "float32" for products of 8-bit limbs, which TF32 units take too: two of uint8 examples, four of
             int16 ones. Both are exact. Default: "float64" on a CPU, else "float32".
    compile: True makes one kernel of the key stream by `torch.compile`, which takes some time at the first call. Default:
             on CUDA.

    Raises InvalidOptionError for a set that it cannot make, for a device that is not there, and for int16 examples of more
    values than the product sums exactly: 193,469 with "float32", 6,191,038 with "float64".

    >>> on_gpu = taskloom.torch.weave(tasks, "cuda")  # doctest: +SKIP
    >>> inputs, targets = on_gpu[0:4096]  # [4096, 100, 794] float32 and [4096, 100] int64  # doctest: +SKIP
    """
    return DeviceTasks(tasks, device, product, compile)


class DeviceTasks:
    """A task set on a device: see `weave`. `tasks[a:b]` and `tasks[[3, 1, 2]]` are tensors on it.

    inputs:  `[n, length, values]`, float32 or float16, as the recipe says
    targets: int64 `[n, length]`
    labels:  int64 `[n, length]`, where given labels are an array of their own
    """

    def __init__(self, tasks: TaskSet, device: str | torch.device, product: str | None, compile: bool | None) -> None:
        weaver = getattr(tasks, "_weaver", None)
        if not isinstance(tasks, TaskSet) or not isinstance(weaver, Weaver):
            raise InvalidOptionError("tasks", tasks, "a TaskSet of a recipe, without output scaling; a store is read")
        plan = weaver._plan
        if plan.examples.dtype not in (np.uint8, np.int16) or tasks.recipe["generator"] != "chacha8":
            kind = f"{plan.examples.dtype} examples, generator {tasks.recipe['generator']}"
            raise InvalidOptionError("tasks", kind, 'uint8 or int16 examples and the generator "chacha8", whose sums are exact')
        try:
            self.device = torch.empty(0, device=torch.device(device)).device
        except (RuntimeError, AssertionError, TypeError) as error:
            raise InvalidOptionError("device", device, f"a device that PyTorch has here ({error})") from None
        self.product = product or ("float64" if self.device.type == "cpu" else "float32")
        if self.product not in PRODUCTS:
            raise InvalidOptionError("product", product, '"float64", "float32" or None')
        columns = plan.examples.shape[1]
        if plan.examples.dtype == np.int16 and columns > INT16_COLUMNS[self.product]:
            exact = " or ".join(f'"{name}"' for name, most in INT16_COLUMNS.items() if columns <= most)
            allowed = f"{exact or 'examples of fewer values'}, for int16 examples of {columns} values"
            raise InvalidOptionError("product", self.product, allowed)
        self.tasks = tasks
        self._layout: Layout = plan.layout
        self._drawer = Drawer(plan, weaver.engine)
        self._examples = torch.tensor(plan.examples, device=self.device)
        self._offset, self._scale, self._identity_scale = plan.scales
        self._seed = int(tasks.recipe["seed"])
        self._table = _table(weaver.engine, self.device)
        compiled = self.device.type == "cuda" if compile is None else compile
        self._project = torch.compile(project, dynamic=False) if compiled else project
        self._whole = bool(compiled)
        row_bytes = 64 * -(-columns // 16)
        self._at_once = max(1, _WORD_BYTES // (row_bytes * self._layout.out_features))

    def __len__(self) -> int:
        return len(self.tasks)

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        if not isinstance(index, (slice, list, tuple, range, np.ndarray)):
            return tuple(tensor[0] for tensor in self.items(np.array([self.tasks._number(index)])))
        return self.items(self.tasks._numbers(index))

    def items(self, numbers: npt.NDArray[np.int64]) -> tuple[Tensor, ...]:
        """The sequences of these numbers, int64 `[n]`: `(inputs, targets)`, or with labels."""
        layout = self._layout
        dtype = torch.float16 if layout.dtype == "float16" else torch.float32
        if len(numbers) == 0:
            draws = Draws(*(np.empty((0, layout.length), np.int64),) * 3, np.empty(0, np.uint32), np.empty(0, np.bool_))
        else:
            draws = self._drawer.draw(numbers)
        inputs = torch.zeros(len(numbers), layout.length, layout.row, dtype=dtype, device=self.device)
        values = inputs[..., : layout.out_features]
        self._fill(values, draws)
        given = None if draws.given is None else torch.from_numpy(draws.given).to(self.device)
        if layout.cells and given is not None:
            # A position without a label falls on a cell that is cut off.
            raised = torch.where(given < 0, layout.cells, given)
            inputs[..., layout.out_features :] = F.one_hot(raised, layout.cells + 1)[..., : layout.cells]
        shape = (len(numbers), *layout.target_shape)
        arrays = [inputs.view(len(numbers), *layout.input_shape), self._tensor(draws.targets).view(shape)]
        if layout.has_labels and given is not None:
            arrays.append(torch.where(given < 0, layout.label_values, given).view(shape))
        return tuple(arrays)

    def _tensor(self, array: npt.NDArray[Any]) -> Tensor:
        return torch.from_numpy(array).to(self.device)

    def _fill(self, values: Tensor, draws: Draws) -> None:
        """Writes the projected examples."""
        examples = self._tensor(draws.examples)
        same = np.flatnonzero(draws.identity)
        if len(same):
            places = self._tensor(same)
            values[places] = self._unprojected(examples[places]).to(values.dtype)
        own = np.flatnonzero(~draws.identity)
        # Items of a task are together where they have the same number of items: their matrix is made once.
        keys, firsts, counts = _groups(draws.keys[own])
        for count in np.unique(counts):
            starts = firsts[counts == count]
            for first in range(0, len(starts), self._at_once):
                some = starts[first : first + self._at_once]
                items = self._tensor(own[(some[:, None] + np.arange(count)).ravel()])
                some_keys = keys[counts == count][first : first + self._at_once]
                projected = self._projected(some_keys, examples[items].view(len(some), -1))
                values[items] = projected.view(len(items), *values.shape[1:]).to(values.dtype)

    def _projected(self, keys: npt.NDArray[np.uint32], numbers: Tensor) -> Tensor:
        """The projected examples of some matrices: `[matrices, positions]` to `[matrices, positions, rows]`."""
        tasks, missing = keys.view(np.int32), 0
        if self._whole:
            # Compiled code is for one shape, so a rest is filled up.
            missing = self._at_once - len(keys)
            tasks = np.concatenate([tasks, np.zeros(missing, np.int32)])
            numbers = F.pad(numbers, (0, 0, 0, missing))
        projected: Tensor = self._project(
            self._seed, self._tensor(tasks), self._examples[numbers], self._layout.out_features, self._offset, self._scale,
            self._table, self.product,
        )  # fmt: skip
        return projected[: len(keys)]

    def _unprojected(self, numbers: Tensor) -> Tensor:
        """Examples under the identity: their first values, and zeros where there are more rows."""
        rows, columns = self._layout.out_features, self._examples.shape[1]
        sums = self._examples[numbers][..., :rows].to(torch.int32) - self._offset
        scaled = sums.to(torch.float32) * torch.tensor(self._identity_scale, dtype=torch.float32, device=self.device)
        return F.pad(scaled, (0, max(0, rows - columns)))


def _groups(keys: npt.NDArray[np.uint32]) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Neighbors that are equal: their value, where they begin, and how many they are."""
    firsts = np.flatnonzero(np.concatenate([[len(keys) > 0], keys[1:] != keys[:-1]])) if len(keys) else np.empty(0, np.int64)
    return keys[firsts], firsts, np.diff(np.append(firsts, len(keys)))


def _table(engine: str, device: torch.device) -> tuple[Tensor, Tensor]:
    """The upper 20 and the lower 12 bits of the table of deviates, int32 `[768]`, from the module's memory."""
    instance = instantiate(engine)
    at = instance.function("normalTable")()
    table = instance.memory()[at : at + 4 * _TABLE_ENTRIES].view(np.uint32)
    values, slopes = (torch.from_numpy(part.astype(np.int32)).to(device) for part in (table >> 12, table & 0xFFF))
    return values, slopes
