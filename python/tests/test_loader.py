"""The loader: orders, walks and states are those of test/vectors, which hold the JavaScript loader, too."""

import json
import math
import re

import numpy as np
import pytest
import taskloom
from taskloom._shuffle import ChunkOrder, Shuffle, words
from taskloom._state import state_of
from taskloom._walk import TaskOrder
from taskloom._walk_options import resolve_walk
from test_tasks import small


@pytest.fixture(scope="module")
def vectors(root):
    return json.loads((root / "test/vectors/loader.json").read_text())


def test_orders_of_sequences(root):
    cases = json.loads((root / "test/vectors/shuffle-v1.json").read_text())["cases"]
    for case in cases:
        assert words(int(case["seed"]), 0, 4, case["epoch"], 24) == case["keys"]
        order = Shuffle(int(case["seed"]), case["epoch"], case["length"])
        positions = np.array(case["positions"], np.int64)
        assert order.at(positions).tolist() == case["numbers"]
        assert [order.position_of(number) for number in case["numbers"]] == case["positions"]
    assert len(cases) > 10 and max(case["length"] for case in cases) > 2**52


def test_orders_of_blocks_of_chunks(vectors):
    for case in vectors["orders"]:
        sizes = case["length"], case["chunkItems"], case["blockChunks"]
        order = ChunkOrder(int(case["seed"]), case["epoch"], *sizes)
        assert order.at(np.array(case["positions"], np.int64)).tolist() == case["numbers"], sizes
        for position, number in zip(case["positions"], case["numbers"]):
            assert order.at(np.array([position], np.int64)).tolist() == [number]
    assert len(vectors["orders"]) > 10


def order_of(case, seed):
    return TaskOrder(case["sequences"], case["samplesPerTask"], int(seed))


def batches(walk, order, most=math.inf):
    return [
        {"epoch": step.epoch, "batch": step.batch, "indices": step.items.tolist(), "after": step.after._asdict()}
        for step, _ in zip(walk.steps(order), range(10**6))
    ]


DIGEST = "5a" * 32


def test_walks(vectors):
    for case in vectors["walks"]:
        order = order_of(case, case["shuffleSeed"])
        options = {
            "batch_size": case["batchSize"], "shuffle": case["shuffle"], "chunk_items": case.get("chunkItems"),
            "block_chunks": case.get("blockChunks"), "reshuffle": case["reshuffle"], "even": case["even"],
            "drop_last": case["dropLast"], "epoch": case["epoch"], "epochs": case["epochs"],
        }  # fmt: skip
        for index in range(case["ranks"]):
            shard = {"shard": (index, case["ranks"])}
            if case.get("refused"):
                with pytest.raises(taskloom.InvalidOptionError):
                    resolve_walk({**options, **shard}, DIGEST, order, None)
                continue
            walk = resolve_walk({**options, **shard}, DIGEST, order, None)
            state = state_of(walk, walk.start, DIGEST, order.seed)
            assert state == case["state"] and list(state) == list(case["state"])
            found = batches(walk, order)
            assert found == case["shards"][index]
            for k in range(1, case["epochs"] + 1):
                of_epoch = [batch for batch in found if batch["epoch"] == case["epoch"] + k - 1]
                assert len(of_epoch) == walk.share(order.items)
    assert sum(bool(case.get("refused")) for case in vectors["walks"]) > 3


def test_states_that_go_on(vectors):
    names = {"batchSize": "batch_size", "shard.count": "shard.count", "even": "even"}
    for case in vectors["resumes"]:
        order = order_of(case, case["state"]["shuffleSeed"])
        given = case["given"]
        options = {"state": json.dumps(case["state"]), "even": given.get("even"), "batch_size": given.get("batchSize")}
        for index in range(given["count"]):
            shard = {"shard": (index, given["count"])}
            if "refused" in case:
                name = names.get(case["refused"], "batch_size")
                with pytest.raises(taskloom.InvalidOptionError, match=f"^{re.escape(name)} is "):
                    resolve_walk({**options, **shard}, DIGEST, order, None)
                continue
            found = batches(resolve_walk({**options, **shard}, DIGEST, order, None), order)
            assert [{k: v for k, v in batch.items() if k != "after"} for batch in found] == case["shards"][index]
    assert {case.get("refused") for case in vectors["resumes"]} >= {None, "even", "batchSize"}


def test_batches_have_the_tasks_that_they_name_and_resume_anywhere():
    tasks = small(samples_per_task=3)
    whole = list(tasks.batches(batch_size=7, shuffle="tasks", epochs=2))
    assert [len(batch.indices) for batch in whole] == [7] * 17 + [1] + [7] * 17 + [1]
    for batch in whole:
        inputs, targets = batch
        assert all(map(np.array_equal, tasks[batch.indices], (inputs, targets))) and batch.labels is None
    for taken in (1, 17, 18, 30, 36):
        for prefetch in (0, 3):
            walk = tasks.batches(state=whole[taken - 1].state, prefetch=prefetch)
            assert walk.state() == whole[taken - 1].state
            rest = list(walk)
            assert [batch.indices.tolist() for batch in rest] == [batch.indices.tolist() for batch in whole[taken:]]
    assert tasks.batches(batch_size=7).batches_per_epoch == 18
    # A batch of more sequences than there are takes no more memory than they do.
    assert [len(batch.indices) for batch in tasks.batches(batch_size=2**32, epochs=2)] == [120, 120]


def test_a_walk_that_fails_goes_on_with_the_failed_batch():
    tasks = small()
    walk = tasks.batches(batch_size=4)
    next(walk)
    weave, walk._weave = walk._weave, None
    walk._ahead.clear()
    walk._steps = walk._walk.steps(walk._order)
    next(walk._steps)
    with pytest.raises(TypeError):
        next(walk)
    assert walk.state()["consumed"] == 4
    walk._weave = weave
    walk._ahead.clear()
    again = tasks.batches(state=walk.state())
    assert next(again).indices.tolist() == [4, 5, 6, 7]


def version_1(**change):
    tasks = small()
    base = {
        "format": "taskloom-loader", "version": 1, "recipe": tasks.recipe.key, "shuffleSeed": "3", "shuffle": True,
        "reshuffle": True, "batchSize": 6, "dropLast": False, "shard": {"index": 1, "count": 3}, "epoch": 0, "epochs": 2,
        "batch": 4,
    }  # fmt: skip
    return tasks, {**base, **change}


def test_states_of_version_1():
    tasks, state = version_1()
    found = [(batch.epoch, batch.batch) for batch in tasks.batches(state=state)]
    assert found == [(0, 4), (1, 1), (1, 4)]
    # At the end of an epoch.
    assert [(b.epoch, b.batch) for b in tasks.batches(state={**state, "batch": 7})] == [(1, 1), (1, 4)]
    for change, options, message in [
        ({}, {"shard": (0, 3)}, "shard is"), ({}, {"batch_size": 3}, "batch_size is 3"),
        ({"batch": 3}, {}, "state.batch is 3"), ({"shard": {"index": 3, "count": 3}}, {}, "state.shard"),
    ]:  # fmt: skip
        with pytest.raises(taskloom.InvalidOptionError, match=message):
            tasks.batches(state={**state, **change}, **options)


@pytest.mark.parametrize(
    "change, message",
    [
        (None, "state is None"), ({"format": "x"}, "state is"), ({"version": 3}, "state.version is 3; allowed: 1 or 2"),
        ({"consumed": -1}, "state.consumed is -1"), ({"consumed": 40}, "state.consumed is 40; allowed: below 40"),
        ({"batchSize": 0}, "state.batchSize is 0"), ({"ranks": 1.5}, "state.ranks is 1.5"),
        ({"surprise": 1}, "state.surprise is 1"), ({"chunkItems": 4}, "state.chunkItems is 4"),
        ({"shuffle": "chunks"}, "state.chunkItems is None"), ({"shuffleSeed": "4"}, "shuffle_seed is 3; allowed: 4"),
        ({"epochs": "x"}, "state.epochs is 'x'"), ({"even": True}, "state.even is True"),
    ],
)  # fmt: skip
def test_states_that_are_refused(change, message):
    tasks = small()
    state = tasks.batches(shuffle=True).state()
    state = {**state, **change} if change is not None else "null"
    with pytest.raises(taskloom.InvalidOptionError, match=message.replace("None", "(None|'null')") if change is None else message):
        tasks.batches(state=state)


def test_options_that_are_refused():
    tasks = small()
    state = tasks.batches(shuffle=True).state()
    for options, message in [
        ({"batch_size": 0}, "batch_size is 0"), ({"batch_size": True}, "batch_size is True"),
        ({"shuffle": "yes"}, "shuffle is 'yes'; allowed: True or False or 'tasks' or 'chunks'"),
        ({"shuffle": 1}, "shuffle is 1"), ({"shuffle": "chunks"}, "chunk_items is None"),
        ({"block_chunks": 3}, "block_chunks is 3; allowed: only with"), ({"even": True}, "even is True"),
        ({"shard": (2, 2)}, r"shard is \(2, 2\)"), ({"shard": 5}, "shard is 5"),
        ({"shard": (0, 2), "batch_size": 30}, "batch_size is 30; allowed: at most 20"),
        ({"epochs": 0}, "epochs is 0"), ({"epoch": 2**32 - 1, "epochs": 2}, "epoch . epochs is"),
        ({"prefetch": -1}, "prefetch is -1"), ({"size": 3}, "size is 3; allowed: no option of this name; there are batch_size"),
        ({"state": state, "shuffle": "tasks"}, "shuffle is 'tasks'; allowed: True, as in the state"),
        ({"state": state, "epoch": 1}, "epoch is 1; allowed: 0, as in the state"),
        ({"state": state, "shard": (0, 2)}, "even is None"),
    ]:  # fmt: skip
        with pytest.raises(taskloom.InvalidOptionError, match=message):
            tasks.batches(**options)
    with pytest.raises(taskloom.RecipeError, match="belongs to the task set"):
        small(seed=4).batches(state=state)
