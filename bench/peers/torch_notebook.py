"""Peer: the calls of the PyTorch notebook, one task after the other, on the CPU.

  /usr/bin/python3 torch_notebook.py --data DIR [--threads 1] [--tasks 50] [--repeats 5]

Everything is seeded twice per task, for the matrix and for the permutation; each tensor is made anew.
"""
import random

from common import CLASSES, EXAMPLES, PIXELS, run


def make(torch, images, labels):
    import numpy as np

    F = torch.nn.functional
    data, data_labels = torch.from_numpy(images), torch.from_numpy(labels)

    def seed_everything(seed):
        random.seed(seed)
        np.random.seed(seed)
        torch.manual_seed(seed)

    def task(n):
        seed_everything(n)
        weight = torch.FloatTensor(PIXELS, PIXELS).normal_(0, 1 / PIXELS)
        indices = torch.randint(0, len(data), (EXAMPLES,))
        projected = F.linear(data[indices], weight)

        seed_everything(n)
        mapper = dict(enumerate(torch.randperm(CLASSES).tolist()))
        targets = data_labels[indices].clone().apply_(mapper.get)
        one_hot = F.one_hot(targets, CLASSES).float()
        previous = torch.cat([torch.zeros(1, CLASSES), one_hot[:-1]])
        return indices, weight.T, torch.cat([projected, previous], dim=1), targets

    return task


run("torch-notebook", "torch", make)
