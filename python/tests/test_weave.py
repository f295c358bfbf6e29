"""Tasks made by tensor operations: the bits are those of the module."""

import os

import numpy as np
import pytest
import taskloom

torch = pytest.importorskip("torch", "2.0")

from taskloom._torch_stream import rounded_once  # noqa: E402
from taskloom.torch import weave  # noqa: E402

PRODUCTS = ("float64", "float32")
# Threads that wait for each other take longer than one where the machine has other work.
torch.set_num_threads(1)


def made_exactly(case):
    recipe = taskloom.Recipe.parse(case["recipe"])
    return (
        recipe["generator"] == "chacha8"
        and recipe["dataset"]["dtype"] != "float32"
        and recipe["outputScaling"] == "none"
        and recipe["inputScaling"] != "notebook"
    )


def test_every_recipe_of_integers(fixtures):
    compared = {"uint8": 0, "int16": 0}
    for case in filter(made_exactly, fixtures.cases):
        tasks = fixtures.open(case["name"])
        expected = tasks[case["start"] : case["stop"]]
        for product in PRODUCTS:
            got = weave(tasks, "cpu", product=product)[case["start"] : case["stop"]]
            assert len(got) == len(expected)
            assert got[1].dtype == torch.int64
            for tensor, array in zip(got, expected):
                assert tuple(tensor.shape) == array.shape
                assert np.array_equal(tensor.numpy(), array), (case["name"], product)
            assert got[0].numpy().tobytes() == expected[0].tobytes(), (case["name"], product)
        compared[tasks.recipe["dataset"]["dtype"]] += 1
    assert compared["uint8"] > 45 and compared["int16"] >= 10


def test_any_items_in_any_order(fixtures):
    rng = np.random.default_rng(1)
    for name in ("paper, float16, several sequences a task", "integer labels", "samples of all tasks", "episodes", "2^32 tasks"):
        case = fixtures.case(name)
        tasks = fixtures.open(name)
        numbers = rng.integers(case["start"], case["stop"], 30)
        device_tasks = weave(tasks, "cpu")
        for tensor, array in zip(device_tasks[numbers], tasks[numbers]):
            assert np.array_equal(tensor.numpy(), array), name
        assert np.array_equal(device_tasks[int(numbers[0])][0].numpy(), tasks[int(numbers[0])][0])
        assert device_tasks[[]][0].shape == (0, *tasks.layout.input_shape)


def test_large_matrices_and_few_on_the_device_at_a_time():
    rng = np.random.default_rng(2)
    # More columns than one product of limbs takes, and values that reach every bound.
    images = rng.integers(0, 256, (40, 1500), np.uint8)
    images[:5] = 255
    dataset = taskloom.Dataset.of(images, np.arange(40) % 7)
    for preset in ("notebook", "paper"):
        recipe = taskloom.recipe(
            dataset, task_count=9, task_offset=2**32 - 9, seed=2**64 - 1, preset=preset, sequence_length=20, out_features=33
        )
        tasks = taskloom.open_tasks(recipe, dataset)
        for product in PRODUCTS:
            for at_once, precision in ((1, "highest"), (4, "high"), (100, "medium")):
                some = weave(tasks, "cpu", product=product)
                some._at_once = at_once
                torch.set_float32_matmul_precision(precision)
                try:
                    inputs, targets = some[:]
                finally:
                    torch.set_float32_matmul_precision("highest")
                assert inputs.numpy().tobytes() == tasks[:][0].tobytes(), (preset, product, at_once, precision)


def test_int16_at_every_bound():
    rng = np.random.default_rng(3)
    # More columns than one product of limbs takes. The values give sums of all sizes, and the largest limbs.
    images = rng.integers(-32768, 32768, (40, 1500)).astype(np.int16)
    images[:4] = np.int16([[-32768], [32767], [128], [-129]])
    images[4:8] = np.sign(images[4:8]) * 32767
    images[8:20] >>= rng.integers(1, 16, (12, 1)).astype(np.int16)
    dataset = taskloom.Dataset.of(images, np.arange(40) % 7, scale=2.0**-15)
    # Means of -32767, 0 and 32767 steps.
    for mean in (-32767, 0, 32767):
        scaling = {"mean": mean * 2.0**-15, "standard_deviation": 0.5}
        recipe = taskloom.recipe(
            dataset, task_count=6, seed=2**64 - 1, sequence_length=30, out_features=33, input_scaling=scaling
        )
        tasks = taskloom.open_tasks(recipe, dataset)
        expected = tasks[:][0].tobytes()
        for product in PRODUCTS:
            some = weave(tasks, "cpu", product=product)
            some._at_once = 4
            for precision in ("highest", "medium"):
                torch.set_float32_matmul_precision(precision)
                try:
                    assert some[:][0].numpy().tobytes() == expected, (mean, product, precision)
                finally:
                    torch.set_float32_matmul_precision("highest")


def test_integers_are_rounded_once():
    rng = np.random.default_rng(4)
    sizes = 2 ** rng.integers(1, 49, 100_000)
    integers = rng.integers(-sizes, sizes)
    ties = (rng.integers(2**23, 2**24, 1000) * 2 + 1) << rng.integers(0, 23, 1000)
    integers = np.concatenate([integers, ties, -ties, ties + 1, ties - 1, [2**48 - 1, 1 - 2**48, 2**48, 0]])
    # float64 holds them, so that NumPy rounds once.
    expected = integers.astype(np.float64).astype(np.float32)
    assert np.array_equal(rounded_once(torch.from_numpy(integers)).numpy(), expected)


def test_int16_of_more_values_than_a_product_sums_exactly():
    dataset = taskloom.Dataset.of(np.full((2, 193_470), 32767, np.int16), [0, 1], scale=0.5)
    recipe = taskloom.recipe(dataset, sequence_length=2, out_features=2)
    tasks = taskloom.open_tasks(recipe, dataset)
    assert weave(tasks, "cpu")[0][0].numpy().tobytes() == tasks[0][0].tobytes()
    with pytest.raises(taskloom.InvalidOptionError) as caught:
        weave(tasks, "cpu", product="float32")
    assert str(caught.value) == "product is 'float32'; allowed: \"float64\", for int16 examples of 193470 values"


@pytest.mark.skipif(not os.environ.get("TASKLOOM_COMPILE"), reason="TASKLOOM_COMPILE is not set: it takes a minute")
def test_compiled_code_makes_the_same(fixtures):
    for name in ("paper, float16, several sequences a task", "2^32 tasks", "int16, a mean and deviation"):
        case = fixtures.case(name)
        tasks = fixtures.open(name)
        for product in PRODUCTS:
            compiled = weave(tasks, "cpu", product=product, compile=True)
            compiled._at_once = 4
            got = compiled[case["start"] : case["stop"]]
            assert got[0].numpy().tobytes() == tasks[case["start"] : case["stop"]][0].tobytes(), (name, product)


def test_what_it_cannot_make_is_refused(fixtures):
    for name in ("torch", "float32", "int16, torch", "the set standardized"):
        with pytest.raises(taskloom.InvalidOptionError, match="allowed: "):
            weave(fixtures.open(name), "cpu")
    tasks = fixtures.open("2^32 tasks")
    with pytest.raises(taskloom.InvalidOptionError, match="product is 'int8'"):
        weave(tasks, "cpu", product="int8")
    for device in ("cuda:99", "nothing", None, 3.5):
        with pytest.raises(taskloom.InvalidOptionError, match="device is"):
            weave(tasks, device)
    with pytest.raises(taskloom.InvalidOptionError, match="tasks is"):
        weave("tasks", "cpu")
    with pytest.raises(taskloom.OutOfRangeError):
        weave(tasks, "cpu")[[len(tasks)]]
