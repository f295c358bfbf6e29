"""Recipes: read as JavaScript reads them, made by options, and refused with reasons."""

import json

import numpy as np
import pytest
import taskloom
from taskloom._json import parse, write


def test_verdicts_are_those_of_javascript(fixtures):
    wrong = []
    for verdict in fixtures.verdicts:
        try:
            recipe = taskloom.Recipe.parse(verdict["text"])
        except taskloom.RecipeError:
            recipe = None
        opened = False
        if recipe is not None:
            try:
                opened = len(taskloom.open_tasks(recipe, fixtures.dataset("bytes"))) > 0
            except taskloom.RecipeError:
                pass
        if [recipe is not None, opened] != [verdict["parsed"], verdict["opened"]]:
            wrong.append((verdict, recipe is not None, opened))
    assert wrong == []
    assert {(v["parsed"], v["opened"]) for v in fixtures.verdicts} == {(True, True), (True, False), (False, False)}


@pytest.mark.parametrize(
    "value, text",
    [
        (0.1, "0.1"), (1e-6, "0.000001"), (1.5e-7, "1.5e-7"), (1e20, "100000000000000000000"), (1e21, "1e+21"),
        (1.25e22, "1.25e+22"), (123456.75, "123456.75"), (-0.5, "-0.5"), (-0.0, "0"), (2**53, "9007199254740992"),
        (1 / 784, "0.0012755102040816326"), (5e-324, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
        (True, "true"), (None, "null"), ("ü\n", '"ü\\n"'), ([1, [2.0]], "[1,[2]]"), ({"a": {}}, '{"a":{}}'),
    ],
)  # fmt: skip
def test_json_is_written_as_javascript_writes_it(value, text):
    assert write(taskloom._json.plain(value)) == text
    assert write(parse(text)) == text


def dataset(**options):
    images = np.arange(40 * 6, dtype=np.uint8).reshape(40, 2, 3)
    return taskloom.Dataset.of(images, np.arange(40) % 4, name="small", **options)


def test_a_recipe_is_saved_and_read_again(tmp_path):
    recipe = taskloom.recipe(dataset(), seed=2**64 - 1, sequence_length=5, special_tokens=np.int64(2))
    recipe.save(tmp_path / "recipe.json")
    again = taskloom.Recipe.load(tmp_path / "recipe.json")
    assert again == recipe and hash(again) == hash(recipe) and dict(again) == dict(recipe)
    assert again["seed"] == str(2**64 - 1) and "sequenceLength" in again and len(again.key) == 64
    assert json.loads(recipe.to_json()) == dict(recipe)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"tasks": 3}, "tasks is 3; allowed: no option of this name; there are task_count"),
        ({"task_count": 0}, "task_count is 0; allowed: an integer from 1 to 4294967296"),
        ({"task_count": 2.5}, "task_count is 2.5; allowed: an integer"),
        ({"task_count": True}, "task_count is True; allowed: an integer"),
        ({"seed": -1}, "seed is -1; allowed: an integer from 0 to 2"),
        ({"seed": 2**64}, "seed is 18446744073709551616; allowed: an integer from 0"),
        ({"preset": "other"}, 'preset is \'other\'; allowed: "notebook" or "paper"'),
        ({"identity": 2}, "identity.projection is 2; allowed: "),
        ({"identity": {"matrix": 1}}, "identity.matrix is 1; allowed: no field of this name"),
        ({"identity": [[1, 0], [1, 1]]}, "identity.projection is .*; allowed: schedules whose steps rise"),
        ({"fixed": {"share": 0.5, "pool": 0}}, "fixed.pool is 0; allowed: an integer from 1"),
        ({"fixed": {"pool": 1}}, "fixed.share is None; allowed: given"),
        ({"episode": {"ways": 5, "shots": 1}}, "episode.ways is 5; allowed: at most 4"),
        ({"episode": {"ways": 2, "shots": 10}}, "episode.shots . episode.queries is 11; allowed: at most 10"),
        ({"samples": 3}, "samples is 3; allowed: only with draw_sequence=False"),
        ({"replacement": False}, "sequenceLength is 100; allowed: at most 40"),
        ({"class_subset": [1, 1]}, "class_subset is .*; allowed: a list of different values"),
        ({"class_subset": [4]}, "classSubset is .*; allowed: labels from 0 to 3"),
        ({"example_range": (30, 41)}, "exampleRange is .*; allowed: within the 40 examples"),
        ({"input_scaling": {"mean": 3}}, "input_scaling.standardDeviation is None; allowed: given"),
        ({"standard_deviation": float("nan")}, "standard_deviation is nan; allowed: what JSON holds"),
        ({"start_token": 0}, "startToken is 0; allowed: an integer below specialTokens"),
    ],
)
def test_options_that_are_refused(options, message):
    with pytest.raises(taskloom.InvalidOptionError, match=message) as caught:
        taskloom.recipe(dataset(), **options)
    assert isinstance(caught.value, ValueError) and isinstance(caught.value, taskloom.TaskloomError)


def test_recipes_that_are_refused(tmp_path):
    good = taskloom.recipe(dataset(), sequence_length=5)
    path = tmp_path / "recipe.json"
    for text, message in [
        ("<html>", "is not JSON"),
        ('{"format": "other"}', "is not a recipe"),
        (write({**good, "version": 2}), "has version 2; this version of taskloom reads version 1"),
        (write({**good, "brightness": 1}), 'field "brightness" is unknown'),
        (write({k: v for k, v in good.items() if k != "seed"}), 'field "seed" is missing'),
        (write({**good, "dtype": "float64"}), 'field "dtype" is \'float64\'; allowed: "float32" or "float16"'),
    ]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(taskloom.RecipeError, match=message) as caught:
            taskloom.open_tasks(path, dataset())
        assert str(path) in str(caught.value)
    with pytest.raises(taskloom.RecipeError, match="nothing.json: cannot be read"):
        taskloom.open_tasks(tmp_path / "nothing.json")
    with pytest.raises(taskloom.InvalidOptionError, match="dataset is None; allowed: small, digest [0-9a-f]{64}"):
        taskloom.open_tasks(good)
    other = taskloom.Dataset.of(dataset().images + np.uint8(1), np.arange(40) % 4)
    with pytest.raises(taskloom.RecipeError, match="was made from small; the dataset given, dataset, has digest"):
        taskloom.open_tasks(good, other)


def test_floats_that_look_like_pixels_need_a_scaling_by_name():
    pixels = taskloom.Dataset.of(dataset().images.astype(np.float32), np.arange(40) % 4)
    with pytest.raises(taskloom.InvalidOptionError, match="values reach 239.0"):
        taskloom.recipe(pixels)
    assert taskloom.recipe(pixels, input_scaling="unit")["inputScaling"] == "unit"
    scaled = taskloom.recipe(pixels, input_scaling={"mean": 1, "standard_deviation": 2.0})
    assert scaled["inputScaling"] == {"mean": 1, "standardDeviation": 2}
