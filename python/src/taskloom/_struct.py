"""The struct of docs/module.md: how a plan is written into an instance of the module, and what the module answers."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np

from ._engine import ABI_VERSION, Instance
from ._plan import Plan
from .errors import EngineError

__all__ = ["Regions", "start"]

_BYTES = 288
_HEAD = struct.Struct("<IIQQIIQQ" + "I" * 12 + "ifff" + "I" * 8 + "Q")
_RESULTS_AT = 192
_RUN_COUNT_AT = 272
_RESULTS = struct.Struct("<IIIIQQQQ" + "I" * 12)


class Regions(NamedTuple):
    """Where the module keeps what; see docs/module.md."""

    max_items: int
    max_positions: int
    inputs_bytes: int
    targets_bytes: int
    labels_bytes: int
    gathered: int
    stride: int
    inputs: int
    targets: int
    labels: int
    runs: int
    #: The offset of the number of runs of the last draw.
    run_count: int
    indices: int
    drawn_labels: int
    given_labels: int


def start(instance: Instance, plan: Plan, most_positions: int, draws_only: bool = False) -> Regions:
    """Starts a plan. The examples stay outside, so that instances share them.

    most_positions: positions drawn and made at a time at most.
    draws_only: True if no values will be made, so that they need no memory.
    Raises EngineError where the plan does not fit into the module's memory.
    """
    at = -(-instance.function("heapBase")() // 64) * 64
    head = bytearray(_HEAD.pack(ABI_VERSION, *plan.fields))
    points = b""
    for schedule in plan.schedules:
        head += struct.pack("<II", len(schedule), at + _BYTES + len(points))
        points += b"".join(struct.pack("<dd", *point) for point in schedule)
    heap = at + _BYTES + len(points)
    head += struct.pack("<IIII", most_positions, 0, int(draws_only), heap)
    missing = heap - instance.memory().size
    if missing > 0 and not instance.grow(-(-missing // 65536)):
        raise EngineError("out of memory: the schedules of the plan do not fit into the module's memory")
    instance.memory()[at:heap] = np.frombuffer(bytes(head).ljust(_BYTES, b"\0") + points, np.uint8)
    status = instance.function("plan")(at)
    results = _RESULTS.unpack(instance.memory()[at + _RESULTS_AT : at + _BYTES].tobytes())
    problem, max_items, max_positions, _, inputs_bytes, targets_bytes, labels_bytes, end, example_labels = results[:9]
    if status == 3:
        raise EngineError(f"out of memory: the module needs {end} bytes for this set; at most 2^32 can be had")
    if status != 0:
        raise EngineError(f"the module refuses the plan (status {status}, field {problem}): a defect; please report it")
    labels = plan.labels.astype("<u2").view(np.uint8)
    instance.memory()[example_labels : example_labels + labels.size] = labels
    gathered, stride, inputs, targets, integers, runs = results[10:16]
    indices, drawn_labels, given_labels = results[17:20]
    return Regions(
        max_items, max_positions, inputs_bytes, targets_bytes, labels_bytes, gathered, stride, inputs, targets, integers,
        runs, at + _RUN_COUNT_AT, indices, drawn_labels, given_labels,
    )  # fmt: skip
