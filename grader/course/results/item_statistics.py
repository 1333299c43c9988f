"""
Measure how well a target tells strong students from weak ones.

Pairs are a student's share of the target's points, and the share of the points of everything else.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence

FEWEST_FOR_STATISTICS = 5  # students: with fewer, a correlation says nothing


def correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return Pearson's correlation of the two shares; with an item that is right or wrong, that is the point-biserial one."""
    return statistics.correlation(*zip(*pairs, strict=True)) if _varies(pairs) else None


def discrimination(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Return the mean share of the best 27% in the rest, less that of the worst 27%: Kelley's groups."""
    if not _varies(pairs):
        return None
    size = round(0.27 * len(pairs))
    ordered = sorted(pairs, key=lambda pair: pair[1])
    return _mean_of_first(ordered[::-1], size) - _mean_of_first(ordered, size)


def _varies(pairs: Sequence[tuple[float, float]]) -> bool:
    """Return whether there is something to compare: enough students, who differ in the item and in the rest."""
    return len(pairs) >= FEWEST_FOR_STATISTICS and all(_range(pair[side] for pair in pairs) > 1e-9 for side in (0, 1))


def _range(values: Iterable[float]) -> float:
    values = list(values)
    return max(values) - min(values)


def _mean_of_first(ordered: Sequence[tuple[float, float]], size: int) -> float:
    """Return the mean share of the first ones; those who tie for the last places count in part, whatever their names are."""
    border = ordered[size - 1][1]
    within = [share for share, rest in ordered[:size] if rest != border]
    tied = [share for share, rest in ordered if rest == border]
    return (math.fsum(within) + (size - len(within)) * math.fsum(tied) / len(tied)) / size
