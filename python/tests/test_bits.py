"""Every recipe of the tests: the bits are those of JavaScript."""

import hashlib

import numpy as np
import taskloom


def told(arrays):
    return [
        {"dtype": str(array.dtype), "shape": list(array.shape), "sha256": hashlib.sha256(array.tobytes()).hexdigest()}
        for array in arrays
    ]


def test_every_recipe(fixtures):
    wrong = []
    for case in fixtures.cases:
        tasks = fixtures.open(case["name"])
        assert len(tasks) == case["items"]
        if told(tasks[case["start"] : case["stop"]]) != case["arrays"]:
            wrong.append(case["name"])
    assert wrong == []
    assert len(fixtures.cases) > 85
    assert {case["data"] for case in fixtures.cases} >= {"bytes", "floats", "int16", "quantized"}


def test_recipes_and_keys_from_options(fixtures):
    wrong = []
    for case in fixtures.cases:
        assert taskloom.Recipe.parse(case["recipe"]).key == case["key"]
        if case["data"] in ("centered", "centered16"):
            # Python has no transforms; it takes the integers that Center made.
            continue
        recipe = taskloom.recipe(fixtures.dataset(case["data"]), **snake_options(case["options"]))
        if recipe.to_json() != case["recipe"] or recipe.key != case["key"]:
            wrong.append((case["name"], recipe.to_json(), case["recipe"]))
    assert wrong == []


def snake_options(options):
    """Options of JavaScript as those of Python."""

    def snake(name):
        return "".join("_" + letter.lower() if letter.isupper() else letter for letter in name)

    named = {snake(name): value for name, value in options.items()}
    named["seed"] = int(named["seed"])
    if isinstance(named.get("input_scaling"), dict):
        named["input_scaling"] = {snake(name): value for name, value in named["input_scaling"].items()}
    return named


def test_any_items_in_any_order_on_any_number_of_threads(fixtures):
    rng = np.random.default_rng(0)
    for name in ("paper, float16, several sequences a task", "integer labels", "samples of all tasks", "float32",
                 "every example of two tasks", "episodes", "the set standardized", "2^32 tasks", "torch"):  # fmt: skip
        case = fixtures.case(name)
        whole = fixtures.open(name, threads=1)[case["start"] : case["stop"]]
        numbers = rng.integers(case["start"], case["stop"], 40)
        for threads in (1, 3):
            tasks = fixtures.open(name, threads=threads)
            for array, expected in zip(tasks[numbers], whole):
                assert np.array_equal(array, expected[numbers - case["start"]]), (name, threads)
        one = tasks[int(numbers[0]) - len(tasks)]
        assert all(np.array_equal(a, b[numbers[0] - case["start"]]) for a, b in zip(one, whole))


def test_engines_and_names(fixtures, monkeypatch):
    engine = taskloom.engine_name()
    assert engine in ("compiled", "wasmtime")
    assert fixtures.open("integer labels").engine == engine
