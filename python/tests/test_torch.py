"""taskloom.torch: datasets, samplers, streams, workers, ranks, states."""

import itertools
import json
import math

import numpy as np
import pytest
from test_tasks import small

import taskloom

torch = pytest.importorskip("torch", "2.0")
import taskloom.torch as tt  # noqa: E402
from torch.utils.data import DataLoader  # noqa: E402

pytestmark = pytest.mark.filterwarnings("ignore")


def rows(batches):
    return [tuple(tensor.numpy().tobytes() for tensor in batch) for batch in batches]


def expected(tasks, **options):
    """The batches of the loader, as tensors' bytes."""
    return [
        (batch.inputs.tobytes(), batch.targets.astype(np.int64).tobytes()) for batch in tasks.batches(prefetch=0, **options)
    ]


def test_a_map_style_dataset_makes_batches_in_one_call():
    tasks = small()
    dataset = tt.TaskDataset(tasks)
    inputs, targets = dataset[3]
    assert inputs.dtype == torch.float32 and targets.dtype == torch.int64 and len(dataset) == 40
    calls = []
    items = tasks.items
    tasks.items = lambda numbers, threads=None: calls.append(len(numbers)) or items(numbers, threads)
    for collate in (None, tt.collate):
        calls.clear()
        loader = DataLoader(dataset, batch_sampler=tt.TaskSampler(tasks, 7, shuffle=True, epoch=2), collate_fn=collate)
        assert rows(loader) == expected(tasks, batch_size=7, shuffle=True, epoch=2)
        assert calls == [7] * 5 + [5] and len(loader) == 6
    assert tt.collate([dataset[0], dataset[1]])[0].shape == (2, 6, 12)


def test_two_to_the_32_tasks_are_shuffled_without_a_table():
    tasks = small(task_count=2**32)
    sampler = tt.TaskSampler(tasks, 5, shuffle=True)
    loader = DataLoader(tt.TaskDataset(tasks), batch_sampler=sampler, collate_fn=tt.collate)
    inputs, targets = next(iter(loader))
    assert inputs.shape == (5, 6, 12) and len(sampler) == -(-(2**32) // 5)
    assert rows([(inputs, targets)]) == [next(iter(expected_first(tasks)))]


def expected_first(tasks):
    batch = next(tasks.batches(batch_size=5, shuffle=True, prefetch=0))
    yield batch.inputs.tobytes(), batch.targets.astype(np.int64).tobytes()


@pytest.mark.parametrize("workers", [0, 1, 3])
def test_workers_keep_the_order(workers):
    tasks = small()
    stream = tt.TaskStream(tasks, 3, shuffle=True, epochs=2)
    loader = DataLoader(stream, batch_size=None, num_workers=workers)
    assert rows(loader) == expected(tasks, batch_size=3, shuffle=True, epochs=2)
    assert len(loader) == len(stream) == 28
    if workers == 0:
        assert rows(stream) == rows(loader)


def test_ranks_have_equally_many_batches_and_every_sequence_once():
    tasks = small()
    for even, count in (("drop", 4), ("pad", 5), (False, None)):
        found = [list(tt.TaskStream(tasks, 3, shard=(rank, 3), shuffle=True, even=even)) for rank in range(3)]
        lengths = [len(batches) for batches in found]
        assert lengths == ([count] * 3 if even else [5, 5, 4])
        whole = expected(tasks, batch_size=3, shuffle=True)
        for rank in range(3):
            mine = rows(found[rank])
            assert mine[:4] == whole[rank::3][:4]


def test_torch_distributed_is_the_default_shard(tmp_path):
    tasks = small()
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/group", rank=0, world_size=1)
    try:
        # One rank of one has whole rounds only, as many ranks have.
        assert len(tt.TaskStream(tasks, 3)) == 13
    finally:
        torch.distributed.destroy_process_group()
    assert len(tt.TaskStream(tasks, 3)) == 14


def test_a_stream_resumes_from_any_state():
    tasks = small()
    options = {"shuffle": True, "epochs": 3}
    whole = expected(tasks, batch_size=4, **options)
    for taken in (0, 1, 9, 10, 11, 29):
        stream = tt.TaskStream(tasks, 4, **options)
        walk = iter(stream)
        assert rows(itertools.islice(walk, taken)) == whole[:taken]
        state = json.loads(json.dumps(stream.state_dict()))
        again = tt.TaskStream(tasks, 4, **options)
        again.load_state_dict(state)
        assert again.state_dict() == state
        assert rows(again) == whole[taken:]
        # A loaded state serves once.
        assert len(rows(again)) == 30
        # The loader's own batches go on from it, too.
        assert [b.inputs.tobytes() for b in tasks.batches(state=state)] == [inputs for inputs, _ in whole[taken:]]


def test_another_number_of_ranks_goes_on():
    tasks = small(task_count=96)
    whole = expected(tasks, batch_size=4, shuffle=True, epochs=2)
    streams = [tt.TaskStream(tasks, 2, shard=(rank, 4), shuffle=True, epochs=2) for rank in range(4)]
    walks = [iter(stream) for stream in streams]
    for _ in range(3):
        batches = [next(walk) for walk in walks]
    states = [stream.state_dict() for stream in streams]
    assert states == [states[0]] * 4 and states[0]["consumed"] == 24 and len(batches) == 4
    rest = []
    for rank in range(2):
        stream = tt.TaskStream(tasks, 4, shard=(rank, 2), shuffle=True, epochs=2)
        stream.load_state_dict(states[0])
        rest.append(rows(stream))
    assert [batch for pair in zip(*rest) for batch in pair] == whole[6:]


def test_set_epoch():
    tasks = small()
    stream = tt.TaskStream(tasks, 4, shuffle=True)
    sampler = tt.TaskSampler(tasks, 4, shuffle=True)
    for epoch in (0, 5):
        stream.set_epoch(epoch)
        sampler.set_epoch(epoch)
        assert rows(stream) == expected(tasks, batch_size=4, shuffle=True, epoch=epoch)
        assert list(sampler) == [b.indices.tolist() for b in tasks.batches(batch_size=4, shuffle=True, epoch=epoch)]
    assert sampler.state_dict()["epoch"] == 6


def test_errors_come_at_once():
    tasks = small()
    for options, message in [({"shufle": True}, "shufle"), ({"prefetch": -1}, "prefetch"), ({"shuffle": 2}, "shuffle is 2")]:
        with pytest.raises((taskloom.InvalidOptionError, TypeError), match=message):
            tt.TaskStream(tasks, **options)
    stream = tt.TaskStream(tasks, 3)
    stream.load_state_dict(small(seed=9).batches(batch_size=3).state())
    with pytest.raises(taskloom.RecipeError, match="belongs to the task set"):
        next(iter(stream))
    with pytest.raises(TypeError, match="without an end"):
        len(tt.TaskStream(tasks, 3, epochs=math.inf))
    with pytest.raises(taskloom.InvalidOptionError, match="allowed: the state of a loader"):
        tt.loader_state({"a": [1]})


def test_labels_of_their_own_and_float16():
    tasks = small(label_format="integer", special_tokens=1, start_token=0, dtype="float16")
    inputs, targets, labels = next(iter(tt.TaskStream(tasks, 3)))
    assert (inputs.dtype, targets.dtype, labels.dtype) == (torch.float16, torch.int64, torch.int64)
    assert labels[:, 0].tolist() == [0, 0, 0] and torch.equal(labels[:, 1:], targets[:, :-1])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="pinned memory needs CUDA")
def test_pinned_memory():
    assert all(tensor.is_pinned() for tensor in next(iter(tt.TaskStream(small(), 3, pin_memory=True))))


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("taken", [0, 1, 4, 9, 11])
def test_stateful_data_loader(workers, taken):
    stateful = pytest.importorskip("torchdata.stateful_dataloader").StatefulDataLoader
    tasks = small()
    options = {"shuffle": True, "epochs": 2}
    whole = expected(tasks, batch_size=4, **options)

    def loader():
        return stateful(tt.TaskStream(tasks, 4, **options), batch_size=None, num_workers=workers)

    first = loader()
    walk = iter(first)
    assert rows(itertools.islice(walk, taken)) == whole[:taken]
    state = first.state_dict()
    again = loader()
    again.load_state_dict(state)
    assert rows(again) == whole[taken:]
    # The loader's state within it needs no workers.
    stream = tt.TaskStream(tasks, 4, **options)
    stream.load_state_dict(tt.loader_state(state))
    assert rows(stream) == whole[taken:]
