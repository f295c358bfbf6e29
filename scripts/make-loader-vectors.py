#!/usr/bin/env python3
"""Writes test/vectors/loader.json: batches and states of docs/loader.md, and orders with shuffle "chunks" of docs/shuffle.md.

It shares nothing with the package: all is written from the two documents, in plain Python. The keyed bijection is that of
make-shuffle-vectors.py.

    python scripts/make-loader-vectors.py            writes the file
    python scripts/make-loader-vectors.py --check    says whether the file is what it would write
"""

import importlib.util
import json
import sys
from itertools import product
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILE = HERE.parent / "test" / "vectors" / "loader.json"
_spec = importlib.util.spec_from_file_location("shuffle_vectors", HERE / "make-shuffle-vectors.py")
shuffle_vectors = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(shuffle_vectors)
number_at, words = shuffle_vectors.number_at, shuffle_vectors.words

RECIPE = "5a" * 32
PURPOSE_SHUFFLE = 4


def keys_of(seed, task, epoch):
    return words(seed, task, PURPOSE_SHUFFLE, epoch, 24)


class ChunkOrder:
    """The order of docs/shuffle.md with shuffle "chunks"."""

    def __init__(self, seed, epoch, n, chunk_items, block_chunks):
        self.seed, self.epoch, self.n, self.c, self.w = seed, epoch, n, chunk_items, block_chunks
        self.m = -(-n // chunk_items)
        self.d = self.m * chunk_items - n
        self.chunk_keys = keys_of(seed, 0, epoch)
        # Not the inverse network: the place is looked for, or told by the caller for sets too large for that.
        self.s = None
        self.block_keys = {}

    def chunk(self, q):
        return number_at(q, self.m, self.chunk_keys)

    def find_last(self):
        if self.d == 0:
            self.s = self.m
        elif self.s is None:
            self.s = next(q for q in range(self.m) if self.chunk(q) == self.m - 1)

    def start(self, q):
        return q * self.c - (self.d if q > self.s else 0)

    def at(self, k):
        self.find_last()
        c, w, m = self.c, self.w, self.m
        b = k // (w * c)
        if (b + 1) * w < m and k >= self.start((b + 1) * w):
            b += 1
        begin, end = self.start(b * w), self.start(min(m, (b + 1) * w))
        if b not in self.block_keys:
            self.block_keys[b] = keys_of(self.seed, b + 1, self.epoch)
        v = begin + number_at(k - begin, end - begin, self.block_keys[b])
        q = v // c
        if q < m - 1 and v >= self.start(q + 1):
            q += 1
        return self.chunk(q) * c + v - self.start(q)


def order_of(options, epoch):
    """A function from positions to sequences."""
    n, seed, shuffle = options["sequences"], int(options["shuffleSeed"]), options["shuffle"]
    if not options["reshuffle"]:
        epoch = 0
    if shuffle is False:
        return lambda p: p
    if shuffle == "chunks":
        return ChunkOrder(seed, epoch, n, options["chunkItems"], options["blockChunks"]).at
    keys = keys_of(seed, 0, epoch)
    if shuffle is True:
        return lambda p: number_at(p, n, keys)
    per_task = options["samplesPerTask"]
    return lambda p: number_at(p // per_task, n // per_task, keys) * per_task + p % per_task


def rounds_of(options, ranks, batch_size):
    """(batches, rounds), or None where the walk is refused."""
    n, even = options["sequences"], options["even"]
    short = even == "drop" or (even is False and options["dropLast"])
    batches = n // batch_size if short else -(-n // batch_size)
    if batches == 0 or (even == "pad" and batch_size > n) or (even is not False and batches < ranks):
        return None
    rounds = n // (batch_size * ranks) if even == "drop" else -(-batches // ranks)
    return batches, rounds


def state_of(options, ranks, batch_size, epoch, end, consumed):
    state = {"format": "taskloom-loader", "version": 2, "recipe": RECIPE, "shuffleSeed": options["shuffleSeed"]}
    state["shuffle"] = options["shuffle"]
    if options["shuffle"] == "chunks":
        state["chunkItems"], state["blockChunks"] = options["chunkItems"], options["blockChunks"]
    state["reshuffle"], state["even"], state["dropLast"] = options["reshuffle"], options["even"], options["dropLast"]
    state["batchSize"], state["ranks"] = batch_size, ranks
    state["epoch"], state["epochs"], state["consumed"] = epoch, end - epoch, consumed
    return state


def walk(options, index, ranks, batch_size, epoch, end, consumed=0):
    """The batches of one rank: (epoch, batch, indices, place after it)."""
    n, even = options["sequences"], options["even"]
    batches, rounds = rounds_of(options, ranks, batch_size)
    if index >= batches:
        return []
    k, out = consumed // (batch_size * ranks), []
    if k >= rounds:
        epoch, k = epoch + 1, 0
    while epoch < end:
        order = order_of(options, epoch)
        for round_ in range(k, rounds):
            j = round_ * ranks + index
            after = (epoch, (round_ + 1) * batch_size * ranks) if round_ + 1 < rounds else (epoch + 1, 0)
            if j >= batches and even != "pad":
                continue
            positions = range(j * batch_size, (j + 1) * batch_size)
            if even is False:
                positions = [p for p in positions if p < n]
            out.append((epoch, j, [order(p % n) for p in positions], after))
        epoch, k = epoch + 1, 0
    return out


def walk_case(options, ranks, batch_size, epoch, epochs):
    end = epoch + epochs
    case = {**options, "batchSize": batch_size, "ranks": ranks, "epoch": epoch, "epochs": epochs}
    if rounds_of(options, ranks, batch_size) is None:
        return {**case, "refused": True}
    shards = []
    for index in range(ranks):
        made = walk(options, index, ranks, batch_size, epoch, end)
        shards.append(
            [
                {"epoch": e, "batch": j, "indices": indices, "after": {"epoch": after[0], "consumed": after[1]}}
                for e, j, indices, after in made
            ]
        )
    last = state_of(options, ranks, batch_size, epoch, end, 0)
    return {**case, "state": last, "shards": shards}


def resume_case(options, before, after, epoch, epochs, rounds_done):
    """The state after some rounds, and the batches of each new rank; or that it is refused."""
    ranks, batch_size = before
    new_ranks, new_size, even = after
    end = epoch + epochs
    made = walk(options, 0, ranks, batch_size, epoch, end)
    at_epoch, consumed = made[rounds_done - 1][3] if rounds_done else (epoch, 0)
    state = state_of(options, ranks, batch_size, at_epoch, end, consumed)
    given = {"count": new_ranks}
    if new_size is not None:
        given["batchSize"] = new_size
    if even is not None:
        given["even"] = even
    case = {"sequences": options["sequences"], "samplesPerTask": options["samplesPerTask"], "state": state, "given": given}
    if even is None and ranks == 1 and options["even"] is False and new_ranks > 1:
        return {**case, "refused": "even"}
    if new_size is None:
        new_size, rest = divmod(batch_size * ranks, new_ranks)
        if rest:
            return {**case, "refused": "batchSize"}
    changed = {**options, "even": options["even"] if even is None else even}
    if consumed % (new_size * new_ranks):
        return {**case, "refused": "batchSize" if consumed % new_ranks == 0 else "shard.count"}
    if rounds_of(changed, new_ranks, new_size) is None:
        return {**case, "refused": "size"}
    shards = [
        [{"epoch": e, "batch": j, "indices": i} for e, j, i, _ in walk(changed, r, new_ranks, new_size, at_epoch, end, consumed)]
        for r in range(new_ranks)
    ]
    return {**case, "shards": shards}


def options_of(sequences, seed, shuffle, even, per_task=1, reshuffle=True, drop_last=False, chunk=None, block=None):
    options = {
        "sequences": sequences,
        "samplesPerTask": per_task,
        "shuffleSeed": str(seed),
        "shuffle": shuffle,
        "reshuffle": reshuffle,
        "even": even,
        "dropLast": drop_last,
    }
    if shuffle == "chunks":
        options["chunkItems"], options["blockChunks"] = chunk, block
    return options


def orders():
    """Whole orders of small sets with shuffle "chunks", and places in large ones."""
    out = []
    for seed, epoch, n, c, w in (
        (42, 0, 10, 3, 2),
        (42, 1, 10, 3, 2),
        (42, 0, 12, 3, 2),
        (42, 0, 12, 3, 3),
        (42, 0, 1, 1, 1),
        (42, 0, 7, 10, 3),
        (42, 0, 20, 1, 4),
        (42, 0, 20, 4, 1),
        (2**64 - 1, 2**32 - 1, 50, 7, 3),
        (7, 3, 50, 7, 100),
        (9, 0, 301, 10, 4),
    ):
        order = ChunkOrder(seed, epoch, n, c, w)
        numbers = [order.at(k) for k in range(n)]
        assert sorted(numbers) == list(range(n)), (seed, epoch, n, c, w)
        out.append(order_case(seed, epoch, n, c, w, range(n), numbers))
    for seed, epoch, n, c, w in (
        (42, 0, 2**24, 105, 8),
        (7, 3, 2**24 + 1, 4096, 16),
        (1, 2, 10**6 + 3, 10, 10**6),
        (1, 2, 2**40 + 12345, 2**28 + 1, 5),
    ):
        order = ChunkOrder(seed, epoch, n, c, w)
        order.find_last()
        edge = [order.start(q) for q in (order.s // w * w, order.s, min(order.m, order.s + 1), min(order.m, (order.s // w + 1) * w))]
        places = sorted({p for e in edge for p in (e - 1, e, e + 1) if 0 <= p < n} | {0, 1, 2, n // 3, n // 2, n - 2, n - 1})
        out.append(order_case(seed, epoch, n, c, w, places, [order.at(k) for k in places]))
    return out


def order_case(seed, epoch, n, c, w, positions, numbers):
    return {
        "seed": str(seed),
        "epoch": epoch,
        "length": n,
        "chunkItems": c,
        "blockChunks": w,
        "positions": list(positions),
        "numbers": numbers,
    }


def walks():
    out = []
    modes = ("drop", "pad", False)
    for n, (ranks, batch_size), even in product((24, 46), ((1, 5), (2, 4), (3, 4), (4, 6), (7, 2)), modes):
        out.append(walk_case(options_of(n, 42, True, even), ranks, batch_size, 0, 2))
    for even in modes:
        out.append(walk_case(options_of(46, 2**63 + 7, "tasks", even, per_task=2), 3, 5, 9, 2))
        out.append(walk_case(options_of(46, 7, "chunks", even, chunk=5, block=3), 2, 4, 3, 2))
        out.append(walk_case(options_of(46, 7, True, even, reshuffle=False), 2, 10, 4, 2))
        out.append(walk_case(options_of(10, 7, False, even), 9, 1, 0, 1))
        # Fewer batches than ranks, a batch larger than the set, and the largest batch that fits.
        out.append(walk_case(options_of(46, 7, False, even), 16, 8, 0, 1))
        out.append(walk_case(options_of(46, 7, False, even), 1, 47, 0, 1))
        out.append(walk_case(options_of(46, 7, True, even), 1, 46, 0, 1))
    out.append(walk_case(options_of(46, 7, True, False, drop_last=True), 3, 4, 0, 2))
    out.append(walk_case(options_of(46, 7, True, False, drop_last=True), 1, 47, 0, 2))
    return out


def resumes():
    out = []
    shuffles = (
        dict(shuffle=True),
        dict(shuffle="tasks", per_task=2),
        dict(shuffle="chunks", chunk=7, block=2),
        dict(shuffle=False),
    )
    for even, kind in product(("drop", "pad", False), shuffles):
        options = options_of(100, 11, even=even, **kind)
        # The same global batch of 12, kept by the default batch size or said.
        for after in ((2, None, None), (3, 4, None), (1, 12, None), (12, 1, None)):
            out.append(resume_case(options, (4, 3), after, 0, 2, 3))
    options = options_of(100, 11, True, "drop")
    for rounds_done in (0, 1, 2, 7, 8, 9, 16):
        out.append(resume_case(options, (4, 3), (2, 6, None), 5, 2, rounds_done))
    # Other global batches: those that divide the consumed sequences do, others do not.
    for even, (new_ranks, new_size) in product(("drop", "pad"), ((2, 9), (3, 2), (1, 36), (5, 2), (7, None), (2, 5), (5, None), (8, None))):
        options = options_of(100, 11, True, even)
        out.append(resume_case(options, (4, 3), (new_ranks, new_size, None), 0, 2, 3))
    # At the beginning of an epoch any will do.
    out.append(resume_case(options_of(100, 11, True, "pad"), (4, 3), (7, 2, None), 0, 2, 9))
    out.append(resume_case(options_of(100, 11, True, "drop"), (4, 3), (7, 15, None), 0, 2, 8))
    # Less than a round is left: the next epoch begins.
    out.append(resume_case(options_of(100, 11, True, "drop"), (4, 2), (4, 24, None), 0, 2, 12))
    # From one reader without shard, and with another way to end an epoch.
    out.append(resume_case(options_of(46, 11, True, False), (1, 8), (2, None, None), 0, 2, 2))
    for even in ("drop", "pad", False):
        out.append(resume_case(options_of(46, 11, True, False), (1, 8), (2, None, even), 0, 2, 2))
    out.append(resume_case(options_of(46, 11, True, "pad"), (2, 4), (2, None, "drop"), 0, 2, 5))
    return out


def make():
    cases = {"orders": orders(), "walks": walks(), "resumes": resumes()}
    for case in cases["resumes"]:
        assert "shards" in case or case["refused"], case
    about = (
        "docs/loader.md (walks, resumes) and docs/shuffle.md (orders, shuffle \"chunks\"), by scripts/make-loader-vectors.py. "
        "walks: the batches of every rank from (epoch, consumed 0) on, the place after each, and the state before the first; "
        "`refused`: no such walk. resumes: `state` goes on with the options in `given` as the batches of every rank, or the "
        "option named by `refused` is refused (\"size\": the epoch has too few batches for these ranks). Recipe digests are made up."
    )
    parts = []
    for name, some in cases.items():
        lines = ",\n".join(f"    {json.dumps(c, separators=(',', ':'))}" for c in some)
        parts.append(f'  "{name}": [\n{lines}\n  ]')
    return f'{{\n  "about": {json.dumps(about)},\n' + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    text = make()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if FILE.read_text() == text else f"{FILE} is not what this script makes")
    FILE.write_text(text)
