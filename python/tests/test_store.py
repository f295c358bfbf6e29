"""Stores of every format: the same arrays as the recipe's, and damage that is found."""

import json
import shutil

import numpy as np
import pytest
import taskloom


def test_every_format_reads_the_bits_that_the_recipe_makes(fixtures):
    assert sorted({store["format"] for store in fixtures.stores}) == ["npy", "safetensors", "zarr"]
    for store in fixtures.stores:
        made = taskloom.open_tasks(store["recipe"], fixtures.dataset("bytes"))
        read = taskloom.open_tasks(store["folder"], verify=store["format"] == "zarr")
        assert read.engine == "store" and len(read) == len(made) == store["items"]
        assert read.recipe == made.recipe
        numbers = [5, 0, len(made) - 1, 5, -1, 17]
        for index in (slice(None), slice(3, 20, 4), numbers, 7):
            for a, b in zip(read[index], made[index], strict=True):
                assert a.dtype == b.dtype and np.array_equal(a, b) and a.flags.writeable
        walks = [tasks.batches(batch_size=4, shuffle=True) for tasks in (read, made)]
        for a, b in zip(*walks, strict=True):
            assert a.state == b.state and all(map(np.array_equal, a, b))


def zarr_store(fixtures, tmp_path, onehot=True):
    store = next(s for s in fixtures.stores if s["format"] == "zarr" and s["onehot"] == onehot)
    shutil.copytree(store["folder"], tmp_path / "store")
    return tmp_path / "store", store


@pytest.mark.parametrize("name, key", [("default", "c.{}.0.0"), ("v2", "{}.0.0"), ("v2/", "{}/0/0"), (None, "c/{}/0/0")])
def test_chunk_keys(fixtures, tmp_path, name, key):
    path, store = zarr_store(fixtures, tmp_path)
    group = json.loads((path / "zarr.json").read_text())
    inputs = json.loads((path / "inputs" / "zarr.json").read_text())
    configuration = {} if name is None else {"configuration": {"separator": "/" if name == "v2/" else "."}}
    inputs["chunk_key_encoding"] = {"name": (name or "default").rstrip("/"), **configuration}
    (path / "inputs" / "zarr.json").write_text(json.dumps(inputs))
    # Without consolidated metadata the arrays' own documents are read.
    del group["consolidated_metadata"]
    (path / "zarr.json").write_text(json.dumps(group))
    for chunk in sorted((path / "inputs" / "c").iterdir()):
        target = path / "inputs" / key.format(chunk.name)
        data = (chunk / "0" / "0").read_bytes()
        shutil.rmtree(chunk)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    made = taskloom.open_tasks(store["recipe"], fixtures.dataset("bytes"))
    assert np.array_equal(taskloom.open_tasks(path)[:][0], made[:][0])


def change(path, edit):
    document = json.loads(path.read_text())
    edit(document)
    path.write_text(json.dumps(document))


def flip(path):
    data = bytearray(path.read_bytes())
    data[7] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda path: (path / "inputs/c/5/0/0").unlink(), "inputs/c/5/0/0: is missing: run taskloom generate again"),
        (lambda path: (path / "inputs/c/5/0/0").write_bytes(b"x" * 77), "has 77 bytes, not"),
        (lambda path: flip(path / "targets/c/5/0"), "has SHA-256 .*: it is damaged"),
        (lambda path: flip(path / "zarr.json"), "zarr.json"),
        (lambda path: (path / "manifest.json").unlink(), "is unfinished, as it has no manifest.json"),
        (lambda path: (path / "zarr.json").write_text("<html>"), "zarr.json: is not JSON"),
        (lambda path: (path / "zarr.json").write_text('{"attributes": {}}'), "is not of a store of taskloom"),
        (lambda path: (path / "zarr.json").unlink(), "holds no task set"),
        (lambda path: change(path / "zarr.json", lambda d: d["attributes"]["taskloom_store"].update(version=9)),
         "is of a store of version 9"),
        (lambda path: change(path / "zarr.json", lambda d: d["attributes"]["taskloom"].update(outFeatures=13)),
         "has inputs of .*; its recipe makes"),
        (lambda path: change(path / "zarr.json", lambda d: d["consolidated_metadata"]["metadata"]["inputs"]["codecs"].append(
            {"name": "gzip"})), r"has the codecs \['bytes', 'gzip'\]"),
        (lambda path: change(path / "manifest.json", lambda d: d["arrays"]["inputs"]["sha256"].pop()), "lists 5 chunks of inputs; the store has 6"),
    ],
)  # fmt: skip
def test_damage_of_a_zarr_store_is_found(fixtures, tmp_path, damage, message):
    path, _ = zarr_store(fixtures, tmp_path)
    assert len(taskloom.open_tasks(path, verify=True)[:]) == 2
    damage(path)
    with pytest.raises(taskloom.TaskloomError, match=message):
        taskloom.open_tasks(path, verify=True)[:]


@pytest.mark.parametrize("format, file", [("npy", "inputs.npy"), ("safetensors", "tasks.safetensors")])
def test_damage_of_single_files_is_found(fixtures, tmp_path, format, file):
    folder = next(store["folder"] for store in fixtures.stores if store["format"] == format)
    shutil.copytree(folder, tmp_path / "store")
    path = tmp_path / "store" / file
    with pytest.raises(taskloom.StoreError, match=f"is of the format {format}, which keeps no digests"):
        taskloom.open_tasks(tmp_path / "store", verify=True)
    data = path.read_bytes()
    for damaged, message in [(data[:-1], "it is truncated"), (data + b"x", "it is another file"), (b"x" * 90, "is not a ")]:
        path.write_bytes(damaged)
        with pytest.raises(taskloom.StoreError, match=message):
            taskloom.open_tasks(tmp_path / "store")
    with pytest.raises(taskloom.StoreError, match="there is no such folder"):
        taskloom.open_tasks(tmp_path / "nothing")
