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
            # Whichever type the files have, targets and labels have the smallest, or the one that is asked for.
            for a, b in zip(read[index], made[index], strict=True):
                assert a.dtype == b.dtype and np.array_equal(a, b) and a.flags.writeable
        wide = taskloom.open_tasks(store["folder"], target_dtype="int32")
        assert [array.dtype for array in wide[:]] == [made.layout.dtype, *[np.int32] * (len(made[:]) - 1)]
        assert all(map(np.array_equal, wide[:], made[:]))
        walks = [tasks.batches(batch_size=4, shuffle=True) for tasks in (read, made)]
        for a, b in zip(*walks, strict=True):
            assert a.state == b.state and all(map(np.array_equal, a, b))
    assert {store.get("targetDtype") for store in fixtures.stores} >= {None, "int64"}


def test_chunks_of_a_zarr_store_are_those_of_the_shuffle(fixtures):
    for store in fixtures.stores:
        made = taskloom.open_tasks(store["recipe"], fixtures.dataset("bytes"))
        read = taskloom.open_tasks(store["folder"])
        if store["format"] != "zarr":
            with pytest.raises(taskloom.InvalidOptionError, match="chunk_items is None; .* as only a Zarr store has chunks"):
                read.batches(shuffle="chunks")
            continue
        # Chunks of 4 tasks.
        options = {"batch_size": 5, "shuffle": "chunks", "block_chunks": 2}
        items = 4 * made.recipe["samplesPerTask"]
        for a, b in zip(read.batches(**options), made.batches(chunk_items=items, **options), strict=True):
            assert a.state == b.state and np.array_equal(a.indices, b.indices) and np.array_equal(a.inputs, b.inputs)
        assert next(read.batches(chunk_items=7, **options)).state["chunkItems"] == 7
        assert next(read.batches(**options)).state["chunkItems"] == items


def test_values_of_a_wide_type_that_no_target_has(fixtures, tmp_path):
    store = next(s for s in fixtures.stores if s["format"] == "npy" and s.get("targetDtype") == "int64")
    for name, values, wrong in (("targets", 10, 10), ("targets", 10, -1), ("labels", 11, 2**40)):
        folder = tmp_path / f"{name}{wrong}"
        shutil.copytree(store["folder"], folder)
        array = np.load(folder / f"{name}.npy", mmap_mode="r+")
        array[3, 2] = wrong
        array.flush()
        tasks = taskloom.open_tasks(folder)
        assert len(tasks[:3]) == 3
        with pytest.raises(taskloom.StoreError, match=f"gives {wrong} in {name}; its recipe has 0 to {values - 1}: it is damaged"):
            tasks[2:5]


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
    for chunk in sorted((path / "inputs").glob("c.*")):
        target = path / "inputs" / key.format(chunk.name.split(".")[1])
        target.parent.mkdir(parents=True, exist_ok=True)
        chunk.rename(target)
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
        (lambda path: (path / "inputs/c.5.0.0").unlink(), r"inputs/c\.5\.0\.0: is missing: run taskloom generate again"),
        (lambda path: (path / "inputs/c.5.0.0").write_bytes(b"x" * 77), "has 77 bytes, not"),
        (lambda path: flip(path / "targets/c.5.0"), "has SHA-256 .*: it is damaged"),
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
