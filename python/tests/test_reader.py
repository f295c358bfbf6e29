"""The bits are those of examples/python/taskloom_stream.py, which shares no code with the package."""

import json
import sys
import warnings

import numpy as np


def test_the_independent_reader_makes_the_same(fixtures, root):
    sys.path.insert(0, str(root / "examples" / "python"))
    try:
        import taskloom_stream
    finally:
        sys.path.pop(0)
    compared = 0
    for case in fixtures.cases:
        recipe = json.loads(case["recipe"])
        exact = recipe["generator"] == "chacha8" and recipe["outputScaling"] == "none" and case["data"] != "floats"
        if not exact or recipe["inputScaling"] == "notebook":
            continue
        dataset = fixtures.dataset(case["data"])
        labels = dataset.targets
        if dataset.original_labels:
            labels = np.array(dataset.original_labels)[labels]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            reader = taskloom_stream.Recipe(recipe, dataset.images, labels)
            tasks = fixtures.open(case["name"])
            # The first and the last: the reader is slow.
            for n in {case["start"], case["stop"] - 1}:
                for array, expected in zip(tasks[n], reader.sequence(n)):
                    assert array.dtype == expected.dtype and np.array_equal(array, expected), case["name"]
        compared += 1
    assert compared >= 68
