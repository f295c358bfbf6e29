#!/usr/bin/env python3
"""Writes test/vectors/shuffle-v1.json: orders of docs/shuffle.md, made by this second implementation.

It shares nothing with the package: ChaCha8 and the Feistel network are written from the definitions, in plain Python.

    python scripts/make-shuffle-vectors.py            writes the file
    python scripts/make-shuffle-vectors.py --check    says whether the file is what it would write
"""

import json
import struct
import sys
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "test" / "vectors" / "shuffle-v1.json"
MASK = 0xFFFFFFFF
ROUNDS = 24


def rotated(x, n):
    return ((x << n) | (x >> (32 - n))) & MASK


def quarter_round(s, a, b, c, d):
    s[a] = (s[a] + s[b]) & MASK
    s[d] = rotated(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & MASK
    s[b] = rotated(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b]) & MASK
    s[d] = rotated(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & MASK
    s[b] = rotated(s[b] ^ s[c], 7)


def chacha8_block(key, counter, nonce):
    """RFC 8439's block function with 8 rounds: 16 words."""
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
    start += struct.unpack("<8I", key) + (counter, *nonce)
    s = list(start)
    for _ in range(4):
        for column in range(4):
            quarter_round(s, column, 4 + column, 8 + column, 12 + column)
        for i in range(4):
            quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return [(x + y) & MASK for x, y in zip(s, start)]


def words(seed, task, purpose, item, count):
    key = struct.pack("<Q", seed) + b"taskloom stream v1" + bytes(6)
    out = []
    counter = 0
    while len(out) < count:
        out += chacha8_block(key, counter, (task, purpose, item))
        counter += 1
    return out[:count]


def mix(h):
    h ^= h >> 16
    h = (h * 0x85EBCA6B) & MASK
    h ^= h >> 13
    h = (h * 0xC2B2AE35) & MASK
    return h ^ (h >> 16)


def number_at(position, length, keys):
    bits = max(8, (length - 1).bit_length())
    low_bits = (bits + 1) // 2
    low_mask = (1 << low_bits) - 1
    high_mask = (1 << (bits - low_bits)) - 1
    x = position
    while True:
        high, low = x >> low_bits, x & low_mask
        for r in range(0, ROUNDS, 2):
            high = (high + mix(low ^ keys[r])) & high_mask
            low = (low + mix(high ^ keys[r + 1])) & low_mask
        x = high << low_bits | low
        if x < length:
            return x


def case(seed, epoch, length, positions):
    keys = words(seed, 0, 4, epoch, ROUNDS)
    numbers = [number_at(p, length, keys) for p in positions]
    return {
        "seed": str(seed),
        "epoch": epoch,
        "keys": keys,
        "length": length,
        "positions": list(positions),
        "numbers": numbers,
    }


def make():
    cases = []
    # Whole orders: the smallest network, walked over often and never; one size just above it, with uneven halves.
    for length in (1, 2, 10, 100, 256, 257):
        cases.append(case(42, 0, length, range(length)))
    cases.append(case(42, 1, 10, range(10)))
    cases.append(case(2**64 - 1, 2**32 - 1, 10, range(10)))
    # Places in orders that fit nowhere: even and odd widths, just above and at powers of two, and the largest of all.
    for seed, epoch, length in (
        (0, 0, 60000),
        (7, 3, 2**24),
        (7, 3, 2**24 + 1),
        (42, 0, 2**32),
        (2**63 + 5, 9, 2**32 - 1),
        (1, 2, 2**52 + 1),
        (1, 2, 2**53 - 1),
    ):
        places = [0, 1, 2, 3, length // 3, length // 2, length - 2, length - 1]
        cases.append(case(seed, epoch, length, places))
    about = (
        "Orders of docs/shuffle.md, by scripts/make-shuffle-vectors.py. Lengths and places were chosen so that networks of "
        "8 to 53 bits, with even and uneven halves, with and without walking, are met."
    )
    lines = ",\n".join(f"    {json.dumps(c)}" for c in cases)
    return f'{{\n  "about": {json.dumps(about)},\n  "cases": [\n{lines}\n  ]\n}}\n'


if __name__ == "__main__":
    text = make()
    if "--check" in sys.argv[1:]:
        sys.exit(0 if FILE.read_text() == text else f"{FILE} is not what this script makes")
    FILE.write_text(text)
