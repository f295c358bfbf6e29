"""What the Python peers share: arguments, MNIST, timing, the check of their own output, and the one JSON line.

A peer calls run(name, library, make). make(library, images, labels) returns task(n), which makes task n and returns
  indices [100], matrix [784, 784] (pixel in, pixel out), output [100, 794] f32, targets [100]
as arrays that numpy can read. Only task(n) is timed.
"""
import argparse
import importlib
import json
import os
import sys
import time

EXAMPLES, PIXELS, CLASSES = 100, 784, 10
STD = 1 / PIXELS  # as in normal_(0, 1/784), whose second argument is a standard deviation
CHECKED_TASKS = 16


def read_mnist(folder):
    """Images as float32 in [0, 1] [n, 784], and labels as int64 [n]."""
    import numpy as np

    images = np.fromfile(os.path.join(folder, "train-images-idx3-ubyte"), np.uint8)[16:].reshape(-1, PIXELS)
    labels = np.fromfile(os.path.join(folder, "train-labels-idx1-ubyte"), np.uint8)[8:]
    assert len(images) == len(labels), "the images and the labels differ in number"
    return images.astype(np.float32) / 255, labels.astype(np.int64)


def check(task, images, labels):
    """Raises AssertionError if what task(n) makes is not the work this benchmark is about."""
    import numpy as np

    previous_matrix, permutations, ratios = None, set(), []
    for n in range(CHECKED_TASKS):
        indices, matrix, output, targets = (np.array(part) for part in task(n))
        assert output.shape == (EXAMPLES, PIXELS + CLASSES), "output is not [100, 794]"
        assert output.dtype == np.float32, "output is not float32"
        projected, one_hot = output[:, :PIXELS], output[:, PIXELS:]

        inputs = images[indices].astype(np.float64)
        error = np.abs(inputs @ matrix.astype(np.float64) - projected).max()
        assert error < 1e-4 * projected.std(), f"projected values are off by {error}"
        assert abs(matrix.var() / STD**2 - 1) < 0.02, f"variance of the matrix: {matrix.var()}"
        assert abs(matrix.mean()) < 6 * STD / PIXELS, f"mean of the matrix: {matrix.mean()}"
        ratios.append(projected.var(axis=1).mean() / ((inputs**2).sum(axis=1).mean() * STD**2))
        assert previous_matrix is None or not np.array_equal(matrix, previous_matrix), "two tasks share a matrix"
        previous_matrix = matrix

        own_labels = labels[indices].tolist()
        mapped = dict(zip(own_labels, targets.tolist()))
        assert [mapped[label] for label in own_labels] == targets.tolist(), "targets are no function of labels"
        assert len(set(mapped.values())) == len(mapped), "two labels share a target"
        permutations.add(tuple(sorted(mapped.items())))
        assert not one_hot[0].any() and one_hot.sum() == EXAMPLES - 1, "one-hot of position 0, or its sum, is wrong"
        assert (one_hot[np.arange(1, EXAMPLES), targets[:-1]] == 1).all(), "one-hot is not of the previous target"
    assert len(permutations) > 1, "all tasks share a permutation"
    assert abs(np.mean(ratios) - 1) < 0.05, f"variance of the projected values: {np.mean(ratios)} of the expected"


def run(peer, library_name, make):
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder of the uncompressed MNIST IDX files")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tasks", type=int, default=50, help="tasks per timed round")
    parser.add_argument("--repeats", type=int, default=5, help="timed rounds")
    args = parser.parse_args()
    for name in ("OMP", "OPENBLAS", "MKL"):  # BLAS reads these once, as the library is imported
        os.environ[f"{name}_NUM_THREADS"] = str(args.threads)
    # Else OpenMP's spinning threads take cores from OpenBLAS's: on 2 cores torch-lean at 2 threads took twice as long.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    try:
        library = importlib.import_module(library_name)
        importlib.import_module("numpy")
    except ImportError as error:
        why = f"{error}; this was {sys.executable}: install python3-{library_name}, or name a Python in TASKLOOM_PYTHON"
        print(json.dumps({"peer": peer, "missing": why}))
        return
    if library_name == "torch":
        library.set_num_threads(args.threads)

    images, labels = read_mnist(args.data)
    task = make(library, images, labels)
    for n in range(max(3, args.tasks // 5)):
        task(n)
    seconds, n = [], 0
    for _ in range(args.repeats):
        start = time.perf_counter()
        for _ in range(args.tasks):
            task(n)
            n += 1
        seconds.append(time.perf_counter() - start)

    line = {"peer": peer, "version": library.__version__, "device": "cpu", "threads": args.threads}
    line |= {"tasks": args.tasks, "seconds": seconds, "ok": True}
    try:
        check(task, images, labels)
    except AssertionError as error:
        line |= {"ok": False, "why": str(error)}
    print(json.dumps(line))
