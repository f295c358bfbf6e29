"""Every element type in one place: its names in recipes and files, and its numbers in the struct of docs/module.md."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

__all__ = ["EXAMPLES", "INPUTS", "STORED", "StoredType", "label_dtype", "target_dtype"]


class StoredType(NamedTuple):
    """An element type of stored arrays."""

    numpy: np.dtype[Any]
    safetensors: str


#: Types of stored arrays by the name that recipes and Zarr documents give them. All are little-endian.
STORED = {
    "float32": StoredType(np.dtype("<f4"), "F32"),
    "float16": StoredType(np.dtype("<f2"), "F16"),
    "uint8": StoredType(np.dtype("u1"), "U8"),
    "uint16": StoredType(np.dtype("<u2"), "U16"),
}

#: The field `dtype` of the struct: the type of the inputs.
INPUTS = {"float32": 1, "float16": 2}

#: The field `exampleDtype` of the struct: the type of the examples.
EXAMPLES = {"uint8": 0, "float32": 1}


def target_dtype(label_values: int) -> str:
    """The type of targets that have so many values."""
    return "uint8" if label_values <= 256 else "uint16"


def label_dtype(label_values: int) -> str:
    """The type of given labels. They have one value more, for none."""
    return "uint8" if label_values <= 255 else "uint16"
