"""States go from JavaScript to Python here, and from Python to JavaScript in test/python/package.test.ts."""

import json

import taskloom
from test_bits import snake_options


def options_of(walk):
    options = snake_options({"seed": "0", **walk["options"]})
    del options["seed"]
    return options


def test_batches_and_states_are_those_of_javascript_and_resume_from_each(fixtures):
    tasks = taskloom.open_tasks(fixtures.loader["recipe"], fixtures.dataset("bytes"))
    left = []
    for walk in fixtures.loader["walks"]:
        options = options_of(walk)
        batches = list(tasks.batches(prefetch=0, **options))
        assert [batch.indices.tolist() for batch in batches] == [batch["indices"] for batch in walk["batches"]]
        assert [batch.state for batch in batches] == [batch["state"] for batch in walk["batches"]]
        assert len(batches) >= 10
        for taken in {1, 3, len(batches) // 2, len(batches) // 2 + 1, len(batches) - 1, len(batches)}:
            rest = [batch["indices"] for batch in walk["batches"][taken:]]
            state = json.dumps(walk["batches"][taken - 1]["state"])
            resumed = tasks.batches(state=state, shard=options.get("shard"), prefetch=0)
            assert [batch.indices.tolist() for batch in resumed] == rest
            left.append({"options": walk["options"], "state": batches[taken - 1].state, "rest": rest})
    (fixtures.folder / "left.json").write_text(json.dumps(left))
