"""Datasets: IDX and .npz files, checks, digests."""

import gzip

import numpy as np
import pytest
import taskloom

IMAGES = (np.arange(5 * 6) * 7 % 256).astype(np.uint8).reshape(5, 2, 3)
LABELS = np.array([2, 0, 1, 0, 2])


def idx(array, kind):
    header = bytes([0, 0, kind, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def test_idx_plain_and_gzip(tmp_path):
    (tmp_path / "images-idx3-ubyte").write_bytes(idx(IMAGES, 8))
    (tmp_path / "labels.gz").write_bytes(gzip.compress(idx(LABELS.astype(np.int32), 12)))
    data = taskloom.read_idx(tmp_path / "images-idx3-ubyte", tmp_path / "labels.gz")
    assert (data.name, len(data), data.shape, data.features, data.classes) == ("images-idx3-ubyte", 5, (2, 3), 6, 3)
    assert np.array_equal(data.images, IMAGES) and np.array_equal(data.targets, LABELS)
    first = taskloom.read_idx(tmp_path / "images-idx3-ubyte", tmp_path / "labels.gz", limit=2)
    assert (len(first), first.classes) == (2, 3)
    floats = IMAGES.astype(np.float32) / 300
    (tmp_path / "floats.gz").write_bytes(gzip.compress(idx(floats, 13)))
    assert np.array_equal(taskloom.read_idx(tmp_path / "floats.gz", tmp_path / "labels.gz").images, floats)
    with pytest.raises(taskloom.DatasetError, match="exchanged"):
        taskloom.read_idx(tmp_path / "labels.gz", tmp_path / "images-idx3-ubyte")


@pytest.mark.parametrize(
    "damage, message",
    [
        (lambda data: data[:-1], "has 45 bytes, where its header says 46"),
        (lambda data: data + b"x", "has 47 bytes, where its header says 46"),
        (lambda data: b"\x89PNG" + data, "is no IDX file: it begins with 89 50 4e 47"),
        (lambda data: b"", "is no IDX file: it begins with nothing"),
        (lambda data: gzip.compress(data)[:-9], "cannot be read"),
        (lambda data: b"\x1f\x8bxxxxxxxxxxxxxx", "cannot be read"),
    ],
)
def test_idx_files_that_are_refused(tmp_path, damage, message):
    (tmp_path / "images").write_bytes(damage(idx(IMAGES, 8)))
    (tmp_path / "labels").write_bytes(idx(LABELS.astype(np.uint8), 8))
    with pytest.raises(taskloom.DatasetError, match=message):
        taskloom.read_idx(tmp_path / "images", tmp_path / "labels")


def test_a_folder_of_the_four_files(tmp_path):
    for prefix in ("train", "t10k"):
        (tmp_path / f"{prefix}-images-idx3-ubyte").write_bytes(idx(IMAGES, 8))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx(LABELS.astype(np.uint8), 8)))
    data = taskloom.read_folder(tmp_path)
    assert data.name == tmp_path.name and len(data) == 5
    recipe = taskloom.recipe(data, sequence_length=3)
    # The dataset of a recipe by its folder.
    assert len(taskloom.open_tasks(recipe, tmp_path)[0]) == 2
    with pytest.raises(taskloom.DatasetError, match="has none of t10k-labels-idx1-ubyte, t10k-labels.idx1-ubyte, "):
        taskloom.read_folder(tmp_path, "test")
    with pytest.raises(taskloom.InvalidOptionError, match='split is \'all\'; allowed: "train" or "test"'):
        taskloom.read_folder(tmp_path, "all")


def test_npz(tmp_path):
    path = tmp_path / "medical.npz"
    np.savez_compressed(path, train_images=IMAGES, train_labels=LABELS[:, None], test_images=IMAGES[:1])
    data = taskloom.read_npz(path)
    assert data.name == "medical" and np.array_equal(data.images, IMAGES) and np.array_equal(data.targets, LABELS)
    assert taskloom.read_npz(path, limit=2).digest() == data.head(2).digest()
    assert len(taskloom.open_tasks(taskloom.recipe(data, sequence_length=3), path)[0]) == 2
    with pytest.raises(taskloom.DatasetError, match="has the arrays train_images, train_labels, test_images; name two"):
        taskloom.read_npz(path, images="images", labels="labels")
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(taskloom.DatasetError, match="cannot be read as .npz"):
        taskloom.read_npz(path)
    np.savez(path, images=np.array([{}], object), labels=LABELS[:1])
    with pytest.raises(taskloom.DatasetError, match="cannot be read as .npz"):
        taskloom.read_npz(path)


@pytest.mark.parametrize(
    "images, labels, options, message",
    [
        (IMAGES.astype(np.int64), LABELS, {}, "images are int64; allowed: uint8, float32"),
        (IMAGES, LABELS[:4], {}, r"labels have shape \[4\]; allowed: \[5\]"),
        (IMAGES, LABELS / 2, {}, "labels are float64; allowed: integers"),
        (IMAGES, LABELS - 1, {}, "labels are from -1 to 1; allowed: 0 to 65535; classes=\"compact\""),
        (IMAGES, LABELS, {"classes": 2}, "labels are from 0 to 2; allowed: 0 to 1"),
        (IMAGES[:0], LABELS[:0], {}, r"images have shape \[0, 2, 3\]"),
        (LABELS, LABELS, {}, "images are int64"),
        (LABELS.astype(np.uint8), LABELS, {}, r"images have shape \[5\]; allowed: \[n, ...\]"),
        (np.where(IMAGES == 21, np.nan, 1.0), LABELS, {}, "1 values are NaN or infinite, the first in example 0"),
        (np.full((5, 1), 1e300), LABELS, {}, "5 values are NaN or infinite"),
    ],
)
def test_arrays_that_are_refused(images, labels, options, message):
    with pytest.raises(taskloom.DatasetError, match=message) as caught:
        taskloom.Dataset.of(images, labels, name="named", **options)
    assert str(caught.value).startswith("named: ") and isinstance(caught.value, ValueError)


def test_compact_labels_and_moments():
    data = taskloom.Dataset.of(IMAGES, [70000, -3, 5, -3, 70000], classes="compact")
    assert data.original_labels == (-3, 5, 70000) and data.targets.tolist() == [2, 0, 1, 0, 2]
    mean, deviation = data.moments()
    assert mean == IMAGES.mean() and abs(deviation - IMAGES.std()) < 1e-12
    floats = taskloom.Dataset.of(IMAGES / np.float32(255), LABELS)
    assert abs(floats.moments()[0] * 255 - mean) < 1e-4
