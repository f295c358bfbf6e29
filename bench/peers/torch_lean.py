"""Peer: the leanest loop of the same work in PyTorch, one task after the other, on the CPU.

  /usr/bin/python3 torch_lean.py --data DIR [--threads 1] [--tasks 50] [--repeats 5]

One generator is reseeded with the task's number; matrix, examples and output are allocated once.
"""
from common import CLASSES, EXAMPLES, PIXELS, STD, run


def make(torch, images, labels):
    data, data_labels = torch.from_numpy(images), torch.from_numpy(labels)
    generator = torch.Generator()
    matrix = torch.empty(PIXELS, PIXELS)
    examples = torch.empty(EXAMPLES, PIXELS)
    output = torch.empty(EXAMPLES, PIXELS + CLASSES)
    projected, previous = output[:, :PIXELS], output[1:, PIXELS:]
    one_hot = output[:, PIXELS:]

    @torch.inference_mode()
    def task(n):
        generator.manual_seed(n)
        matrix.normal_(0, STD, generator=generator)
        indices = torch.randint(len(data), (EXAMPLES,), generator=generator)
        torch.index_select(data, 0, indices, out=examples)
        torch.mm(examples, matrix, out=projected)  # straight into the output's columns

        targets = torch.randperm(CLASSES, generator=generator)[data_labels[indices]]
        one_hot.zero_()
        previous.scatter_(1, targets[:-1, None], 1.0)
        return indices, matrix, output, targets

    return task


run("torch-lean", "torch", make)
