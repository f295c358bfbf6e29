"""Makes test/vectors/int16-v1.json: golden values of task sets of int16 examples. python scripts/make-int16-vectors.py

Words, deviates and draws are those of examples/python/taskloom_stream.py, which shares no code with the package. Sums are
Python's integers, which have no bounds; they are rounded to float32 by integer arithmetic, as docs/stream.md says.
"""

import hashlib
import json
import struct
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples/python"))
sys.dont_write_bytecode = True
from taskloom_stream import SEQUENCE, Words, matrix  # noqa: E402

EXAMPLES, CLASSES = 20, 5


def value(i):
    """Step i of the examples, row after row: the upper half of a hash, from -32768 to 32767."""
    return (((i + 1) * 2654435761 & 0xFFFFFFFF) >> 16) - 32768


def nearest(x):
    """The float32 nearest to an integer, ties to even."""
    size = abs(x)
    drop = max(0, size.bit_length() - 24)
    kept, rest = divmod(size, 1 << drop)
    if 2 * rest > 1 << drop or (2 * rest == 1 << drop and kept % 2):
        kept += 1
    return float((kept << drop) * (1 if x >= 0 else -1))


def float32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def make(name, seed, task, features, rows, length, step, deviation, scaling=None, dtype="float32", identity=False):
    words = Words(seed, task, SEQUENCE, 0)
    indices = [words.bounded(EXAMPLES) for _ in range(length)]
    mean, divisor = scaling or (0, 1)
    level = int(mean / step) if mean == int(mean / step) * step else None
    assert level is not None, "give a mean that is a whole number of steps"
    if identity:
        g = [[int(i == j) for j in range(features)] for i in range(rows)]
        scale = float32(step / divisor)
    else:
        g = [[int(x) for x in row] for row in matrix(seed, task, rows, features)]
        scale = float32(deviation * step / (4096 * divisor))
    sums = []
    for index in indices:
        x = [value(index * features + j) - level for j in range(features)]
        sums += [sum(a * b for a, b in zip(row, x)) for row in g]
    # A product of two float32 is exact in float64, so that it is rounded once.
    values = [float32(nearest(acc) * scale) for acc in sums]
    data = b"".join(struct.pack("<f" if dtype == "float32" else "<e", v) for v in values)
    return {
        "name": name,
        "seed": str(seed),
        "task": task,
        "features": features,
        "outFeatures": rows,
        "length": length,
        "scale": step,
        "standardDeviation": deviation,
        "inputScaling": {"mean": mean, "standardDeviation": divisor} if scaling else "unit",
        "dtype": dtype,
        "identity": identity,
        "indices": indices,
        "sums_first4": [str(acc) for acc in sums[:4]],
        "largest_sum": str(max(map(abs, sums))),
        "inputs_sha256": hashlib.sha256(data).hexdigest(),
    }


cases = [
    make("784 columns, as they are", 42, 0, 784, 24, 6, 2**-15, 1 / 784),
    make("512 columns, standardized, float16", 0, 2**32 - 1, 512, 33, 5, 2**-15, 1 / 512**0.5, (0.25, 0.5), "float16"),
    make("3072 columns, a negative mean", 2**64 - 1, 77, 3072, 17, 3, 2**-10, 1, (-31.25, 18.5)),
    make("33 columns", 7, 5, 33, 50, 9, float32(0.0123), 0.3),
    make("identity, standardized", 9, 1, 100, 120, 4, 2**-12, 1, (1.5, 2.25), "float32", True),
    make("140000 columns", 3, 9, 140000, 4, 2, 2**-15, 1),
    make("140000 columns, standardized", 3, 9, 140000, 3, 2, 2**-15, 1, (-0.125, 1)),
]
about = (
    "Golden values of int16 examples (docs/stream.md), made by scripts/make-int16-vectors.py: words, deviates and draws of "
    "examples/python/taskloom_stream.py, sums and rounding in Python's integers; none of it is code of the package. There are "
    f"{EXAMPLES} examples: value j of example n is (((i + 1) * 2654435761 mod 2^32) >> 16) - 32768 with i = n * features + j, "
    f"its label n mod {CLASSES}. Sequences without label cells, [1, length, outFeatures]; inputs_sha256 is of the values in "
    "little-endian order."
)
out = ROOT / "test/vectors/int16-v1.json"
out.write_text(json.dumps({"about": about, "examples": EXAMPLES, "classes": CLASSES, "cases": cases}, indent=2) + "\n")
