"""Task sets as Python has them: indices, processes, threads, engines."""

import math
import os
import pickle
import subprocess
import sys
import threading

import numpy as np
import pytest
import taskloom


def small(**options):
    images = (np.arange(50 * 20) * 37 % 251).astype(np.uint8).reshape(50, 4, 5)
    dataset = taskloom.Dataset.of(images, np.arange(50) % 5)
    chosen = {"task_count": 40, "sequence_length": 6, "out_features": 7, "seed": 3, **options}
    return taskloom.open_tasks(taskloom.recipe(dataset, **chosen), dataset)


def test_indices():
    tasks = small()
    inputs, targets = tasks[3]
    assert inputs.shape == (6, 12) and targets.shape == (6,) and targets.dtype == np.uint8
    assert all(map(np.array_equal, tasks[-37], tasks[3]))
    assert all(map(np.array_equal, tasks[np.int64(3)], tasks[3]))
    assert [array.shape for array in tasks[2:9:3]] == [(3, 6, 12), (3, 6)]
    assert [array.shape for array in tasks[[]]] == [(0, 6, 12), (0, 6)]
    assert [array.shape for array in tasks[40:]] == [(0, 6, 12), (0, 6)]
    assert np.array_equal(tasks[[5, -1, 5]][0], np.stack([tasks[n][0] for n in (5, 39, 5)]))
    assert len(list(tasks)) == len(tasks) == 40
    for index in (40, -41, [0, 40], np.array([-41])):
        with pytest.raises(taskloom.OutOfRangeError, match="allowed: -40 to 39") as caught:
            tasks[index]
        assert isinstance(caught.value, IndexError)
    for index in (1.5, "3", [[1]], [0.5], None):
        with pytest.raises(taskloom.InvalidOptionError, match="index"):
            tasks[index]


def test_the_type_of_targets():
    made = small(label_format="integer", special_tokens=1, start_token=0)
    whole = made[:]
    for given in ("uint8", "uint16", "int32", "int64", np.int32, np.dtype("int64")):
        dtype = np.dtype(given)
        tasks = pickle.loads(pickle.dumps(taskloom.open_tasks(made.recipe, dataset_of(made), target_dtype=given)))
        found = tasks[:]
        assert [array.dtype for array in found] == [np.float32, dtype, dtype]
        assert all(map(np.array_equal, found, whole)) and all(map(np.array_equal, tasks[7], made[7]))
        batch = next(tasks.batches(batch_size=4))
        assert (batch.targets.dtype, batch.labels.dtype) == (dtype, dtype)
        assert tasks.recipe == made.recipe and batch.state == next(made.batches(batch_size=4)).state


def test_types_of_targets_that_are_refused():
    def opened(classes, given, **options):
        dataset = taskloom.Dataset.of(np.zeros((2, 3), np.uint8), [0, 1], classes)
        return taskloom.open_tasks(taskloom.recipe(dataset, sequence_length=2, **options), dataset, target_dtype=given)

    assert opened(256, "uint8")[0][1].dtype == np.uint8
    for classes, given, options, allowed in [
        (300, "uint8", {}, '"uint16", "int32", "int64", or None, for 300 values'),
        (256, "uint8", {"label_format": "integer"}, '"uint16", "int32", "int64", or None, for 257 values'),
        (300, "float32", {}, '"uint8", "uint16", "int32" or "int64"'),
        (300, "nothing", {}, '"uint8", "uint16", "int32" or "int64"'),
        (300, 8, {}, '"uint8", "uint16", "int32" or "int64"'),
    ]:  # fmt: skip
        with pytest.raises(taskloom.InvalidOptionError) as caught:
            opened(classes, given, **options)
        assert str(caught.value) == f"target_dtype is {given!r}; allowed: {allowed}"
    with pytest.raises(taskloom.InvalidOptionError, match="target_dtype is 'int64'; allowed: an option of open_tasks"):
        taskloom.recipe(taskloom.Dataset.of(np.zeros((2, 3), np.uint8), [0, 1]), target_dtype="int64")


def test_two_to_the_32_tasks():
    tasks = small(task_count=2**32, samples_per_task=2)
    assert len(tasks) == 2**33
    inputs, targets = tasks[[2**33 - 1, 0]]
    assert np.array_equal(inputs[0], tasks[-1][0]) and not np.array_equal(inputs[0], inputs[1])
    batch = next(tasks.batches(batch_size=3, shuffle=True, epochs=math.inf))
    assert len(set(batch.indices.tolist())) == 3 and batch.indices.max() > 2**20


def test_a_pickled_set_makes_the_same():
    tasks = small()
    again = pickle.loads(pickle.dumps(tasks))
    assert all(map(np.array_equal, again[:], tasks[:]))
    errors = [taskloom.InvalidOptionError("a", 1, "b"), taskloom.RecipeError("a", "b"), taskloom.OutOfRangeError("a")]
    for error in errors:
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error) and str(copy) == str(error)


def test_threads_share_a_set():
    tasks = small(task_count=2000)
    expected = tasks[:]
    problems = []

    def work(start):
        for n in range(start, 2000, 100):
            if not all(map(np.array_equal, tasks[n : n + 50], (array[n : n + 50] for array in expected))):
                problems.append(n)

    threads = [threading.Thread(target=work, args=(i * 7,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_has_threads_of_its_own():
    script = """
import os, sys, warnings
warnings.simplefilter("ignore")
sys.path[:0] = {path!r}
import numpy as np
from test_tasks import small
tasks = small(task_count=4000, sequence_length=20)
tasks._weaver._threads = 3
expected = tasks[:][0]
child = os.fork()
if child == 0:
    os._exit(0 if np.array_equal(tasks[:][0], expected) else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    path = [os.path.dirname(__file__), *sys.path]
    assert subprocess.run([sys.executable, "-B", "-c", script.format(path=path)], timeout=60).returncode == 0


def test_engines():
    with pytest.raises(taskloom.InvalidOptionError, match="engine is 'node'; allowed: 'compiled' or 'wasmtime'"):
        taskloom.engine_name("node")
    made = {}
    for engine in ("compiled", "wasmtime"):
        try:
            tasks = small()
            tasks = taskloom.open_tasks(tasks.recipe, dataset_of(tasks), engine=engine)
            made[engine] = [array.tobytes() for array in tasks[:]]
        except taskloom.EngineError:
            continue
    assert made and len({tuple(arrays) for arrays in made.values()}) == 1


def dataset_of(tasks):
    images = (np.arange(50 * 20) * 37 % 251).astype(np.uint8).reshape(50, 4, 5)
    return taskloom.Dataset.of(images, np.arange(50) % 5)


def test_a_set_that_does_not_fit_into_the_memory_of_the_module():
    images = np.zeros((2, 2**20), np.uint8)
    dataset = taskloom.Dataset.of(images, [0, 1])
    recipe = taskloom.recipe(dataset, sequence_length=2**31 - 1, out_features=4)
    tasks = taskloom.open_tasks(recipe, dataset)
    with pytest.raises(taskloom.EngineError, match="out of memory"):
        tasks._weaver._part(np.array([0]), None)


def test_options_of_opening():
    tasks = small()
    for options, message in [
        ({"threads": 0}, "threads is 0; allowed: an integer from 1 to 1024"),
        ({"shuffle_seed": -1}, "shuffle_seed is -1"),
        ({"engine": "gpu"}, "engine is 'gpu'"),
    ]:
        with pytest.raises(taskloom.InvalidOptionError, match=message):
            taskloom.open_tasks(tasks.recipe, dataset_of(tasks), **options)
    with pytest.raises(taskloom.InvalidOptionError, match="source is 5"):
        taskloom.open_tasks(5)
