"""The random matrices of stream v1 and the exact product, in tensor operations of PyTorch.

All arithmetic is on integers of 32 bits, on exact sums, and on single roundings, so every device gives the same bits.
docs/stream.md of the project defines the numbers; the names here are those of its sections "Words", "Normal deviates",
"Matrix" and "Projected values".
"""

from __future__ import annotations

import torch
from torch import Tensor

# Columns of a product whose sums float32 holds exactly: 512 * 255 * 128 < 2^24.
LIMB_COLUMNS = 512

_WORDS_OF_TEXT = tuple(int.from_bytes(b"expand 32-byte k"[at : at + 4], "little") for at in range(0, 16, 4))
_KEY_TEXT = b"taskloom stream v1" + bytes(6)


def _signed(word: int) -> int:
    """The integer from -2^31 to 2^31 - 1 with the bits of a 32-bit word."""
    return (word + 2**31) % 2**32 - 2**31


def _rotate(x: Tensor, bits: int) -> Tensor:
    # The right shift of int32 copies the sign, so the copies are masked out.
    return (x << bits) | ((x >> (32 - bits)) & ((1 << bits) - 1))


def key_stream(seed: int, tasks: Tensor, blocks: int, purpose: int = 0, item: int = 0) -> Tensor:
    """The first blocks of the key streams of some tasks: int32 [tasks, blocks, 16], the bits of 32-bit words.

    `tasks` is int32 [tasks], the bits of task indices.
    """
    key = seed.to_bytes(8, "little") + _KEY_TEXT
    constants = [*_WORDS_OF_TEXT, *(int.from_bytes(key[at : at + 4], "little") for at in range(0, 32, 4))]
    shape = (len(tasks), blocks)
    device = tasks.device

    def constant(word: int) -> Tensor:
        return torch.full((), _signed(word), dtype=torch.int32, device=device).expand(shape)

    initial = [constant(word) for word in constants]
    initial.append(torch.arange(blocks, dtype=torch.int32, device=device).expand(shape))
    initial.append(tasks[:, None].expand(shape))
    initial += [constant(purpose), constant(item)]
    x = list(initial)

    def quarter(a: int, b: int, c: int, d: int) -> None:
        x[a] = x[a] + x[b]
        x[d] = _rotate(x[d] ^ x[a], 16)
        x[c] = x[c] + x[d]
        x[b] = _rotate(x[b] ^ x[c], 12)
        x[a] = x[a] + x[b]
        x[d] = _rotate(x[d] ^ x[a], 8)
        x[c] = x[c] + x[d]
        x[b] = _rotate(x[b] ^ x[c], 7)

    for _ in range(4):
        for column in range(4):
            quarter(column, 4 + column, 8 + column, 12 + column)
        for column in range(4):
            quarter(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return torch.stack([mixed + first for mixed, first in zip(x, initial)], -1)


def deviates(words: Tensor, values: Tensor, slopes: Tensor) -> Tensor:
    """Words to normal deviates in units of 1/4096: int32 to int32, of any shape.

    `values` and `slopes` are the upper 20 and the lower 12 bits of the 768 entries of the table, int32.
    """
    odd = ((words >> 7) & 0xFFFFFF) | 1
    bits = odd.to(torch.float32).view(torch.int32)
    place = (bits >> 18) - 4064
    magnitude = (values[place] - ((slopes[place] * ((bits >> 2) & 0xFFFF)) >> 16)) >> 5
    return torch.where(words < 0, -magnitude, magnitude)


def matrices(seed: int, keys: Tensor, rows: int, columns: int, table: tuple[Tensor, Tensor]) -> Tensor:
    """The matrices of some tasks, in units of 1/4096: int32 [tasks, rows, columns]."""
    row_blocks = -(-columns // 16)
    words = key_stream(seed, keys, rows * row_blocks).view(len(keys), rows, row_blocks * 16)
    return deviates(words[:, :, :columns], *table)


def wrapped_sums_float64(examples: Tensor, matrix: Tensor) -> Tensor:
    """The sums of bytes over the columns in wrapping int32: int32 [tasks, positions, rows].

    float64 holds them: 22200 * 255 * columns < 2^53 up to 10^9 columns.
    """
    sums = torch.bmm(examples.to(torch.float64), matrix.to(torch.float64).transpose(1, 2))
    return sums.to(torch.int64).to(torch.int32)


def wrapped_sums_float32(examples: Tensor, matrix: Tensor) -> Tensor:
    """Like `wrapped_sums_float64`, but with two products of float32 for each 512 columns.

    Entries are cut into a signed low limb of 8 bits and a high limb from -87 to 87. Factors of 8 bits are exact in
    float32, in TF32 and in bfloat16, and sums stay below 2^24, so the setting of the matrix product's precision changes
    no bit.
    """
    low, high = _limbs(matrix)
    total = None
    for first in range(0, examples.shape[2], LIMB_COLUMNS):
        part = slice(first, first + LIMB_COLUMNS)
        pixels = examples[:, :, part].to(torch.float32)
        for limb, shift in ((low, 0), (high, 8)):
            sums = _product(pixels, limb[:, :, part]).to(torch.int32) << shift
            total = sums if total is None else total + sums
    assert total is not None
    return total


def _limbs(integers: Tensor) -> tuple[Tensor, Tensor]:
    """Integers of 16 bits as low limbs from -128 to 127 and high ones from -128 to 128, int32."""
    low = ((integers + 128) & 255) - 128
    return low, (integers - low) >> 8


def _product(examples: Tensor, matrix: Tensor) -> Tensor:
    return torch.bmm(examples.to(torch.float32), matrix.to(torch.float32).transpose(1, 2))


def _project_bytes(examples: Tensor, matrix: Tensor, offset: int, product: str) -> Tensor:
    """f32(sum), where the sum is a wrapping int32."""
    sums = (wrapped_sums_float64 if product == "float64" else wrapped_sums_float32)(examples, matrix)
    if offset:
        sums = sums - (matrix.sum(2, dtype=torch.int64) * offset).to(torch.int32)[:, None, :]
    return sums.to(torch.float32)


def _project_int16_float64(examples: Tensor, matrix: Tensor, offset: int) -> Tensor:
    """f32(sum), where the sum is the integer itself. float64 holds it and is rounded once."""
    sums = torch.bmm(examples.to(torch.float64), matrix.to(torch.float64).transpose(1, 2))
    if offset:
        sums = sums - (matrix.sum(2, dtype=torch.int64) * offset).to(torch.float64)[:, None, :]
    return sums.to(torch.float32)


def _project_int16_float32(examples: Tensor, matrix: Tensor, offset: int) -> Tensor:
    """Like `_project_int16_float64`, but with four products of float32 for each 512 columns, each below 2^24.

    A product of limbs is at most 2^14 in magnitude, and 512 * 2^14 = 2^23.
    """
    lows, highs = _limbs(examples.to(torch.int32))
    low, high = _limbs(matrix)
    total = matrix.sum(2, dtype=torch.int64)[:, None, :] * -offset
    for first in range(0, examples.shape[2], LIMB_COLUMNS):
        part = slice(first, first + LIMB_COLUMNS)
        for values, limb, shift in ((lows, low, 0), (lows, high, 8), (highs, low, 8), (highs, high, 16)):
            total = total + (_product(values[:, :, part], limb[:, :, part]).to(torch.int64) << shift)
    return rounded_once(total)


def rounded_once(integers: Tensor) -> Tensor:
    """int64 below 2^48 in magnitude to the nearest float32, ties to even, by one addition of two exact float32.

    Devices may convert int64 in more than one step. Here the low part is from -2^23 to 2^23 - 1 and the high part, in units
    of 2^24, is at most 2^24: float32 holds both, and only the sum is rounded.
    """
    low = ((integers + 2**23) & (2**24 - 1)) - 2**23
    high = (integers - low) >> 24
    return high.to(torch.float32) * 2.0**24 + low.to(torch.float32)


#: The columns up to which the product of int16 examples is exact: 22200 * 65535 * columns is below 2^53, and below 2^48.
INT16_COLUMNS = {"float64": 2**53 // (22200 * 65535), "float32": 2**48 // (22200 * 65535)}
PRODUCTS = ("float64", "float32")


def project(
    seed: int,
    keys: Tensor,
    examples: Tensor,
    rows: int,
    offset: int,
    scale: float,
    table: tuple[Tensor, Tensor],
    product: str,
) -> Tensor:
    """Projects the examples of some tasks, each task's by its own matrix: float32 [tasks, positions, rows].

    `examples` is uint8 or int16 [tasks, positions, columns], `keys` int32 [tasks]. The value is f32(f32(sum) * scale), where
    `offset` times the row sum of the matrix is subtracted from the sum first.
    """
    matrix = matrices(seed, keys, rows, examples.shape[2], table)
    if examples.dtype == torch.uint8:
        sums = _project_bytes(examples, matrix, offset, product)
    elif product == "float64":
        sums = _project_int16_float64(examples, matrix, offset)
    else:
        sums = _project_int16_float32(examples, matrix, offset)
    return sums * torch.tensor(scale, dtype=torch.float32, device=sums.device)
