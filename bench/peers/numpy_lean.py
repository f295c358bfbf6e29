"""Peer: the leanest loop of the same work in NumPy, one task after the other, on the CPU.

  /usr/bin/python3 numpy_lean.py --data DIR [--threads 1] [--tasks 50] [--repeats 5]

--threads is for the BLAS under matmul; NumPy's random numbers are drawn on one thread.
"""
from common import CLASSES, EXAMPLES, PIXELS, STD, run


def make(np, images, labels):
    matrix = np.empty((PIXELS, PIXELS), np.float32)
    examples = np.empty((EXAMPLES, PIXELS), np.float32)
    output = np.empty((EXAMPLES, PIXELS + CLASSES), np.float32)
    projected, one_hot = output[:, :PIXELS], output[:, PIXELS:]
    following = np.arange(1, EXAMPLES)
    scale = np.float32(STD)

    def task(n):
        generator = np.random.Generator(np.random.SFC64(n))
        generator.standard_normal(dtype=np.float32, out=matrix)
        np.multiply(matrix, scale, out=matrix)
        indices = generator.integers(len(images), size=EXAMPLES)
        np.take(images, indices, axis=0, out=examples, mode="clip")
        np.matmul(examples, matrix, out=projected)  # straight into the output's columns

        targets = generator.permutation(CLASSES)[labels[indices]]
        one_hot.fill(0)
        one_hot[following, targets[:-1]] = 1
        return indices, matrix, output, targets

    return task


run("numpy-lean", "numpy", make)
