"""Shares of tasks, and schedules of shares over training steps: docs/stream.md, "Curriculum"."""

from __future__ import annotations

from typing import Any

__all__ = ["is_always", "is_never", "schedule_of"]

Schedule = list[tuple[float, float]]


def schedule_of(share: Any) -> Schedule:
    """The points of a share; a constant one is a single point at step 0."""
    if isinstance(share, (list, tuple)):
        return [(float(step), float(value)) for step, value in share]
    return [(0.0, float(share))]


def is_always(schedule: Schedule) -> bool:
    """True if it happens to every task."""
    return all(share == 1 for _, share in schedule)


def is_never(schedule: Schedule) -> bool:
    """True if it happens to no task."""
    return all(share == 0 for _, share in schedule)
