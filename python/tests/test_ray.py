"""taskloom.ray on a real local cluster of two nodes. It takes a minute: TASKLOOM_RAY=1 runs it."""

import os

import numpy as np
import pytest
from test_tasks import small

pytestmark = pytest.mark.filterwarnings("ignore")
if not os.environ.get("TASKLOOM_RAY"):
    pytest.skip("TASKLOOM_RAY is not set", allow_module_level=True)
ray = pytest.importorskip("ray")
import taskloom  # noqa: E402
import taskloom.ray as tr  # noqa: E402


@pytest.fixture(scope="module")
def cluster():
    from ray.cluster_utils import Cluster

    # The driver's node makes nothing, two others do.
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "object_store_memory": 10**8})
    nodes = [cluster.add_node(num_cpus=1, object_store_memory=10**8) for _ in range(2)]
    ray.init(address=cluster.address, log_to_driver=False)
    cluster.wait_for_nodes()
    yield cluster, nodes
    ray.shutdown()
    cluster.shutdown()


def check(batches, expected):
    found = {name: np.concatenate([batch[name] for batch in batches]) for name in batches[0]}
    assert np.array_equal(found["index"], np.concatenate([batch.indices for batch in expected]))
    assert np.array_equal(found["inputs"], np.concatenate([batch.inputs for batch in expected]))
    assert np.array_equal(found["targets"], np.concatenate([batch.targets for batch in expected]))


def test_the_order_is_the_loader_s(cluster):
    tasks = small(task_count=500)
    for options in ({"shuffle": True, "epochs": 2}, {"shard": (1, 2), "even": "pad", "shuffle": "tasks"}, {"dtype": "float16"}):
        own = small(task_count=500, dtype=options.pop("dtype")) if "dtype" in options else tasks
        data = tr.read_tasks(own, blocks=7, batch_size=16, **options)
        check(list(data.iter_batches(batch_size=16)), list(own.batches(batch_size=16, **options)))
    state = next(tasks.batches(batch_size=16, shuffle=True)).state
    rest = tr.read_tasks(tasks, state=state)
    check(list(rest.iter_batches(batch_size=64)), list(tasks.batches(state=state)))
    with pytest.raises(taskloom.InvalidOptionError, match="epochs is inf"):
        tr.read_tasks(tasks, epochs=float("inf"))


def test_a_node_that_dies_under_way(cluster):
    own, nodes = cluster
    tasks = small(task_count=3000, sequence_length=60, out_features=100)
    data = tr.read_tasks(tasks, blocks=60, batch_size=25, shuffle=True)
    batches = []
    for batch in data.iter_batches(batch_size=25, prefetch_batches=0):
        batches.append({name: values.copy() for name, values in batch.items()})
        if len(batches) == 10:
            own.remove_node(nodes[0], allow_graceful=False)
    assert sum(node["Alive"] for node in ray.nodes()) == 2
    check(batches, list(tasks.batches(batch_size=25, shuffle=True)))
