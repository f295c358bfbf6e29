"""Quantized examples: the golden values of int16, digests, and float32 files that a recipe quantizes."""

import gzip
import hashlib
import json

import numpy as np
import pytest
import taskloom

from conftest import ROOT

GOLDEN = json.loads((ROOT / "test/vectors/int16-v1.json").read_text(encoding="utf-8"))
FLOATS = taskloom.Dataset.of(np.array([[1, 0.25], [-0.5, 0]], np.float32), [0, 1])


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["name"])
def test_golden(case):
    values = np.arange(1, GOLDEN["examples"] * case["features"] + 1, dtype=np.uint64)
    steps = ((values * 2654435761 & 0xFFFFFFFF) >> 16).astype(np.int64) - 32768
    labels = np.arange(GOLDEN["examples"]) % GOLDEN["classes"]
    data = taskloom.Dataset.of(
        steps.astype(np.int16).reshape(GOLDEN["examples"], -1), labels, classes=GOLDEN["classes"], scale=case["scale"]
    )
    scaling = case["inputScaling"]
    if scaling != "unit":
        scaling = {"mean": scaling["mean"], "standard_deviation": scaling["standardDeviation"]}
    recipe = taskloom.recipe(
        data,
        seed=int(case["seed"]),
        task_offset=case["task"],
        task_count=1,
        sequence_length=case["length"],
        out_features=case["outFeatures"],
        standard_deviation=case["standardDeviation"],
        input_scaling=scaling,
        dtype=case["dtype"],
        identity={"projection": case["identity"], "permutation": False},
        label_layout="none",
    )
    assert recipe["dataset"]["scale"] == case["scale"]
    inputs = taskloom.open_tasks(recipe, data)[0][0]
    assert hashlib.sha256(np.ascontiguousarray(inputs).tobytes()).hexdigest() == case["inputs_sha256"]


@pytest.mark.parametrize(
    ("bits", "steps", "digest"),
    [
        (16, [32767, 8192, -16384, 0], "0b2ed91bcc77f67b0ec51c034fab429123cbf28f48baa2c8ca73f6b9edb39fd5"),
        (8, [255, 160, 64, 128], "b5e2859ec45fbcbdd805b8c40d290625694dd06f617225e418d3004d4f5f1dc5"),
    ],
)
def test_quantize(bits, steps, digest):
    # The digests are those of Dataset.quantize in JavaScript.
    data = FLOATS.quantize(bits)
    assert data.images.ravel().tolist() == steps
    assert data.digest() == digest


def test_quantize_refuses():
    with pytest.raises(taskloom.InvalidOptionError, match="bits"):
        FLOATS.quantize(12)
    with pytest.raises(taskloom.DatasetError, match="not float32"):
        FLOATS.quantize(16).quantize(16)
    with pytest.raises(taskloom.DatasetError, match="give scale"):
        taskloom.Dataset.of(np.zeros((2, 2), np.int16), [0, 1])
    with pytest.raises(taskloom.InvalidOptionError, match="scale"):
        taskloom.Dataset.of(np.zeros((2, 2), np.float32), [0, 1], scale=0.5)


@pytest.mark.parametrize("bits", [16, 8])
def test_float_files_are_quantized_as_the_recipe_says(tmp_path, bits):
    images = np.sin(np.arange(6 * 4, dtype=np.float32)).reshape(6, 2, 2).astype(np.float32)
    labels = (np.arange(6) % 3).astype(np.uint8)
    for name, array, kind in (("images-idx3", images, 13), ("labels-idx1", labels, 8)):
        header = bytes([0, 0, kind, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
        text = header + array.astype(array.dtype.newbyteorder(">")).tobytes()
        (tmp_path / f"train-{name}-ubyte.gz").write_bytes(gzip.compress(text))
    data = taskloom.read_folder(tmp_path).quantize(bits)
    recipe = taskloom.recipe(data, task_count=2, sequence_length=4, seed=3)
    again = taskloom.open_tasks(recipe, tmp_path)
    assert np.array_equal(again[1][0], taskloom.open_tasks(recipe, data)[1][0])
