"""What the Python peers share: arguments, MNIST, timing, the check of their own output, and the one JSON line.

A peer calls run(name, library, make). make(library, images, labels) returns task(n), which makes task n and returns
  indices [100], matrix [784, 784] (pixel in, pixel out), output [100, 794] f32, targets [100]
as arrays that numpy can read. Only task(n) is timed.

A peer that makes many tasks at a time calls run(..., ways={device: [(batch, ...), ...]}). Its make(library, images,
labels, device) returns in_way(batch, ...), and that a task(n) whose results have one more dimension, in front. Where task(n)
returns less, task.probe(n) returns all of it. The ways are tried, and the one with the quickest tasks is measured.
"""
import argparse
import importlib
import json
import os
import sys
import time

# What the examples are: MNIST, or dense ones without a zero, bytes or standard normal, of so many values. --kind is read here
# already, as peers import these numbers.
KIND = sys.argv[sys.argv.index("--kind") + 1] if "--kind" in sys.argv else "mnist"
EXAMPLES, PIXELS, CLASSES = 100, 784 if KIND == "mnist" else int(KIND.split("-")[1]), 10
DENSE_EXAMPLES = 30000
STD = 1 / PIXELS  # as in normal_(0, 1/784), whose second argument is a standard deviation
CHECKED_TASKS = 16


def read_mnist(folder):
    """Images as float32 in [0, 1] [n, 784], and labels as int64 [n]."""
    import numpy as np

    images = np.fromfile(os.path.join(folder, "train-images-idx3-ubyte"), np.uint8)[16:].reshape(-1, PIXELS)
    labels = np.fromfile(os.path.join(folder, "train-labels-idx1-ubyte"), np.uint8)[8:]
    assert len(images) == len(labels), "the images and the labels differ in number"
    return images.astype(np.float32) / 255, labels.astype(np.int64)


def make_dense():
    """Examples of --kind, in [0, 1] where they stand for bytes, and labels."""
    import numpy as np

    random = np.random.default_rng(1)
    labels = random.integers(0, CLASSES, DENSE_EXAMPLES)
    shape = DENSE_EXAMPLES, PIXELS
    if KIND.startswith("uint8"):
        return random.integers(1, 256, shape).astype(np.float32) / 255, labels
    return random.standard_normal(shape, np.float32), labels


def results(task):
    """What task(n) makes for n = 0, 1, ..., as numpy arrays, task by task where it makes several."""
    import numpy as np

    seen = 0
    for n in range(CHECKED_TASKS):
        parts = getattr(task, "probe", task)(n)
        several = parts[0].ndim > 1
        if several:  # a batch for a GPU has gigabytes of matrices
            parts = [part[: CHECKED_TASKS - seen] for part in parts]
        parts = [np.array(part.cpu() if hasattr(part, "cpu") else part) for part in parts]
        for one in zip(*parts) if several else [parts]:
            yield one
            seen += 1
        if seen == CHECKED_TASKS:
            return


def check(task, images, labels, product):
    """Raises AssertionError if what task(n) makes is not the work this benchmark is about.

    Products may be off by `product` standard deviations of their values.
    """
    import numpy as np

    previous_matrix, permutations, ratios, drawn = None, set(), [], []
    for indices, matrix, output, targets in results(task):
        assert output.shape == (EXAMPLES, PIXELS + CLASSES), f"output is not [100, {PIXELS + CLASSES}]"
        assert output.dtype == np.float32, "output is not float32"
        projected, one_hot = output[:, :PIXELS], output[:, PIXELS:]

        inputs = images[indices].astype(np.float64)
        error = np.abs(inputs @ matrix.astype(np.float64) - projected).max()
        assert error < product * projected.std(), f"projected values are off by {error}"
        assert abs(matrix.var() / STD**2 - 1) < 0.02, f"variance of the matrix: {matrix.var()}"
        assert abs(matrix.mean()) < 6 * STD / PIXELS, f"mean of the matrix: {matrix.mean()}"
        ratios.append(projected.var(axis=1).mean() / ((inputs**2).sum(axis=1).mean() * STD**2))
        assert previous_matrix is None or not np.array_equal(matrix, previous_matrix), "two tasks share a matrix"
        previous_matrix = matrix
        drawn.append(indices)

        own_labels = labels[indices].tolist()
        mapped = dict(zip(own_labels, targets.tolist()))
        assert [mapped[label] for label in own_labels] == targets.tolist(), "targets are no function of labels"
        assert len(set(mapped.values())) == len(mapped), "two labels share a target"
        permutations.add(tuple(sorted(mapped.items())))
        assert not one_hot[0].any() and one_hot.sum() == EXAMPLES - 1, "one-hot of position 0, or its sum, is wrong"
        assert (one_hot[np.arange(1, EXAMPLES), targets[:-1]] == 1).all(), "one-hot is not of the previous target"
    assert len(permutations) > 1, "all tasks share a permutation"
    drawn = np.concatenate(drawn)
    # Of 60,000 about 1% occur twice; the mean of so many has a deviation of 0.7% of them.
    assert len(np.unique(drawn)) > 0.95 * len(drawn), "tasks share examples"
    assert abs(drawn.mean() / len(images) - 0.5) < 0.05, "examples are not drawn from all"
    assert abs(np.mean(ratios) - 1) < 0.05, f"variance of the projected values: {np.mean(ratios)} of the expected"


def wait(library, device):
    """Returns when a CUDA device has done what it was told to; JAX's peer waits by itself."""
    if device == "cuda":
        library.cuda.synchronize()


def seconds_of(task, first, calls, library, device):
    start = time.perf_counter()
    for n in range(first, first + calls):
        task(n)
    wait(library, device)
    return time.perf_counter() - start


def quickest(in_way, ways, tasks, library, device):
    """The batch of the way in which tasks take the least time, and the function that makes such batches."""
    found = None
    for way in ways:
        task, batch = in_way(*way), way[0]
        calls = -(-tasks // batch)
        seconds_of(task, 0, calls, library, device)
        each = min(seconds_of(task, 0, calls, library, device) for _ in range(2)) / calls / batch
        if found is None or each < found[0]:
            found = each, batch, task
        del task
    return found[1:]


def has_device(library, name, device):
    """Whether a library can use a device."""
    if device == "cpu":
        return True
    if name == "torch":
        return library.cuda.is_available()
    try:
        return len(library.devices(device)) > 0
    except RuntimeError:
        return False


def run(peer, library_name, make, ways=None):
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", required=True, help="folder of the uncompressed MNIST IDX files")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--tasks", type=int, default=50, help="tasks per timed round, rounded up to whole batches")
    parser.add_argument("--repeats", type=int, default=5, help="timed rounds")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--kind", default="mnist", help="mnist, uint8-N, int16-N or float32-N; Python has float32 for all")
    if library_name == "torch":
        parser.add_argument("--tf32", action="store_true", help="on CUDA: products of factors rounded to 10 bits")
    args = parser.parse_args()
    for name in ("OMP", "OPENBLAS", "MKL"):  # BLAS reads these once, as the library is imported
        os.environ[f"{name}_NUM_THREADS"] = str(args.threads)
    # Else OpenMP's spinning threads take cores from OpenBLAS's: on 2 cores torch-lean at 2 threads took twice as long.
    os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
    if library_name == "jax" and args.device == "cpu":
        # No setting limits XLA's threads, but it starts as many as there are cores for it.
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: args.threads])
        os.environ["JAX_PLATFORMS"] = "cpu"
    try:
        library = importlib.import_module(library_name)
        importlib.import_module("numpy")
    except ImportError as error:
        why = f"{error}; this was {sys.executable}: install {library_name}, or name a Python in TASKLOOM_PYTHON"
        print(json.dumps({"peer": peer, "missing": why}))
        return
    if library_name == "torch":
        library.set_num_threads(args.threads)
        if args.tf32:
            library.set_float32_matmul_precision("high")
            peer += "-tf32"
    if not has_device(library, library_name, args.device):
        print(json.dumps({"peer": peer, "device": args.device, "absent": f"{library_name} sees no such device"}))
        return

    images, labels = read_mnist(args.data) if KIND == "mnist" else make_dense()
    if ways:
        in_way = make(library, images, labels, args.device)
        batch, task = quickest(in_way, ways[args.device], args.tasks, library, args.device)
    else:
        batch, task = 1, make(library, images, labels)
    calls = -(-args.tasks // batch)
    seconds_of(task, 0, max(3, calls // 5), library, args.device)
    seconds = [seconds_of(task, round * calls, calls, library, args.device) for round in range(args.repeats)]

    line = {"peer": peer, "version": library.__version__, "device": args.device, "threads": args.threads}
    line |= {"batch": batch, "tasks": calls * batch, "seconds": seconds, "ok": True}
    if args.device == "cuda":
        line["adapter"] = library.cuda.get_device_name()
    try:
        check(task, images, labels, 1e-2 if getattr(args, "tf32", False) else 1e-4)
    except AssertionError as error:
        line |= {"ok": False, "why": str(error)}
    print(json.dumps(line))
