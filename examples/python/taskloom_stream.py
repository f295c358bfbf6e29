"""Recomputes any sequence of a Taskloom recipe, bit for bit, with NumPy alone.

    python taskloom_stream.py tasks/recipe.json --images train-images-idx3-ubyte --labels train-labels-idx1-ubyte \\
        --sequences 0:4 --out part.npz

In a program, and as a map-style dataset of PyTorch's DataLoader:

    recipe = open_recipe("tasks/recipe.json", "train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz")
    inputs, targets = recipe.sequence(len(recipe) - 1)   # the last one, without making the others

It is written from docs/stream.md, section by section, and shares no code with the package: each checks the other.
For uint8 and int16 datasets every byte is the package's. For float32 ones sums are taken in float64 here, well within the bound
that docs/stream.md states.
"""

import argparse
import gzip
import hashlib
import itertools
import json
import math
import statistics
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np


class RecipeError(ValueError):
    """A recipe that is damaged, of a newer version, contradicts itself, or was made from other data."""


class DatasetError(ValueError):
    """A file that is no IDX array, or images and labels that do not belong together."""


# Words ---------------------------------------------------------------------------------------------------------------

PROJECTION, PERMUTATION, SEQUENCE, CURRICULUM, SAMPLE, WAYS = 0, 1, 2, 3, 5, 6


def rotate_left(x, bits):
    return (x << np.uint32(bits)) | (x >> np.uint32(32 - bits))


def key_stream(seed, task, purpose, item, first, count):
    """Blocks `first .. first + count - 1` of a key stream: uint32 [count, 16], a row being 16 words."""
    initial = np.empty((4, 4, count), np.uint32)  # rows and columns of ChaCha's square, for all blocks at once
    key = seed.to_bytes(8, "little") + b"taskloom stream v1" + bytes(6)
    square = np.frombuffer(b"expand 32-byte k" + key, "<u4").reshape(3, 4, 1)
    initial[:3] = square
    initial[3, 0] = (first + np.arange(count, dtype=np.uint64)).astype(np.uint32)
    initial[3, 1:] = np.array([task, purpose, item], np.uint32)[:, None]
    a, b, c, d = initial.copy()
    for half in range(8):
        a += b
        d = rotate_left(d ^ a, 16)
        c += d
        b = rotate_left(b ^ c, 12)
        a += b
        d = rotate_left(d ^ a, 8)
        c += d
        b = rotate_left(b ^ c, 7)
        # Columns become diagonals for every second round, and columns again after it.
        turn = 1 if half % 2 == 0 else -1
        b, c, d = np.roll(b, -turn, 0), np.roll(c, -2, 0), np.roll(d, turn, 0)
    return (np.stack([a, b, c, d]) + initial).reshape(16, count).T


class Words:
    """A cursor over the words of one (seed, task, purpose, item), and the integers that are drawn from them."""

    BLOCKS = 8  # made at a time: enough for a sequence of 100

    def __init__(self, seed, task, purpose, item=0):
        self._words = itertools.chain.from_iterable(
            key_stream(seed, task, purpose, item, first, self.BLOCKS).ravel().tolist()
            for first in itertools.count(0, self.BLOCKS)
        )

    def next(self):
        return next(self._words)

    def bounded(self, n):
        """A uniform integer in 0..n-1, 1 <= n < 2^32."""
        while True:
            high, low = divmod(self.next() * n, 2**32)
            if low >= (2**32 - n) % n:
                return high

    def shuffle(self, values):
        """Fisher and Yates, from the end; returns the list, shuffled in place."""
        for i in range(len(values) - 1, 0, -1):
            j = self.bounded(i + 1)
            values[i], values[j] = values[j], values[i]
        return values

    def permutation(self, n):
        """Label y becomes element y: int64 [n]."""
        return np.array(self.shuffle(list(range(n))))

    def distinct(self, n, taken):
        """`bounded(n)` that is not in the set `taken`, to which it is added."""
        while True:
            index = self.bounded(n)
            if index not in taken:
                taken.add(index)
                return index


# Normal deviates -----------------------------------------------------------------------------------------------------


def normal_table():
    """The 768 entries, uint32, as scripts/make-normal-table.mjs constructs them; no rounding here is near a tie."""
    # Gauss-Legendre with three points on each of 16 panels of a segment.
    reach = math.sqrt(3 / 5) / 2
    x = np.array([(panel + 0.5 + offset) / 16 for panel in range(16) for offset in (-reach, 0, reach)])
    weights = np.tile([5, 8, 5], 16) / (18 * 16)
    octave, segment = (part[:, None] for part in np.divmod(np.arange(24 * 32), 32))
    # Half a step of t further on, as t = floor(65536 * x) stands for all of its step.
    m = 2.0**octave * (1 + (segment + x + 2.0**-17) / 32)
    quantile = np.vectorize(statistics.NormalDist().inv_cdf)
    curve = -quantile(m / 2**25) * 2**17  # in units of 2^-17
    # The line of least squares over each segment: centre - c1 * (x - 1/2). c0 keeps its mean with c1 rounded, and the
    # 15 undoes what `deviates` loses by rounding down.
    centre = curve @ weights
    c1 = np.rint(((curve - centre[:, None]) * (0.5 - x)) @ weights * 12)
    c0 = np.rint(centre + c1 / 2 + 15)
    table = (c0 * 4096 + c1).astype("<u4")
    digest = hashlib.sha256(table.tobytes()).hexdigest()
    if digest != "b7bdf9060cdeb11850ba4dbfcccdd9b15318fa34e5045a4a4063205e70aeaa79":
        raise ArithmeticError(f"this platform's floating point makes another table of deviates, SHA-256 {digest}")
    return table.astype(np.uint32)


TABLE = normal_table()


def deviates(words):
    """Standard normal deviates in units of 1/4096, int32, |deviate| <= 22200, from as many uint32."""
    m = ((words >> 7) & 0xFFFFFF) | 1
    b = m.astype(np.float32).view(np.uint32)
    q = TABLE[(b >> 18) - 4064]
    t = (b >> 2) & 0xFFFF
    z = ((q >> 12) - (((q & 0xFFF) * t) >> 16)).view(np.int32) >> 5
    return np.where(words >> 31, -z, z)


def matrix(seed, task, rows, columns):
    """The deviates g of a task's matrix, float64 [rows, columns], in units of 1/4096."""
    blocks = -(-columns // 16)  # of a row: every row begins one
    at_once = max(1, 2**15 // blocks)  # rows, for some MiB of working memory
    g = np.empty((rows, columns))
    for row in range(0, rows, at_once):
        count = min(at_once, rows - row)
        words = key_stream(seed, task, PROJECTION, 0, row * blocks, count * blocks)
        g[row : row + count] = deviates(words.reshape(count, blocks * 16)[:, :columns])
    return g


# Recipes -------------------------------------------------------------------------------------------------------------

VERSION = 1
REQUIRED = object()


def is_number(value, low=-math.inf, high=math.inf):
    return type(value) in (int, float) and math.isfinite(value) and low <= value <= high


def is_integer(value, low=0, high=2**53 - 1):
    return type(value) is int and low <= value <= high


def is_share(value):
    if isinstance(value, list):
        pairs = all(isinstance(e, list) and len(e) == 2 and is_integer(e[0]) and is_number(e[1], 0, 1) for e in value)
        return bool(value) and pairs and all(a[0] < b[0] for a, b in zip(value, value[1:]))
    return type(value) is bool or is_number(value, 0, 1)


def is_object(value, **checks):
    """A JSON object with exactly these fields, each as its check says."""
    return isinstance(value, dict) and value.keys() == checks.keys() and all(is_(value[k]) for k, is_ in checks.items())


def is_text(value):
    return isinstance(value, str)


def is_flag(value):
    return type(value) is bool


def is_positive(value):
    return is_number(value) and value > 0


def is_count(value):
    return is_integer(value, 1)


def is_word(value):
    return is_integer(value, 0, 2**32 - 1)


def is_hex(value):
    return is_text(value) and len(value) == 64 and set(value) <= set("0123456789abcdef")


def is_seed(value):
    plain = is_text(value) and value.isascii() and value.isdigit() and (value == "0" or value[0] != "0")
    return plain and int(value) < 2**64


def one_of(*allowed):
    return lambda value: value in allowed and type(value) is not bool


# What a field is when it is absent, and what it may be.
SHARE = "a share: true, false, a number from 0 to 1, or [[step, share], ...] with increasing steps"
FIELDS = {
    "format": (REQUIRED, one_of("taskloom-recipe"), '"taskloom-recipe"'),
    "version": (REQUIRED, one_of(VERSION), f"{VERSION}"),
    "stream": (REQUIRED, one_of(1), "1"),
    "generator": (REQUIRED, is_text, "a name"),
    "preset": (REQUIRED, is_text, "a name"),
    "seed": (REQUIRED, is_seed, "the decimal digits of an integer from 0 to 2^64 - 1"),
    "taskOffset": (REQUIRED, is_word, "an integer from 0 to 2^32 - 1"),
    "taskCount": (REQUIRED, lambda v: is_integer(v, 1, 2**32), "an integer from 1 to 2^32"),
    "drawSequence": (REQUIRED, is_flag, "true or false"),
    "sequenceLength": (None, is_count, "an integer from 1"),
    "samplesPerTask": (None, lambda v: is_integer(v, 1, 2**32), "an integer from 1 to 2^32"),
    "samples": (None, lambda v: is_integer(v, 1, 2**32), "an integer from 1 to 2^32"),
    "replacement": (REQUIRED, is_flag, "true or false"),
    "outFeatures": (REQUIRED, is_count, "an integer from 1"),
    "standardDeviation": (REQUIRED, is_positive, "a positive number"),
    "inputScaling": (
        REQUIRED,
        lambda v: v in ("unit", "notebook") or is_object(v, mean=is_number, standardDeviation=is_positive),
        '"unit" or {"mean", "standardDeviation"} with a positive deviation',
    ),
    "outputScaling": ("none", is_text, "a name"),
    "dtype": (REQUIRED, one_of("float32", "float16"), '"float32" or "float16"'),
    "identity": (
        REQUIRED,
        lambda v: is_object(v, projection=is_share, permutation=is_share),
        '{"projection", "permutation"}, each ' + SHARE,
    ),
    "tasksPerStep": (1, is_count, "an integer from 1"),
    "fixed": (
        None,
        lambda v: is_object(
            v,
            share=is_share,
            permutation=is_flag,
            projection=is_flag,
            task=lambda t: t == "step" or is_word(t),
            pool=lambda n: is_integer(n, 1, 2**32 - 1),
        ),
        '{"share", "permutation", "projection", "task", "pool"}: ' + SHARE + "; two flags; a task index or "
        '"step"; an integer from 1 to 2^32 - 1',
    ),
    "labelLayout": ("shifted", one_of("shifted", "query-last", "none"), '"shifted", "query-last" or "none"'),
    "labelFormat": ("one-hot", one_of("one-hot", "integer"), '"one-hot" or "integer"'),
    "specialTokens": (0, lambda v: is_integer(v, 0, 65535), "an integer from 0 to 65535"),
    "startToken": (None, lambda v: is_integer(v, 0, 65534), "an integer below specialTokens"),
    "exampleRange": (
        None,
        lambda v: isinstance(v, list) and len(v) == 2 and all(map(is_integer, v)) and v[0] < v[1],
        "[start, stop] with start < stop",
    ),
    "classSubset": (
        None,
        lambda v: isinstance(v, list) and len(v) > 0 and all(map(is_integer, v)) and len(set(v)) == len(v),
        "a list of distinct labels",
    ),
    "episode": (
        None,
        lambda v: is_object(v, ways=is_count, shots=is_count, queries=is_integer, relabel=is_flag),
        '{"ways", "shots", "queries", "relabel"}: integers from 1, from 1 and from 0, and a flag',
    ),
    "examples": (None, is_count, "an integer from 1"),
    "dataset": (
        REQUIRED,
        lambda v: is_object(
            {"originalLabels": None, "scale": None, "centeredOn": None, **v} if isinstance(v, dict) else v,
            name=is_text,
            centeredOn=lambda s: s is None or is_text(s),
            originalLabels=lambda s: s is None or (isinstance(s, list) and all(type(i) is int for i in s)),
            shape=lambda s: isinstance(s, list) and len(s) > 1 and all(map(is_count, s)),
            dtype=one_of("uint8", "int16", "float32"),
            scale=lambda s: s is None or is_positive(s),
            classes=lambda k: is_integer(k, 1, 65536),
            digest=is_hex,
        ),
        '{"name", "shape", "dtype", "scale", "classes", "originalLabels", "centeredOn", "digest"}, as the package writes it',
    ),
}
NULLABLE = {name for name, (default, _, _) in FIELDS.items() if default is None}


def check_fields(value, source="recipe"):
    """The fields of a recipe with defaults filled in, or a RecipeError that names the first that is wrong."""

    def refuse(problem):
        raise RecipeError(f"{source}: {problem}")

    if not isinstance(value, dict) or value.get("format") != "taskloom-recipe":
        refuse('not a recipe: it is no JSON object whose "format" is "taskloom-recipe"')
    if value.get("version") != VERSION:
        refuse(f"recipe version {json.dumps(value.get('version'))}; this program reads version {VERSION}")
    for name in value:
        if name not in FIELDS:
            refuse(f'field "{name}" is unknown to this program; there are {", ".join(FIELDS)}')
    fields = {}
    for name, (default, is_allowed, allowed) in FIELDS.items():
        fields[name] = value.get(name, default)
        if fields[name] is REQUIRED:
            refuse(f'field "{name}" is missing')
        if name in value and not is_allowed(value[name]) and not (value[name] is None and name in NULLABLE):
            refuse(f'field "{name}" is {json.dumps(value[name])[:80]}; allowed: {allowed}')
    f = SimpleNamespace(**fields)
    if f.generator != "chacha8":
        raise NotImplementedError(f'{source}: generator "{f.generator}"; this program knows stream v1, "chacha8"')
    if f.outputScaling != "none":
        raise NotImplementedError(f'{source}: outputScaling "{f.outputScaling}"; this program knows "none"')
    if f.inputScaling == "notebook":
        raise NotImplementedError(f'{source}: inputScaling "notebook"; this program knows "unit" and two numbers')
    if f.taskOffset + f.taskCount > 2**32:
        refuse(f"taskOffset + taskCount is {f.taskOffset + f.taskCount}; allowed: up to 2^32")
    if f.drawSequence:
        if f.samples is not None:
            refuse("samples is given; allowed: only with drawSequence false")
        if f.samplesPerTask is None or (f.sequenceLength is None and f.episode is None):
            refuse("sequenceLength or samplesPerTask is missing, which drawSequence needs")
    else:
        for name in ("labelLayout", "labelFormat", "startToken", "episode"):
            if fields[name] != FIELDS[name][0]:
                refuse(f"{name} is given; allowed: only with drawSequence true")
    if f.startToken is not None and f.startToken >= f.specialTokens:
        refuse(f"startToken is {f.startToken}; allowed: integers below specialTokens, {f.specialTokens}")
    return f


def share_at(share, step):
    """A share of true, false, a number or a schedule, at a step."""
    if not isinstance(share, list):
        return float(share)
    for (t0, s0), (t1, s1) in zip(share, share[1:]):
        if t0 <= step < t1:
            return s0 + (s1 - s0) * ((step - t0) / (t1 - t0))
    return float(share[0][1] if step < share[0][0] else share[-1][1])


# Datasets ------------------------------------------------------------------------------------------------------------

IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def read_idx(path):
    """The array of an IDX file, plain or gzip, in the machine's byte order."""
    data = Path(path).read_bytes()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if len(data) < 4 or data[:2] != b"\0\0" or data[2] not in IDX_TYPES or data[3] == 0:
        raise DatasetError(f"{path}: begins with {data[:4].hex(' ')}; IDX files begin with 00 00 and a type")
    header = 4 + 4 * data[3]
    shape = np.frombuffer(data[4:header], ">u4").tolist()
    dtype = np.dtype(IDX_TYPES[data[2]])
    expected = header + math.prod(shape) * dtype.itemsize
    if len(data) != expected:
        raise DatasetError(f"{path}: {len(data)} bytes, where its header says {expected}; is it whole?")
    return np.frombuffer(data, dtype, offset=header).reshape(shape).astype(dtype.newbyteorder("="), copy=False)


def quantize(values, step, bits=16):
    """float32 values in steps: int16, or with 8 bits uint8 around 128."""
    steps = np.rint(values.astype(np.float64) / np.float64(np.float32(step)))
    if bits == 8:
        return (np.clip(steps, -127, 127) + 128).astype(np.uint8)
    return np.clip(steps, -32767, 32767).astype(np.int16)


def dataset_digest(images, labels, classes, scale=None):
    """What identifies examples [N, ...] and labels [N], as 64 hex digits."""

    def sha256(array, dtype):
        return hashlib.sha256(np.ascontiguousarray(array, dtype)).hexdigest()

    text = {
        "classes": classes,
        "dtype": images.dtype.name,
        "images": sha256(images, {"uint8": "|u1", "int16": "<i2", "float32": "<f4"}[images.dtype.name]),
        **({} if scale is None else {"scale": f"{np.float32(scale).view(np.uint32):08x}"}),
        "shape": list(images.shape),
        "targets": sha256(labels, "<u2"),
    }
    return hashlib.sha256(json.dumps(text, separators=(",", ":")).encode()).hexdigest()


def mean_image(images):
    """The mean of each value over all examples, float64: the exact sum of bytes, divided by their number."""
    return images.sum(0, dtype=np.int64 if images.dtype == np.uint8 else np.float64) / len(images)


def centered(images, mean, dtype="uint8"):
    """Examples with a mean image taken off, as the package's Center makes them: bytes around 128, int16, or float32."""
    if images.dtype == np.float32:
        return (images - mean).astype(np.float32)
    if dtype == "int16":
        return np.rint(128 * (images - mean)).astype(np.int16)
    return np.minimum(np.rint(128 + (images - mean) / 2), 255).astype(np.uint8)


def check_dataset(recipe, images, labels, source):
    """The recipe's examples [N, features] and labels [N], out of arrays that begin with them."""
    count, *shape = recipe.shape
    scale = getattr(recipe, "scale", None)
    if (scale is None) if recipe.dtype == "int16" else (recipe.dtype == "float32" and scale is not None):
        raise RecipeError(f"{source}: dataset.scale is {json.dumps(scale)} for {recipe.dtype}")
    if images.dtype not in (np.uint8, np.int16, np.float32) or images.ndim < 2:
        raise DatasetError(f"images are {images.dtype} {images.shape}; they must be uint8, int16 or float32, [N, ...]")
    if scale is not None and images.dtype == np.float32:
        images = quantize(images, scale, 16 if recipe.dtype == "int16" else 8)
    center = getattr(recipe, "centeredOn", None)
    if center is not None and center == recipe.name and recipe.dtype == "int16" and images.dtype == np.uint8:
        images = centered(images[:count], mean_image(images[:count]), "int16")
        labels = labels[:count]
    if labels.shape != images.shape[:1] or labels.dtype.kind not in "iu":
        raise DatasetError(f"labels are {labels.dtype} {labels.shape}; {len(images)} images need as many integers")
    if images.dtype.name != recipe.dtype or len(images) < count or math.prod(images.shape[1:]) != math.prod(shape):
        raise RecipeError(
            f"{source}: images are {images.dtype} {images.shape}; the recipe was made from {recipe.dtype} "
            f"{tuple(recipe.shape)}"
        )
    images = np.ascontiguousarray(images[:count]).reshape(count, *shape)
    if center is not None and images.dtype == np.uint8 and dataset_digest(images, labels[:count], recipe.classes) != recipe.digest:
        if center != recipe.name:
            raise NotImplementedError(
                f"{source}: the mean image of {center} is taken off; give images that are centered on it: see centered()"
            )
        images = centered(images, mean_image(images))
    labels = labels[:count].astype(np.int64)
    original = getattr(recipe, "originalLabels", None)
    if original is not None:
        # Each label becomes its place in the list.
        place = {label: i for i, label in enumerate(original)}
        labels = np.array([place.get(label, -1) for label in labels.tolist()], np.int64)
    if labels.min() < 0 or labels.max() >= recipe.classes:
        raise DatasetError(f"labels go from {labels.min()} to {labels.max()}; the recipe has {recipe.classes} classes")
    digest = dataset_digest(images, labels, recipe.classes, scale)
    if digest != recipe.digest:
        raise RecipeError(f"{source}: images and labels have digest {digest}; the recipe was made from {recipe.digest}")
    return images.reshape(count, -1), labels


# Task sets -----------------------------------------------------------------------------------------------------------


class Recipe:
    """A task set: an indexed collection of sequences (of examples, where `drawSequence` is false).

    `fields` is the JSON object of a recipe, `images` uint8, int16 or float32 [N, ...], `labels` integers [N]. Raises
    RecipeError, DatasetError, or NotImplementedError for what other programs can make and this one cannot.
    """

    def __init__(self, fields, images, labels, source="recipe"):
        f = self.fields = check_fields(fields, source)
        dataset = SimpleNamespace(**f.dataset)
        self._images, labels = check_dataset(dataset, images, labels, source)
        self._seed = int(f.seed)
        self._step = None if getattr(dataset, "scale", None) is None else float(np.float32(dataset.scale))

        def refuse(problem):
            raise RecipeError(f"{source}: {problem}")

        # Selection: numbers of examples in the dataset, and their labels.
        start, stop = f.exampleRange or (0, len(labels))
        subset = f.classSubset or range(dataset.classes)
        if stop > len(labels) or max(subset) >= dataset.classes:
            refuse(f"exampleRange or classSubset is beyond the {len(labels)} examples of {dataset.classes} classes")
        place = np.full(dataset.classes, -1)
        place[list(subset)] = np.arange(len(subset))
        self._selected = np.flatnonzero(place[labels[start:stop]] >= 0) + start
        self._labels = place[labels[self._selected]]
        self.classes = len(subset)
        if len(self._selected) == 0:
            refuse("exampleRange and classSubset leave no example")
        if f.examples not in (None, len(self._selected)):
            refuse(f"examples is {f.examples}; {len(self._selected)} are left by exampleRange and classSubset")

        self.length = f.sequenceLength if f.drawSequence else 1
        if f.episode:
            e = self._episode = SimpleNamespace(**f.episode)
            self.length = e.ways * (e.shots + e.queries)
            if f.sequenceLength not in (None, self.length):
                refuse(f"sequenceLength is {f.sequenceLength}; allowed: {self.length}, as the episode has it")
            self._members = [np.flatnonzero(self._labels == c) for c in range(self.classes)]
            fewest = min(map(len, self._members))
            if e.ways > self.classes or e.shots + e.queries > fewest:
                refuse(f"episode {f.episode} does not fit {self.classes} classes of which one has {fewest} examples")
            if e.relabel:
                self.classes = e.ways
        elif f.drawSequence and not f.replacement and self.length > len(self._selected):
            refuse(f"sequenceLength is {self.length}; allowed: up to {len(self._selected)}, as replacement is false")
        self._items_per_task = f.samplesPerTask if f.drawSequence else len(self._selected)
        self._count = f.taskCount * self._items_per_task if f.samples is None else f.samples
        if self._count * self.length > 2**53:
            refuse(f"taskCount * samplesPerTask is {self._count}; allowed: up to 2^53 positions in all")
        self._last_matrix = (None, None)  # a task and its matrix: sequences of a task come one after the other

        # Label values: special tokens, classes, and for integers one more that says that no label is given.
        self.label_values = f.specialTokens + self.classes
        most = 65535 if f.labelFormat == "integer" else 65536
        if self.label_values > most:
            refuse(f"specialTokens and classes make {self.label_values} label values; allowed: up to {most}")

    def __len__(self):
        """Sequences in the set."""
        return self._count

    def __getitem__(self, n):
        return self.sequence(n)

    def sequence(self, n):
        """Sequence n, 0 <= n < len(self): (inputs [L, R + K], targets [L]); see `sequences`."""
        return tuple(array[0] for array in self.sequences(n, n + 1))

    def sequences(self, start, stop):
        """Sequences start .. stop - 1: (inputs [n, L, R + K], targets [n, L]).

        R is `outFeatures`, K the number of label values. With labelFormat "integer" there are three arrays, (inputs
        [n, L, R], targets [n, L], labels [n, L]); with labelLayout "none" two, and inputs [n, L, R]; without sequences
        these are examples, inputs [n, R] and targets [n]. inputs are float32 or float16, targets and labels uint8 or
        uint16. Raises IndexError beyond the set.
        """
        if not 0 <= start < stop <= self._count:
            raise IndexError(f"sequences {start}:{stop}; allowed: ranges within 0:{self._count}")
        pieces = [self._weave(task, *draws) for task, draws in self._draws(start, stop)]
        arrays = tuple(np.concatenate(parts) for parts in zip(*pieces))
        return arrays if self.fields.drawSequence else tuple(array[:, 0] for array in arrays)

    # Draws

    def _draws(self, start, stop):
        """Of items start .. stop - 1, task by task: the task, numbers of examples [n, L] and their labels [n, L]."""
        f = self.fields
        if f.samples is not None:
            for n in range(start, stop):
                words = Words(self._seed, 0, SAMPLE, n)
                task = f.taskOffset + (words.next() if f.taskCount == 2**32 else words.bounded(f.taskCount))
                index = np.array([[words.bounded(len(self._selected))]])
                yield task, (index, self._labels[index])
            return
        for number, items in itertools.groupby(range(start, stop), lambda n: n // self._items_per_task):
            task = f.taskOffset + number
            places = [n % self._items_per_task for n in items]
            if not f.drawSequence:
                indices = np.array(places)[:, None]
                yield task, (indices, self._labels[indices])
            else:
                draw = self._draw_episode if f.episode else self._draw_sequence
                yield task, map(np.array, zip(*(draw(task, item) for item in places)))

    def _draw_sequence(self, task, item):
        words = Words(self._seed, task, SEQUENCE, item)
        n = len(self._selected)
        if self.fields.replacement:
            indices = np.array([words.bounded(n) for _ in range(self.length)])
        else:
            taken = set()
            indices = np.array([words.distinct(n, taken) for _ in range(self.length)])
        return indices, self._labels[indices]

    def _draw_episode(self, task, item):
        e = self._episode
        # class_of[rank] is the class that takes part with this rank.
        class_of = np.argsort(Words(self._seed, task, WAYS, item).permutation(len(self._members)))[: e.ways]
        words = Words(self._seed, task, SEQUENCE, item)
        ranks = words.shuffle([rank for rank in range(e.ways) for _ in range(e.shots)])
        ranks += words.shuffle([rank for rank in range(e.ways) for _ in range(e.queries)])
        taken = [set() for _ in range(e.ways)]
        members = [self._members[c] for c in class_of]
        indices = [members[rank][words.distinct(len(members[rank]), taken[rank])] for rank in ranks]
        return np.array(indices), np.array(ranks) if e.relabel else class_of[ranks]

    def _curriculum(self, task):
        """The tasks whose projection and whose permutation a task has; None for the identity."""
        f = self.fields
        step = task // f.tasksPerStep
        words = Words(self._seed, task, CURRICULUM)

        def happens(share):
            return words.next() < math.floor(share_at(share, step) * 2**32)

        # All three words are taken, whatever they say: the place in the pool begins at word 3.
        identity_projection = happens(f.identity["projection"])
        identity_permutation = happens(f.identity["permutation"])
        projection = permutation = task
        if f.fixed and happens(f.fixed["share"]):
            first = step * f.fixed["pool"] if f.fixed["task"] == "step" else f.fixed["task"]
            other = (first + words.bounded(f.fixed["pool"])) % 2**32
            projection = other if f.fixed["projection"] else task
            permutation = other if f.fixed["permutation"] else task
        return None if identity_projection else projection, None if identity_permutation else permutation

    # Values

    def _weave(self, task, indices, labels):
        f = self.fields
        projection, permutation = self._curriculum(task)
        targets = labels
        if permutation is not None:
            targets = Words(self._seed, permutation, PERMUTATION).permutation(self.classes)[labels]
        targets = targets + f.specialTokens
        with np.errstate(over="ignore"):  # beyond 65504 a float16 is infinite
            values = self._project(projection, self._images[self._selected[indices.ravel()]]).astype(f.dtype)
        values = values.reshape(*indices.shape, f.outFeatures)
        dtype = np.uint8 if self.label_values <= 256 else np.uint16
        if not f.drawSequence or f.labelLayout == "none":
            return values, targets.astype(dtype)
        given = self._given_labels(targets)
        if f.labelFormat == "integer":
            labels = np.where(given < 0, self.label_values, given)
            return values, targets.astype(dtype), labels.astype(np.uint8 if self.label_values <= 255 else np.uint16)
        cells = (given[..., None] == np.arange(self.label_values)).astype(f.dtype)
        return np.concatenate([values, cells], axis=-1), targets.astype(dtype)

    def _given_labels(self, targets):
        """The label that each position shows the learner [n, L], -1 for none."""
        f = self.fields
        given = targets.copy()
        if f.labelLayout == "shifted":
            given[:, 1:] = targets[:, :-1]
            given[:, 0] = -1 if f.startToken is None else f.startToken
        else:
            # The queries of an episode; without any, the last position is one.
            hidden = self._episode.ways * self._episode.queries if f.episode else 0
            hidden = hidden or 1
            given[:, self.length - hidden :] = -1
        return given

    def _project(self, task, examples):
        """Values float32 [n, R] of examples [n, C], by the matrix of a task; by the identity for None."""
        f = self.fields
        unit = f.inputScaling == "unit"
        mean, deviation = (0, 1) if unit else (f.inputScaling["mean"], f.inputScaling["standardDeviation"])
        sigma, denominator = (1, 1) if task is None else (f.standardDeviation, 4096)
        if examples.dtype == np.float32:
            if not unit:
                examples = ((examples.astype(np.float64) - mean) / deviation).astype(np.float32)
            return self._sums(task, examples).astype(np.float32) * np.float32(sigma / denominator)
        step = self._step
        divisor = (255 if step is None else 1) if unit else deviation
        scale = np.float32(sigma * (step or 1) / (denominator * divisor))
        # Exact in float64, in whatever order, as 22200 * 32768 * columns < 2^53.
        sums = self._sums(task, examples).astype(np.int64)
        level = mean / (step or 1)
        offset = math.floor(level) + (level - math.floor(level) >= 0.5)
        if step is not None and examples.dtype == np.uint8:
            offset += 128
        if offset:
            row_sums = self._sums(task, np.ones_like(examples[:1])).astype(np.int64)
            sums -= row_sums * ((offset + 2**31) % 2**32 - 2**31)
        if examples.dtype == np.uint8:
            sums = sums.astype(np.int32)  # wrapping
        return sums.astype(np.float32) * scale

    def _sums(self, task, examples):
        """The sums over j of g(i, j) * x(j), float64 [n, R]; by the identity for None."""
        columns, rows = examples.shape[1], self.fields.outFeatures
        if task is None:
            sums = np.zeros((len(examples), rows))
            sums[:, :columns] = examples[:, :rows]
            return sums
        if self._last_matrix[0] != task:
            self._last_matrix = (task, matrix(self._seed, task, rows, columns))
        return examples.astype(np.float64) @ self._last_matrix[1].T


def open_recipe(path, images, labels):
    """The task set of a recipe file; images and labels are paths of IDX files, plain or gzip, or arrays."""
    try:
        fields = json.loads(Path(path).read_text(encoding="utf-8"))
    except ValueError as error:
        raise RecipeError(f"{path}: not JSON: {error}") from error
    check_fields(fields, path)  # before large files are read
    images, labels = (data if isinstance(data, np.ndarray) else read_idx(data) for data in (images, labels))
    return Recipe(fields, images, labels, path)


# Command -------------------------------------------------------------------------------------------------------------


def parse_range(text):
    start, colon, stop = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{text}; give a range such as 0:4")
    return slice(int(start) if start else None, int(stop) if stop else None)


def main():
    parser = argparse.ArgumentParser(description="Recomputes sequences of a Taskloom recipe.")
    parser.add_argument("recipe", help="recipe.json")
    parser.add_argument("--images", required=True, help="IDX file, plain or gzip")
    parser.add_argument("--labels", required=True, help="IDX file, plain or gzip")
    parser.add_argument("--sequences", type=parse_range, default=slice(0, 1), metavar="A:B", help="default 0:1")
    parser.add_argument("--out", metavar="FILE.npz", help="where arrays inputs, targets (and labels) go")
    arguments = parser.parse_args()
    try:
        recipe = open_recipe(arguments.recipe, arguments.images, arguments.labels)
        start, stop, _ = arguments.sequences.indices(len(recipe))
        arrays = dict(zip(("inputs", "targets", "labels"), recipe.sequences(start, stop)))
        if arguments.out:
            np.savez(arguments.out, **arrays)
    except (ValueError, IndexError, NotImplementedError, OSError) as error:
        sys.exit(f"{parser.prog}: {error}")
    for name, array in arrays.items():
        print(f"{name} {list(array.shape)} {array.dtype} sha256 {hashlib.sha256(array).hexdigest()}")


if __name__ == "__main__":
    main()
