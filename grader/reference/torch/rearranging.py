"""
Functions on torch tensors that rearrange, join, repeat, index or make arrays.

Whole numbers stay whole, so that indices can be rearranged, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from grader.exercise.formula import FormulaError
from grader.exercise.formula import arguments as args
from grader.reference.torch.tensors import Tensor, as_tensor, integers, real, same_kind


def _transpose(x: object, axes: object) -> Tensor:
    array = as_tensor(x)
    return array.permute(tuple(reversed(range(array.ndim))) if axes is None else args.some_axes(axes, array.ndim))


def _reshape(x: object, shape: object, order: str) -> Tensor:
    array = as_tensor(x)
    sizes = args.target_shape(shape, array.numel())
    if order == "C":
        return array.reshape(sizes)
    return _transpose(_transpose(array, None).reshape(sizes[::-1]), None)


def _along(x: object, axis: object) -> tuple[Tensor, int]:
    """Return an array and one of its axes; without an axis, the flat array and 0."""
    array = as_tensor(x)
    return (array.reshape(-1), 0) if axis is None else (array, args.one_axis(axis, array.ndim))


def _expand_dims(x: object, axis: object) -> Tensor:
    array = as_tensor(x)
    ndim = array.ndim + len(axis if isinstance(axis, tuple) else (axis,))
    for place in sorted(args.some_axes(axis, ndim)):
        array = array.unsqueeze(place)
    return array


def _repeat(x: object, repeats: int, axis: object) -> Tensor:
    array, place = _along(x, axis)
    return array.repeat_interleave(repeats, dim=place)


def _cumsum(x: object, axis: object) -> Tensor:
    array, place = _along(real(x), axis)
    return array.cumsum(place)


def _cumprod(x: object, axis: object) -> Tensor:
    # without division, as `_product`: after each round an entry is the product of twice as many
    array, place = _along(real(x), axis)
    found = array.movedim(place, -1)
    reach = 1
    while reach < found.shape[-1]:
        found = torch.cat((found[..., :reach], found[..., reach:] * found[..., :-reach]), -1)
        reach *= 2
    return found.movedim(-1, place)


def _from_front(indices: Tensor, size: int) -> Tensor:
    if bool(((indices < -size) | (indices >= size)).any()):
        raise FormulaError(f"an index is outside an axis of size {size}")
    return torch.where(indices < 0, indices + size, indices)


def _take(x: object, indices: object, axis: object) -> Tensor:
    array, place = _along(x, axis)
    picked = _from_front(integers(indices), array.shape[place])
    found = array.index_select(place, picked.reshape(-1))
    return found.reshape((*array.shape[:place], *picked.shape, *array.shape[place + 1 :]))


def _take_along_axis(x: object, indices: object, axis: object) -> Tensor:
    array, place = _along(x, axis)
    return torch.take_along_dim(array, _from_front(integers(indices), array.shape[place]), place)


def _roll(x: object, shift: object, axis: object) -> Tensor:
    array = as_tensor(x)
    for along, by in args.roll_plan(shift, axis, array.ndim).items():
        array = array.roll(by) if along is None else array.roll(by, along)
    return array


def _full(shape: object, fill_value: object) -> Tensor:
    return real(fill_value).expand(args.wholes(shape, "shape"))


def _eye(N: int, M: int | None, k: int) -> Tensor:
    rows, columns = torch.arange(N), torch.arange(N if M is None else M)
    return real(columns - rows[:, None] == k)


def _arange(start: object, stop: object, step: object) -> Tensor:
    picked = args.arange_of(start, stop, step)
    return torch.arange(picked.start, picked.start + len(picked) * picked.step, picked.step)


REARRANGING: Mapping[str, Callable[..., Tensor]] = {
    "transpose": _transpose,
    "reshape": _reshape,
    "ravel": lambda x, order: _reshape(x, -1, order),
    "stack": lambda arrays, axis: torch.stack(same_kind(arrays), axis),
    "concatenate": lambda arrays, axis: torch.cat(same_kind(arrays), axis),
    "concat": lambda arrays, axis: torch.cat(same_kind(arrays), axis),
    "broadcast_to": lambda x, shape: as_tensor(x).expand(args.wholes(shape, "shape")),
    "expand_dims": _expand_dims,
    "squeeze": lambda x, axis: as_tensor(x).squeeze(axis),
    "swapaxes": lambda x, axis1, axis2: as_tensor(x).swapaxes(axis1, axis2),
    "moveaxis": lambda x, source, destination: as_tensor(x).movedim(source, destination),
    "flip": lambda x, axis: as_tensor(x).flip(args.some_axes(axis, as_tensor(x).ndim)),
    "roll": _roll,
    "repeat": _repeat,
    "tile": lambda x, reps: as_tensor(x).tile(args.wholes(reps, "reps")),
    "cumsum": _cumsum,
    "cumprod": _cumprod,
    "take": _take,
    "take_along_axis": _take_along_axis,
    "zeros": lambda shape: _full(shape, 0.0),
    "ones": lambda shape: _full(shape, 1.0),
    "full": _full,
    "zeros_like": lambda x: torch.zeros_like(real(x)),
    "ones_like": lambda x: torch.ones_like(real(x)),
    "eye": _eye,
    "arange": _arange,
}
