"""A recipe and its dataset as the module takes them: the fields of the struct, and the examples that are drawn from."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Mapping

import numpy as np
import numpy.typing as npt

from ._dtypes import EXAMPLES, INPUTS
from ._layout import Layout, classes_of, layout_of
from ._rules import check_examples, check_fields
from ._share import Schedule, is_always, schedule_of
from .dataset import Dataset
from .errors import InvalidOptionError

__all__ = ["Plan", "plan_of"]

_NONE = 0xFFFFFFFF
_UNITS = 4096
_MIN_NORMAL = 2.0**-126
#: Where `Plan.fields` has grayOffset, scale and identityScale.
_SCALES = slice(19, 22)


@dataclass(frozen=True)
class Plan:
    """The fields of the struct in their order, without the version; its schedules; and what the module is given beside it."""

    fields: tuple[Any, ...]
    schedules: tuple[Schedule, Schedule, Schedule]
    examples: npt.NDArray[Any]  # [n, features], uint8, int16 or float32
    labels: npt.NDArray[np.uint16]
    layout: Layout

    @property
    def scales(self) -> tuple[int, float, float]:
        """The gray level that is subtracted, and the factors of projected values and of those under the identity."""
        gray, scale, identity = self.fields[_SCALES]
        return gray, scale, identity


def plan_of(recipe: Mapping[str, Any], dataset: Dataset, dtype: str | None = None) -> Plan:
    """Puts a recipe and the dataset that it names together.

    dtype: the type of the inputs where it is not the recipe's.
    Raises InvalidOptionError where they do not fit, or the recipe's fields do not fit each other.
    """
    check_fields(recipe)
    images, labels = _selected(recipe, dataset)
    subset = recipe["classSubset"]
    classes = len(subset) if subset is not None else dataset.classes
    check_examples(recipe, labels, images.shape[1], classes, dataset.name)
    recipe = {**recipe, "examples": len(images), "dtype": dtype or recipe["dtype"]}
    layout = layout_of(recipe)
    examples, numbers = _scaled(recipe, images, dataset)
    identity, fixed = recipe["identity"], recipe["fixed"]
    projection, permutation = schedule_of(identity["projection"]), schedule_of(identity["permutation"])
    share = schedule_of(fixed["share"]) if fixed else []
    episode = recipe["episode"] or {"ways": 0, "shots": 0, "queries": 0, "relabel": False}
    by_step = bool(fixed) and fixed["task"] == "step"
    flags = 1 + 2 * fixed["permutation"] + 4 * fixed["projection"] + 8 * by_step if fixed else 0
    token = recipe["startToken"]
    label_layout = recipe["labelLayout"] if layout.mode == "sequence" else "none"
    # In the order of docs/module.md, from `mode` on.
    fields = (
        ("sequence", "dataset", "samples").index(layout.mode),
        int(recipe["seed"]),
        recipe["taskCount"],
        recipe["taskOffset"],
        int(recipe["replacement"]),
        layout.items_per_task,
        layout.items,
        layout.length,
        len(examples),
        examples.shape[1],
        layout.out_features,
        classes,
        classes_of(recipe),
        recipe["specialTokens"],
        _NONE if token is None else token,
        ("none", "shifted", "query-last").index(label_layout),
        ("one-hot", "integer").index(recipe["labelFormat"]),
        ("chacha8", "torch").index(recipe["generator"]),
        EXAMPLES[str(examples.dtype)],
        *_scales(recipe, numbers, examples.dtype, dataset.scale, is_always(projection)),
        INPUTS[layout.dtype],
        episode["ways"],
        episode["shots"],
        episode["queries"],
        int(episode["relabel"]),
        flags,
        0 if not fixed or by_step else fixed["task"],
        fixed["pool"] if fixed else 0,
        recipe["tasksPerStep"],
    )
    return Plan(fields, (projection, permutation, share), np.ascontiguousarray(examples), labels, layout)


def _scaled(
    recipe: Mapping[str, Any], images: npt.NDArray[Any], dataset: Dataset
) -> tuple[npt.NDArray[Any], tuple[float, float] | None]:
    """The examples as the module takes them, and the mean and deviation that are left for it to apply, if any.

    uint8 and int16 examples stay integers, the module subtracts from them itself. For PyTorch's generator they are scaled here, as
    float32 ones are.
    """
    scaling, name, step = recipe["inputScaling"], dataset.name, dataset.scale
    pixels = images.dtype != np.float32
    if scaling == "notebook":
        if images.dtype != np.uint8 or step is not None:
            kind = images.dtype if step is None else f"quantized, {images.dtype}"
            raise InvalidOptionError("inputScaling", scaling, f'"notebook" for uint8 examples; {name} is {kind}')
        images = np.where(images > 0, images - 1, 0).astype(np.uint8)
    numbers = None if isinstance(scaling, str) else (float(scaling["mean"]), float(scaling["standardDeviation"]))
    if pixels and recipe["generator"] != "torch":
        return images, numbers
    if not pixels and numbers is None:
        return images, None
    mean, deviation = numbers or (0.0, 255.0 if step is None else 1.0)
    values = images.astype(np.float64)
    if step is not None:
        values = (values - _zero(images.dtype, step)) * step
    with np.errstate(over="ignore"):
        scaled = ((values - mean) / deviation).astype(np.float32)
    if not pixels and np.isfinite(images).all():
        if not np.isfinite(scaled).all():
            raise InvalidOptionError("inputScaling", scaling, f"one that leaves the values of {name} finite in float32")
        if images.any() and not scaled.any():
            raise InvalidOptionError("inputScaling", scaling, f"one that leaves values of {name} that are not 0")
    return scaled, None


def _scales(
    recipe: Mapping[str, Any],
    numbers: tuple[float, float] | None,
    dtype: np.dtype[Any],
    scale: float | None,
    always: bool,
) -> tuple[int, float, float, float]:
    """The gray level or step to subtract, and the factors: see docs/module.md."""
    gray, divisor, step = 0, 1.0, 1.0
    if dtype != np.float32:
        step = 1.0 if scale is None else scale
        mean, divisor = numbers or (0.0, 255.0 if scale is None else 1.0)
        level = mean / step
        gray = math.floor(level) + (level - math.floor(level) >= 0.5) + _zero(dtype, scale)
        if abs(gray) >= 2**15:
            unit = "a gray level" if scale is None else f"a mean that is a step, of {scale} each,"
            raise InvalidOptionError("inputScaling.mean", mean, f"{unit} from -32767 to 32767 for {dtype} examples")
    # The deviation does not matter where there is no random matrix.
    sigma = 1.0 if always else recipe["standardDeviation"]
    identity = _factor("inputScaling", recipe["inputScaling"], step / divisor)
    if recipe["generator"] == "torch":
        return gray, identity, identity, _factor("standardDeviation", recipe["standardDeviation"], sigma)
    factor = sigma * step / (_UNITS * divisor)
    return gray, _factor("standardDeviation", recipe["standardDeviation"], factor), identity, 1.0


def _zero(dtype: np.dtype[Any], scale: float | None) -> int:
    """The integer that stands for 0 in quantized examples."""
    return 128 if scale is not None and dtype == np.uint8 else 0


def _factor(field: str, given: Any, factor: float) -> float:
    with np.errstate(over="ignore", under="ignore"):
        rounded = float(np.float32(factor))
    if _MIN_NORMAL <= rounded < math.inf:
        return rounded
    size = "0 or without its precision" if rounded < 1 else "infinite"
    raise InvalidOptionError(
        field, given, f"one with which values are finite in float32 and not 0; they are multiplied by {factor}, which is {size}"
    )


def _selected(recipe: Mapping[str, Any], dataset: Dataset) -> tuple[npt.NDArray[Any], npt.NDArray[np.uint16]]:
    """The examples that exampleRange and classSubset leave, [n, features], and their labels in the task set, [n]."""
    images, labels = dataset.images.reshape(len(dataset), -1), dataset.targets
    limits, subset = recipe["exampleRange"], recipe["classSubset"]
    if limits is not None:
        if limits[1] > len(dataset):
            raise InvalidOptionError("exampleRange", limits, f"within the {len(dataset)} examples of {dataset.name}")
        images, labels = images[slice(*limits)], labels[slice(*limits)]
    if subset is None:
        return images, labels
    if max(subset) >= dataset.classes:
        raise InvalidOptionError("classSubset", subset, f"labels from 0 to {dataset.classes - 1} of {dataset.name}")
    kept = np.isin(labels, subset)
    missing = sorted(set(subset) - set(np.unique(labels[kept]).tolist()))
    if missing:
        raise InvalidOptionError("classSubset", subset, f"labels that the selection of {dataset.name} has; not {missing}")
    place = np.zeros(65536, np.uint16)
    place[subset] = np.arange(len(subset), dtype=np.uint16)
    return images[kept], place[labels[kept]]
