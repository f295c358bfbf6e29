"""A small transformer that reads a sequence of examples with the labels before them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class Attention(nn.Module):
    """Causal self-attention."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = (
            part.view(batch, length, self.heads, width // self.heads).transpose(1, 2)
            for part in self.qkv(x).chunk(3, dim=-1)
        )
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(mixed.transpose(1, 2).reshape(batch, length, width))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, mlp: bool) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.mlp = (
            nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
            if mlp
            else None
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm(x))
        return x if self.mlp is None else x + self.mlp(x)


class Learner(nn.Module):
    """Inputs [batch, length, values] to logits [batch, length, classes].

    With `previous_input` a position also gets the projected example of the position before, whose label it carries: the
    example and its label are then in one place, and one layer of attention can compare with them.

    :param features: values of a projected example, without label cells
    """

    def __init__(
        self,
        features: int,
        classes: int,
        length: int,
        *,
        width: int = 64,
        layers: int = 1,
        heads: int = 1,
        mlp: bool = False,
        previous_input: bool = True,
    ) -> None:
        super().__init__()
        self.features = features
        self.previous_input = previous_input
        values = features + classes + (features if previous_input else 0)
        self.embed = nn.Linear(values, width)
        # With the previous input the order says nothing more; without it a position has to find its neighbor.
        self.positions = None if previous_input else nn.Parameter(0.02 * torch.randn(length, width))
        self.blocks = nn.ModuleList(Block(width, heads, mlp) for _ in range(layers))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        if self.previous_input:
            before = F.pad(inputs[:, :-1, : self.features], (0, 0, 1, 0))
            inputs = torch.cat([inputs, before], -1)
        x = self.embed(inputs)
        if self.positions is not None:
            x = x + self.positions
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def learning_rate(step: int, steps: int, highest: float, warm_up: int) -> float:
    """A linear rise over `warm_up` steps, then half a cosine down to a tenth at `steps`."""
    if step < warm_up:
        return highest * (step + 1) / warm_up
    done = min(1.0, (step - warm_up) / max(1, steps - warm_up))
    return highest * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))
