"""Formulas on torch tensors: float64 throughout, NumPy's conventions, nothing but the functions of the registry."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

import torch
from torch.autograd import forward_ad

from grader.exercise.formula import (
    CONSTANTS,
    BinaryNode,
    CallNode,
    CompareNode,
    ConstantNode,
    Formula,
    FormulaError,
    IndexNode,
    NameNode,
    Node,
    NotFiniteError,
    NumberNode,
    RestNode,
    SequenceNode,
    SliceNode,
    TextNode,
    TransposeNode,
    UnaryNode,
    fold,
    infer_shape,
    node_text,
)
from grader.exercise.formula import arguments as args
from grader.exercise.formula.functions import bind
from grader.exercise.formula.numbers import arithmetic
from grader.exercise.formula.shapes import slice_of
from grader.reference.torch.edits import Edit, edited
from grader.reference.torch.functions import IMPLEMENTATIONS
from grader.reference.torch.kinks import KINKS
from grader.reference.torch.tensors import as_tensor, integers, real

Tensor: TypeAlias = torch.Tensor

NoiseSource: TypeAlias = Callable[[Node, tuple[object, ...], Tensor, Callable[[tuple[object, ...]], Tensor]], Tensor]

_COMPARISONS = {"<": torch.lt, "<=": torch.le, ">": torch.gt, ">=": torch.ge, "==": torch.eq, "!=": torch.ne}
_OPERATIONS: Mapping[str, Callable[[Any, Any], Tensor]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "**": operator.pow,
    "@": operator.matmul,
}
_NEAR = 1e-2  # ties and zeros closer than this are looked at more closely
_MAX_CHECKED = 256
_NO_EDITS: Mapping[int, Edit] = {}
Watch: TypeAlias = Callable[[int, Node, Mapping[str, object]], None]  # position, node, what it is given by parameter


def evaluate(
    formula: Formula,
    values: Mapping[str, Tensor],
    axes: Mapping[str, int],
    *,
    edits: Mapping[int, Edit] = _NO_EDITS,
    kinks: list[float] | None = None,
    wrt: Iterable[Tensor] = (),
    watch: Watch | None = None,
    noise: NoiseSource | None = None,
) -> Tensor:
    """
    Evaluate a formula to float64, or int64 if it is made of indices.

    `edits` change what is differentiated at a node, never a value. `kinks` collects how near the formula is to each place
    where its derivative by the tensors in `wrt` jumps; without `wrt` they are the leaves among `values`. `watch` is called with
    every function and its arguments, and with every comparison and its result. `noise` changes every result and every slope a
    little.
    Raises FormulaError in the author's words; NotFiniteError, with the part, if there is no finite value at this point.
    """
    moving = tuple(wrt) or tuple(value for value in values.values() if value.is_leaf and value.requires_grad)
    _check_shapes(formula, tuple([(name, values[name].shape) for name in formula.names if name in values]), tuple(axes.items()))

    def combine(position: int, node: Node, operands: tuple[object, ...]) -> object:
        try:
            result = _named(node.name, values, axes) if isinstance(node, NameNode) else _value(node, operands)
            if watch is not None and isinstance(node, CallNode | CompareNode):
                watch(position, node, bind(node, operands) if isinstance(node, CallNode) else {"result": result})
            if isinstance(result, Tensor):
                _check_finite(result)
                if kinks is not None and (kink := _kink(node, operands, moving)) is not None:
                    kinks.append(kink)
                if position in edits:
                    return _edited(edits[position], node, operands, result)
                if noise is not None:
                    return noise(node, operands, result, lambda others: real(_value(node, others)))
            return result
        except FormulaError as error:
            raise type(error)(f"{node_text(node)}: {error.what}", error.remedy) from None
        except torch.linalg.LinAlgError:  # type: ignore[attr-defined]
            raise NotFiniteError(f"{node_text(node)}: the matrix is singular, or not positive definite") from None
        except (RuntimeError, IndexError) as error:
            raise FormulaError(f"{node_text(node)} cannot be computed: {str(error).partition(chr(10))[0]}") from None

    found = fold(formula, combine)
    return found if isinstance(found, Tensor) else real(found)


@lru_cache(maxsize=1024)
def _check_shapes(formula: Formula, shapes: tuple[tuple[str, torch.Size], ...], axes: tuple[tuple[str, int], ...]) -> None:
    """Raise FormulaError if a formula has no shape. Differences evaluate one formula at the same shapes thousands of times."""
    infer_shape(formula, {name: tuple(shape) for name, shape in shapes}, dict(axes))


def _named(name: str, values: Mapping[str, Tensor], axes: Mapping[str, int]) -> object:
    if name in values:
        value = values[name]
        return value if value.dtype == torch.int64 else real(value)
    return axes[name] if name in axes else CONSTANTS[name]


def _check_finite(result: Tensor) -> None:
    if not result.is_floating_point() or math.isfinite(result.detach().sum().item()):
        return  # the sum of all entries is finite only if each is; it may also be too large, so the entries decide
    if not bool(torch.isfinite(result).all()):
        raise NotFiniteError("it is not finite here", "Keep its argument in range, also where `where` does not choose it.")


def _value(node: Node, operands: tuple[object, ...]) -> object:
    """Evaluate a node to a tensor, a plain number, or the value of an option."""
    match node:
        case NumberNode() | TextNode() | ConstantNode():
            return node.value
        case UnaryNode():
            return _signed(node.operator, operands[0])
        case BinaryNode():
            return _binary(node.operator, *operands)
        case CompareNode():
            return real(_COMPARISONS[node.operator](real(operands[0]), real(operands[1])))
        case CallNode():
            return IMPLEMENTATIONS[node.function](**bind(node, operands))
        case SliceNode():
            return slice_of(node, operands)
        case RestNode():
            return ...
        case IndexNode():
            return _index(as_tensor(operands[0]), operands[1:])
        case TransposeNode():
            return IMPLEMENTATIONS["transpose"](operands[0], axes=None)
        case SequenceNode():
            return operands
        case NameNode():
            raise AssertionError("names are looked up before")


def _signed(sign: str, operand: object) -> object:
    if sign == "+":
        return operand
    return -operand if isinstance(operand, int | float) else -as_tensor(operand)


def _binary(sign: str, left: object, right: object) -> object:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return arithmetic(sign, left, right)
    if sign in {"+", "-", "*"} and _is_whole(left) and _is_whole(right):  # shifted indices stay indices
        return _OPERATIONS[sign](as_tensor(left), as_tensor(right))
    # a plain exponent keeps the derivative by the base finite at 0
    if sign == "**" and isinstance(right, int | float):
        return _OPERATIONS[sign](real(left), right)
    return _OPERATIONS[sign](*with_zero_tangent(real(left), real(right)))


def with_zero_tangent(left: Tensor, right: Tensor) -> tuple[Tensor, Tensor]:
    """
    Give a plain tensor beside a dual number a tangent of zeros.

    torch makes one itself that has no memory, whose shape it works out in Python: importing that takes 0.7 s.
    """
    if forward_ad._current_level < 0:
        return left, right
    is_dual = [forward_ad.unpack_dual(one).tangent is not None for one in (left, right)]  # type: ignore[no-untyped-call]
    if is_dual == [True, False]:
        right = forward_ad.make_dual(right, torch.zeros_like(right))  # type: ignore[no-untyped-call]
    elif is_dual == [False, True]:
        left = forward_ad.make_dual(left, torch.zeros_like(left))  # type: ignore[no-untyped-call]
    return left, right


def _is_whole(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, Tensor) and value.dtype == torch.int64)


def _index(value: Tensor, items: tuple[object, ...]) -> Tensor:
    """Index as NumPy does, where index arrays stand side by side; torch differs otherwise."""
    key: list[object] = []
    axis = 0
    for item, size in args.index_plan(items, tuple(value.shape)):
        if isinstance(item, slice) and (item.step or 1) < 0:  # torch has no slices backwards
            value = value.index_select(axis, torch.tensor(list(args.slice_range(item, size)), dtype=torch.int64))
            key.append(slice(None))
        else:
            key.append(integers(item) if isinstance(item, Tensor) else item)
        axis += item is not None
    found: Tensor = value[tuple(key)]  # type: ignore[index]
    return found


def _kink(node: Node, operands: tuple[object, ...], wrt: tuple[Tensor, ...]) -> float | None:
    """Return how near the node is to where its derivative jumps; None if it is not near, or cannot move from there."""
    if not any(isinstance(operand, Tensor) and operand.requires_grad for operand in operands):
        return None
    match node:
        case CallNode() if node.function in KINKS:
            distance = KINKS[node.function](**bind(node, operands))
        case CompareNode():
            distance = real(operands[0]) - real(operands[1])
        case _:
            return None
    if distance is None or not distance.numel():
        return None
    flat = distance.reshape(-1)
    sizes, places = flat.detach().abs().sort()
    for checked, (size, place) in enumerate(zip(sizes.tolist(), places.tolist(), strict=True)):
        if size >= _NEAR or checked >= _MAX_CHECKED or _moves(flat[place], wrt):
            return float(size)
    return None


def _moves(distance: Tensor, wrt: tuple[Tensor, ...]) -> bool:
    """
    Tell whether a distance depends on anything that derivatives are taken by.

    A tie of zeros that come from `pad`, or from `relu` of what is negative, stays a tie: the maximum is 0 all around.
    """
    if not distance.requires_grad:
        return False
    gradients = torch.autograd.grad(distance, wrt, retain_graph=True, allow_unused=True)
    return any(gradient is not None and bool(gradient.any()) for gradient in gradients)


def _edited(edit: Edit, node: Node, operands: tuple[object, ...], result: Tensor) -> Tensor:
    place = next((i for i, operand in enumerate(operands) if isinstance(operand, Tensor) and operand.is_floating_point()), None)

    def recompute(value: Tensor) -> Tensor:
        return real(_value(node, tuple(value if i == place else operand for i, operand in enumerate(operands))))

    operand = None if place is None else operands[place]
    return edited(edit, node, operand if isinstance(operand, Tensor) else None, result, recompute)
