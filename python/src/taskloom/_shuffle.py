"""The orders of docs/shuffle.md: keyed bijections, computed place by place in memory that does not grow with the set."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Callable

import numpy as np
import numpy.typing as npt

__all__ = ["ChunkOrder", "Numbers", "Shuffle", "order_of", "words"]

Numbers = npt.NDArray[np.int64]

_ROUNDS = 24
_MIN_BITS = 8
_SHUFFLE = 4
_MASK = 0xFFFFFFFF
#: Bits of numbers up to which a permutation is kept as a table.
_TABLE_BITS = 12


def words(seed: int, task: int, purpose: int, item: int, count: int) -> list[int]:
    """The first words of stream v1: ChaCha with 8 rounds, see docs/stream.md."""
    key = seed.to_bytes(8, "little") + b"taskloom stream v1" + bytes(6)
    head = [int.from_bytes(part, "little") for part in _fours(b"expand 32-byte k" + key)]
    found: list[int] = []
    for block in range(-(-count // 16)):
        initial = [*head, block, task, purpose, item]
        x = list(initial)
        for _ in range(4):
            for i in range(4):
                _quarter(x, i, 4 + i, 8 + i, 12 + i)
            for i in range(4):
                _quarter(x, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
        found += [(a + b) & _MASK for a, b in zip(x, initial)]
    return found[:count]


def _fours(data: bytes) -> list[bytes]:
    return [data[at : at + 4] for at in range(0, len(data), 4)]


def _quarter(x: list[int], a: int, b: int, c: int, d: int) -> None:
    for add, to, turn in ((b, d, 16), (d, b, 12), (b, d, 8), (d, b, 7)):
        # The sums go to a and c in turn, the turned words to d and b.
        into = a if to == d else c
        x[into] = (x[into] + x[add]) & _MASK
        mixed = x[to] ^ x[into]
        x[to] = ((mixed << turn) | (mixed >> (32 - turn))) & _MASK


@lru_cache(maxsize=256)
def _keys(seed: int, task: int, epoch: int) -> tuple[int, ...]:
    return tuple(words(seed, task, _SHUFFLE, epoch, _ROUNDS))


_13, _16, _FIRST, _SECOND = map(np.uint32, (13, 16, 0x85EBCA6B, 0xC2B2AE35))


def _mix(h: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Mixes words in place."""
    h ^= h >> _16
    h *= _FIRST
    h ^= h >> _13
    h *= _SECOND
    h ^= h >> _16
    return h


@lru_cache(maxsize=256)
def _table(seed: int, task: int, epoch: int, bits: int) -> Numbers:
    """What the network makes of all numbers of so few bits."""
    table = _Network(_keys(seed, task, epoch), bits).permute(np.arange(1 << bits, dtype=np.int64))
    table.flags.writeable = False
    return table


class _Network:
    """A permutation of the numbers below 2^bits."""

    def __init__(self, keys: tuple[int, ...], bits: int) -> None:
        self._keys = [np.uint32(key) for key in keys]
        self._low_bits = np.int64(-(-bits // 2))
        self._low_mask = np.uint32((1 << -(-bits // 2)) - 1)
        self._high_mask = np.uint32((1 << (bits // 2)) - 1)

    def _split(self, x: Numbers) -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
        return (x >> self._low_bits).astype(np.uint32), x.astype(np.uint32) & self._low_mask

    def _join(self, high: npt.NDArray[np.uint32], low: npt.NDArray[np.uint32]) -> Numbers:
        joined: Numbers = (high.astype(np.int64) << self._low_bits) + low
        return joined

    def permute(self, x: Numbers) -> Numbers:
        high, low = self._split(x)
        for i in range(0, _ROUNDS, 2):
            high += _mix(low ^ self._keys[i])
            high &= self._high_mask
            low += _mix(high ^ self._keys[i + 1])
            low &= self._low_mask
        return self._join(high, low)

    def permute_back(self, x: Numbers) -> Numbers:
        high, low = self._split(x)
        for i in range(_ROUNDS - 2, -1, -2):
            low -= _mix(high ^ self._keys[i + 1])
            low &= self._low_mask
            high -= _mix(low ^ self._keys[i])
            high &= self._high_mask
        return self._join(high, low)


class Shuffle:
    """An order of the numbers 0 to length - 1, for a seed and an epoch.

    task: the task index in the nonce: 0, or the number of a block of chunks plus 1.
    """

    def __init__(self, seed: int, epoch: int, length: int, task: int = 0) -> None:
        bits = max(_MIN_BITS, (length - 1).bit_length())
        self._length = length
        self._network = _Network(_keys(seed, task, epoch), bits)
        self._table = _table(seed, task, epoch, bits) if bits <= _TABLE_BITS else None

    def at(self, positions: Numbers) -> Numbers:
        """The numbers at these positions, each from 0 to length - 1."""
        table = self._table
        return self._walk(positions, self._network.permute if table is None else lambda x: table[x])

    def position_of(self, number: int) -> int:
        """The position of a number."""
        return int(self._walk(np.array([number], np.int64), self._network.permute_back)[0])

    def _walk(self, numbers: Numbers, step: Callable[[Numbers], Numbers]) -> Numbers:
        x = step(numbers)
        # The network permutes a power of two; numbers beyond the length are walked over.
        while (beyond := x >= self._length).any():
            x[beyond] = step(x[beyond])
        return x


class ChunkOrder:
    """Chunks in a shuffled order, and the sequences of each block of chunks shuffled among each other.

    length: sequences; chunk: sequences of a chunk; block: chunks of a block.
    """

    def __init__(self, seed: int, epoch: int, length: int, chunk: int, block: int) -> None:
        self._seed, self._epoch, self._length, self._chunk, self._block = seed, epoch, length, chunk, block
        self._chunks = -(-length // chunk)
        self._missing = self._chunks * chunk - length
        self._order = Shuffle(seed, epoch, self._chunks)
        self._last_place = self._order.position_of(self._chunks - 1)

    def _start(self, place: Any) -> Any:
        """The position at which the chunk in a place begins."""
        start = place * self._chunk - np.where(place > self._last_place, self._missing, 0)
        return np.where(place == self._chunks, self._length, start)

    def at(self, positions: Numbers) -> Numbers:
        """The sequences at these positions."""
        size, most = self._block, self._chunks
        blocks = positions // (size * self._chunk)
        last = -(-most // size) - 1
        blocks += (blocks < last) & (positions >= self._start(np.minimum(most, (blocks + 1) * size)))
        result = np.empty_like(positions)
        for block in np.unique(blocks).tolist():
            here = blocks == block
            start = int(self._start(block * size))
            count = int(self._start(min(most, (block + 1) * size))) - start
            v = start + Shuffle(self._seed, self._epoch, count, block + 1).at(positions[here] - start)
            place = v // self._chunk
            place += (place < most - 1) & (v >= self._start(place + 1))
            result[here] = self._order.at(place) * self._chunk + v - self._start(place)
        return result


def order_of(
    shuffle: bool | str, seed: int, epoch: int, items: int, items_per_task: int, chunk: int, block: int
) -> Callable[[Numbers], Numbers]:
    """A function from the positions of an epoch to sequences."""
    if shuffle is False:
        return lambda positions: positions
    if shuffle is True:
        return Shuffle(seed, epoch, items).at
    if shuffle == "chunks":
        return ChunkOrder(seed, epoch, items, chunk, block).at
    tasks = Shuffle(seed, epoch, items // items_per_task)
    return lambda positions: tasks.at(positions // items_per_task) * items_per_task + positions % items_per_task
