"""taskloom.jax: the loader's batches, a part of each round for each process."""

import numpy as np
import pytest
from test_tasks import small

jax = pytest.importorskip("jax")
import taskloom.jax as tj  # noqa: E402


def test_batches_are_those_of_the_loader():
    tasks = small()
    walk = tj.batches(tasks, 3, shuffle=True, epochs=2)
    expected = list(tasks.batches(batch_size=3, shuffle=True, epochs=2, shard=(0, 1)))
    assert walk.batches_per_epoch == 13 and len(expected) == 26
    for (inputs, targets), batch in zip(walk, expected, strict=True):
        assert targets.dtype == np.int32
        assert np.array_equal(inputs, batch.inputs) and np.array_equal(targets, batch.targets)
        assert walk.state() == batch.state


def test_processes_share_each_round():
    tasks = small()
    parts = [list(tj.batches(tasks, 3, shard=(index, 2), shuffle=True)) for index in range(2)]
    whole = list(tj.batches(tasks, 3, shuffle=True))
    assert [len(part) for part in parts] == [6, 6]
    mixed = [batch for pair in zip(*parts) for batch in pair]
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(mixed, whole))
    walk = tj.batches(tasks, 3, shard=(0, 2), shuffle=True)
    next(walk)
    rest = list(tj.batches(tasks, state=walk.state(), shard=(0, 2)))
    assert all(np.array_equal(a[0], b[0]) for a, b in zip(rest, parts[0][1:], strict=True))


def test_global_arrays():
    mesh = jax.sharding.Mesh(np.array(jax.devices()), ("batch",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("batch"))
    tasks = small()
    inputs, targets = next(tj.batches(tasks, 4, sharding=sharding))
    assert isinstance(inputs, jax.Array) and inputs.shape == (4, 6, 12) and inputs.sharding == sharding
    assert np.array_equal(inputs, tasks[0:4][0]) and np.array_equal(targets, tasks[0:4][1])
