"""The same work in PyTorch on a CUDA device, many tasks at a time; outputs stay in its memory.

  python3 torch_batched.py [--data DIR] [--tasks N] [--batch B]

A batch of tasks is: matrices drawn (normal, deviation 1/784) and stored, examples drawn and gathered, one batched
product written into the output, labels permuted, and the one-hot of the label before. One JSON line for each mode, "fp32"
and "tf32" (the product alone differs), with the seconds that 2^16 tasks take at the measured rate; {"missing": ...} where
there is no PyTorch or no CUDA device. --data is the folder of the uncompressed MNIST files; without it images are made up.
"""
import argparse
import json
import os
import statistics
import sys

EXAMPLES, PIXELS, CLASSES = 100, 784, 10
IMAGES, ZEROS = 60000, 0.81
STD = 1 / PIXELS  # as in normal_(0, 1/784), whose second argument is a standard deviation
JOB = 2**16
OUTPUTS = 2  # written in turn
WARM_UP = 3
MATRIX_BYTES = 4 * PIXELS * PIXELS
BYTES = MATRIX_BYTES + 4 * EXAMPLES * PIXELS + OUTPUTS * 4 * EXAMPLES * (PIXELS + CLASSES)
SHARE = 0.6  # of the free memory
MOST = 2048  # tasks of a batch: more do not make it faster


def load(torch, folder):
    """Images as float32 in [0, 1] [n, 784], and labels as int64 [n], on the device."""
    if folder:
        with open(os.path.join(folder, "train-images-idx3-ubyte"), "rb") as file:
            images = torch.frombuffer(bytearray(file.read()[16:]), dtype=torch.uint8).view(-1, PIXELS)
        with open(os.path.join(folder, "train-labels-idx1-ubyte"), "rb") as file:
            labels = torch.frombuffer(bytearray(file.read()[8:]), dtype=torch.uint8)
        return images.cuda().float() / 255, labels.cuda().long()
    images = torch.randint(1, 256, (IMAGES, PIXELS), device="cuda").float() / 255
    images *= torch.rand(IMAGES, PIXELS, device="cuda") >= ZEROS
    return images, torch.randint(CLASSES, (IMAGES,), device="cuda")


class Weaver:
    """Makes batches of tasks into the same few outputs, again and again."""

    def __init__(self, torch, images, labels, batch):
        self.torch, self.images, self.labels, self.batch = torch, images, labels, batch
        self.matrices = torch.empty(batch, PIXELS, PIXELS, device="cuda")
        self.outputs = [torch.empty(batch, EXAMPLES, PIXELS + CLASSES, device="cuda") for _ in range(OUTPUTS)]

    def weave(self, n):
        torch = self.torch
        output = self.outputs[n % OUTPUTS]
        self.matrices.normal_(0, STD)
        indices = torch.randint(len(self.images), (self.batch, EXAMPLES), device="cuda")
        torch.bmm(self.images[indices], self.matrices, out=output[:, :, :PIXELS])
        permutations = torch.rand(self.batch, CLASSES, device="cuda").argsort(1)
        targets = permutations.gather(1, self.labels[indices])
        one_hot = output[:, :, PIXELS:].zero_()
        one_hot[:, 1:].scatter_(2, targets[:, :-1, None], 1.0)
        return indices, output, targets


def check(weaver, tolerance):
    """Raises AssertionError if a batch is not the work this is about."""
    torch = weaver.torch
    for output in weaver.outputs:
        output.fill_(float("nan"))
    indices, output, targets = weaver.weave(0)
    assert not output.isnan().any(), "something was not written"
    for task in {0, weaver.batch // 2, weaver.batch - 1}:
        true = weaver.images[indices[task]].double() @ weaver.matrices[task].double()
        error = (output[task, :, :PIXELS] - true).abs().max() / true.std()
        assert error < tolerance, f"projected values are off by {error}"
        assert abs(weaver.matrices[task].std() / STD - 1) < 0.02, "deviation of the matrix"
        one_hot = output[task, :, PIXELS:]
        assert not one_hot[0].any(), "the first position has a one-hot"
        assert (one_hot[1:].argmax(1) == targets[task, :-1]).all(), "one-hots are not of the labels before"
        assert one_hot.sum() == EXAMPLES - 1, "one-hots have other ones"


def measure(torch, weaver, batches):
    """Seconds of each batch, by CUDA events."""
    for n in range(WARM_UP):
        weaver.weave(n)
    marks = [torch.cuda.Event(enable_timing=True) for _ in range(batches + 1)]
    marks[0].record()
    for n in range(batches):
        weaver.weave(n)
        marks[n + 1].record()
    torch.cuda.synchronize()
    return [start.elapsed_time(end) / 1000 for start, end in zip(marks, marks[1:])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", help="folder of the uncompressed MNIST files")
    parser.add_argument("--tasks", type=int, default=2**14, help="timed tasks, rounded up to whole batches")
    parser.add_argument("--batch", type=int, help="tasks of a batch; default: as many as memory allows")
    args = parser.parse_args()
    try:
        import torch
    except ImportError as error:
        print(json.dumps({"missing": f"{error}; this was {sys.executable}"}))
        return
    if not torch.cuda.is_available():
        print(json.dumps({"missing": f"a CUDA device; PyTorch {torch.__version__} sees none"}))
        return
    torch.manual_seed(42)
    images, labels = load(torch, args.data)
    free, _ = torch.cuda.mem_get_info()
    batch = args.batch or max(1, min(MOST, args.tasks, int(SHARE * free / BYTES)))
    batches = -(-args.tasks // batch)
    for mode in ("fp32", "tf32"):
        torch.backends.cuda.matmul.allow_tf32 = mode == "tf32"
        weaver = Weaver(torch, images, labels, batch)
        line = {"mode": mode, "torch": torch.__version__, "cuda": torch.version.cuda}
        line |= {"device": torch.cuda.get_device_name(), "batch": batch, "tasks": batch * batches}
        seconds = measure(torch, weaver, batches)
        line |= {"seconds": sum(seconds), "seconds_2^16": statistics.median(seconds) / batch * JOB, "ok": True}
        try:
            check(weaver, 1e-4 if mode == "fp32" else 1e-2)
        except AssertionError as error:
            line |= {"ok": False, "why": str(error)}
        print(json.dumps(line), flush=True)
        del weaver
        torch.cuda.empty_cache()


main()
