"""
Measure how near the arguments of a function are to where it has no derivative.

Each entry of KINKS returns what passes through zero where the derivative jumps, None where it never does. A derivative that
grows without bound (sqrt at 0) needs no entry: it comes out as not finite.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from grader.exercise.formula import arguments as args
from grader.reference.torch.tensors import Tensor, axes_together, real, windows


def _two_best(values: Tensor) -> Tensor | None:
    """Return how far the second largest entry along the last axis is from the largest."""
    if values.shape[-1] < 2:
        return None
    best = values.topk(2, dim=-1).values
    return best[..., 0] - best[..., 1]


def _extremum(sign: int) -> Callable[..., Tensor | None]:
    return lambda x, axis, keepdims: _two_best(sign * axes_together(real(x), args.some_axes(axis, real(x).ndim)))


def _norm_kink(x: object, ord: float | str | None, axis: object, keepdims: bool) -> Tensor:
    if isinstance(ord, int | float) and ord <= 1:
        return real(x)
    vectors = axes_together(real(x), args.some_axes(axis, real(x).ndim))
    # only the origin itself is a kink; there, any sum of the entries with different weights passes through zero
    return vectors[(vectors == 0).all(-1)] @ torch.arange(1.5, vectors.shape[-1] + 1, dtype=torch.float64)


def _clip_kink(x: object, a_min: object, a_max: object) -> Tensor | None:
    sides = [(real(x) - real(side)).reshape(-1) for side in (a_min, a_max) if side is not None]
    return torch.cat(sides) if sides else None


KINKS: Mapping[str, Callable[..., Tensor | None]] = {
    **dict.fromkeys(("relu", "abs", "sign"), lambda x: x),
    "leaky_relu": lambda x, negative_slope: real(x),
    "elu": lambda x, alpha: None if not isinstance(alpha, Tensor) and alpha == 1 else real(x),
    "maximum": lambda x, y: real(x) - real(y),
    "minimum": lambda x, y: real(x) - real(y),
    "clip": _clip_kink,
    "max": _extremum(1),
    "min": _extremum(-1),
    "argmax": _extremum(1),
    "argmin": _extremum(-1),
    "norm": _norm_kink,
    "max_pool2d": lambda x, kernel_size, stride: _two_best(windows(x, kernel_size, stride)),
}
