"""Makes test/vectors/torch-more.json: what PyTorch's CPU generator answers, for test/vectors/torch.test.ts.

    python scripts/make-torch-vectors.py test/vectors/torch-more.json

PyTorch 1.10 to 2.6 on an x86-64 CPU with AVX2: later ones draw integers in another way, and elsewhere normals are
made with the C library's functions, which docs/torch.md allows for.
"""

import json
import pathlib
import sys

import torch

generator = torch.Generator()


def seeded(seed):
    return generator.manual_seed(seed)


def randint(seed, high, count):
    return torch.randint(0, high, (count,), generator=seeded(seed)).tolist()


def normal(seed, count, scale):
    values = torch.empty(count).normal_(0, scale, generator=seeded(seed)).tolist()
    return {"seed": seed, "count": count, "scale": scale, "values": values}


capability = torch.__config__.show().split("CPU capability usage: ")[1].split()[0]
vectors = {
    "about": f"PyTorch {torch.__version__}, CPU capability {capability}, by scripts/make-torch-vectors.py. Seeds at the "
    "ends of 32 bits and beyond them; bounds on both sides of 2^31, 2^32 and beyond; counts on both sides of 16, of a block "
    "and of the 624 words of a twist. What may be beyond 2^53 is a string.",
    "randint": [
        {"seed": seed, "high": str(high), "values": [str(value) for value in randint(seed, high, 6)]}
        for seed, high in [
            (0, 1),
            (0, 10),
            (2**32 - 1, 60000),
            (2**32 + 69, 2**31),
            (2**32 + 69, 2**31 + 1),
            (7, 2**32 - 1),
            (7, 2**32),
            (7, 2**32 + 1),
            (7, 2**40 + 3),
            (7, 2**63 - 1),
        ]
    ],
    "randperm": [
        {"seed": str(seed), "values": torch.randperm(n, generator=seeded(seed)).tolist()}
        for seed, n in [(0, 1), (1, 2), (2, 3), (2**32 - 1, 17), (2**63 + 5, 300)]
    ],
    "normal": [
        normal(0, 1, 1.0),
        normal(7, 2, 0.5),
        normal(7, 15, 2.5),
        normal(7, 16, 2.5),
        normal(7, 17, 1.0),
        normal(2**32 - 1, 31, 1 / 784),
        normal(11, 613, 1.0),
    ],
}
pathlib.Path(sys.argv[1]).write_text(json.dumps(vectors) + "\n")
