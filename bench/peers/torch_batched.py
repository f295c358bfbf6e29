"""Peer: the same work in PyTorch, many tasks at a time, on the CPU or a CUDA device.

  /usr/bin/python3 torch_batched.py --data DIR [--device cpu] [--threads 1] [--tasks 64] [--repeats 5] [--tf32]

A batch of tasks is: matrices drawn and stored, examples gathered, one batched product, labels permuted, and the one-hot of
the label before; every large tensor is allocated once. On a CUDA device a batch is some ten kernels of which the draw and
the product take milliseconds, so that launching them is hidden, and the clock stops when the device is done; outputs stay in
its memory. Of the batches, and of products straight into the output's columns or by way of a tensor whose rows are aligned,
those are measured with which a task takes the least time.
"""
from common import CLASSES, EXAMPLES, PIXELS, STD, run

WAYS = {
    "cpu": [(batch, aligned) for batch in (1, 16, 64) for aligned in (False, True)],
    "cuda": [(batch, aligned) for batch in (64, 256, 1024) for aligned in (False, True)],
}


def make(torch, images, labels, device):
    data, data_labels = torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device)
    generator = torch.Generator(device)

    def in_way(batch, aligned):
        matrices = torch.empty(batch, PIXELS, PIXELS, device=device)
        examples = torch.empty(batch * EXAMPLES, PIXELS, device=device)
        output = torch.empty(batch, EXAMPLES, PIXELS + CLASSES, device=device)
        columns, one_hot = output[:, :, :PIXELS], output[:, :, PIXELS:]
        projected = torch.empty(batch, EXAMPLES, PIXELS, device=device) if aligned else columns

        @torch.inference_mode()
        def task(n):
            generator.manual_seed(n)
            matrices.normal_(0, STD, generator=generator)
            indices = torch.randint(len(data), (batch, EXAMPLES), generator=generator, device=device)
            torch.index_select(data, 0, indices.view(-1), out=examples)
            torch.bmm(examples.view(batch, EXAMPLES, PIXELS), matrices, out=projected)
            if aligned:
                columns.copy_(projected)
            permutations = torch.rand(batch, CLASSES, generator=generator, device=device).argsort(1)
            targets = permutations.gather(1, data_labels[indices])
            one_hot.zero_()
            one_hot[:, 1:].scatter_(2, targets[:, :-1, None], 1.0)
            return indices, matrices, output, targets

        return task

    return in_way


run("torch-batched", "torch", make, ways=WAYS)
