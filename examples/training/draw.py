"""Draws what number_of_tasks.py measured: accuracy by position, a line for each number of tasks.

    python draw.py number_of_tasks.json number_of_tasks.svg
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 720, 380, 56, 56, 150, 48
#: From light to dark: more tasks. The colors can be told apart on white and on dark gray, and in gray alone.
COLORS = ("#b8a1d9", "#8f7cc3", "#d9822b", "#b3401a")


def name(tasks: int) -> str:
    return "new tasks" if tasks == 2**31 else f"{tasks:,} tasks"


def svg(report: dict) -> str:
    """The figure as SVG text."""
    length = len(report["nearestNeighbor"])

    def x(position: float) -> float:
        return LEFT + (position - 1) / (length - 1) * (WIDTH - LEFT - RIGHT)

    def y(accuracy: float) -> float:
        return HEIGHT - BOTTOM - accuracy * (HEIGHT - TOP - BOTTOM) / 0.8

    def line(values: list[float], color: str, dashes: str = "") -> str:
        points = " ".join(f"{x(i + 1):.1f},{y(value):.1f}" for i, value in enumerate(values))
        return f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"{dashes}/>'

    def text(at_x: float, at_y: float, words: str, more: str = "") -> str:
        return f'<text x="{at_x:.1f}" y="{at_y:.1f}"{more}>{words}</text>'

    steps = report["runs"][0]["steps"]
    parts = [
        text(LEFT, 24, "Few tasks are remembered, many teach to learn", ' class="title"'),
        text(LEFT, 42, f"accuracy on tasks and images that no training took, after {steps} steps"),
    ]
    for percent in (0, 20, 40, 60, 80):
        level = y(percent / 100)
        parts.append(f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{level:.1f}" y2="{level:.1f}" class="grid"/>')
        parts.append(text(LEFT - 8, level + 4, f"{percent} %", ' text-anchor="end"'))
    for position in (1, *range(8, length + 1, 8)):
        parts.append(text(x(position), HEIGHT - BOTTOM + 20, str(position), ' text-anchor="middle"'))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "position in the sequence", ' text-anchor="middle"'))

    dashes = ' stroke-dasharray="4 4"'
    curves = [("nearest neighbor", report["nearestNeighbor"], "#808080", dashes)]
    curves += [(name(run["tasks"]), run["accuracy"], color, "") for run, color in zip(report["runs"], COLORS)]
    curves.append(("chance", [report["chance"]] * length, "#808080", ' stroke-dasharray="1 4"'))
    parts += [line(values, color, style) for _, values, color, style in curves]
    # Names stand at the ends of their lines, at least 16 pixels apart.
    ends = sorted(((y(sum(values[-8:]) / 8), words, color) for words, values, color, _ in curves))
    below = 0.0
    for level, words, color in ends:
        below = max(level, below + 16)
        parts.append(text(WIDTH - RIGHT + 8, below + 4, words, f' fill="{color}" class="name"'))
    style = (
        "text{font:12px system-ui,sans-serif;fill:#555}.title{font-size:15px;font-weight:600;fill:#222}.name{font-weight:600}"
        ".grid{stroke:#8884}"
        "@media(prefers-color-scheme:dark){text{fill:#aaa}.title{fill:#eee}}"
    )
    for run_color in (*COLORS, "#808080"):
        style += f'text[fill="{run_color}"]{{fill:{run_color}}}'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'role="img" aria-label="Accuracy by position for each number of training tasks"><style>{style}</style>'
        f"{''.join(parts)}</svg>\n"
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    Path(sys.argv[2]).write_text(svg(json.loads(Path(sys.argv[1]).read_text())))
