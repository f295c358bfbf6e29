"""Peer: the same work in PyTorch, many tasks at a time, on the CPU or a CUDA device.

  /usr/bin/python3 torch_batched.py --data DIR [--device cpu] [--threads 1] [--tasks 64] [--repeats 5]

A batch of tasks is: matrices drawn and stored, examples gathered, one batched product written into the output, labels
permuted, and the one-hot of the label before. The batch is that of a few sizes with which a task takes the least time.
"""
from common import CLASSES, EXAMPLES, PIXELS, STD, run

CANDIDATES = {"cpu": (1, 4, 16, 64), "cuda": (64, 256, 1024)}


def make(torch, images, labels, device):
    data, data_labels = torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device)
    generator = torch.Generator(device)

    def of_size(batch):
        matrices = torch.empty(batch, PIXELS, PIXELS, device=device)
        output = torch.empty(batch, EXAMPLES, PIXELS + CLASSES, device=device)
        projected, one_hot = output[:, :, :PIXELS], output[:, :, PIXELS:]

        @torch.inference_mode()
        def task(n):
            generator.manual_seed(n)
            matrices.normal_(0, STD, generator=generator)
            indices = torch.randint(len(data), (batch, EXAMPLES), generator=generator, device=device)
            torch.bmm(data[indices], matrices, out=projected)  # straight into the output's columns
            permutations = torch.rand(batch, CLASSES, generator=generator, device=device).argsort(1)
            targets = permutations.gather(1, data_labels[indices])
            one_hot.zero_()
            one_hot[:, 1:].scatter_(2, targets[:, :-1, None], 1.0)
            return indices, matrices, output, targets

        return task

    return of_size


run("torch-batched", "torch", make, batches=CANDIDATES)
