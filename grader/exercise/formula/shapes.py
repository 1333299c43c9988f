"""Infer the shape of a formula's value from the shapes of its names: no arrays, no numpy."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from grader.exercise.formula import arguments as args
from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.functions import CONSTANTS, bind
from grader.exercise.formula.nodes import (
    BinaryNode,
    CallNode,
    CompareNode,
    ConstantNode,
    Formula,
    FormulaError,
    IndexNode,
    NameNode,
    Node,
    NumberNode,
    RestNode,
    SequenceNode,
    SliceNode,
    TextNode,
    TransposeNode,
    UnaryNode,
    children,
    fold,
    node_text,
)
from grader.exercise.formula.numbers import arithmetic
from grader.exercise.formula.rule_values import ShapedArray, shape_of
from grader.exercise.formula.rules import RULES

MAX_ENTRIES = 2**27  # a gibibyte of float64


def infer_shape(
    formula: Formula, shapes: Mapping[str, Shape], axes: Mapping[str, int], describe: Callable[[Shape], str] = str
) -> Shape:
    """
    Infer the shape of a formula's value, where arrays have these `shapes` and axes these sizes.

    Raises FormulaError in the author's words; `describe` writes a shape, with the axes' names if it can.
    """

    def combine(_: int, node: Node, operands: tuple[object, ...]) -> object:
        if isinstance(node, NameNode):
            return _named(node.name, shapes, axes)
        try:
            value = _value(node, operands)
            if isinstance(value, ShapedArray) and (entries := math.prod(value.shape)) > MAX_ENTRIES:
                raise FormulaError(f"it has {entries} entries, more than {MAX_ENTRIES}")
            return value
        except FormulaError as error:
            known = dict.fromkeys(_listing(node, operands, describe))
            listing = f": {', '.join(known)}" if known else ""
            raise FormulaError(f"{node_text(node)}: {error.what}{listing}", error.remedy) from None

    return shape_of(fold(formula, combine))


def _named(name: str, shapes: Mapping[str, Shape], axes: Mapping[str, int]) -> object:
    if name in shapes:
        return ShapedArray(tuple(shapes[name]))
    if name in axes:
        return axes[name]
    if name in CONSTANTS:
        return CONSTANTS[name]
    raise FormulaError(f"`{name}` is not defined", f"Known here: {', '.join((*shapes, *axes)) or 'nothing'}.")


def _listing(node: Node, operands: tuple[object, ...], describe: Callable[[Shape], str]) -> list[str]:
    """Describe every array among the operands: `W is (3, 4)`."""
    texts: list[str] = []
    for child, operand in zip(children(node), operands, strict=True):
        if isinstance(operand, ShapedArray):
            texts.append(f"{node_text(child)} is {describe(operand.shape)}")
        elif isinstance(child, SequenceNode) and isinstance(operand, tuple):
            texts.extend(_listing(child, operand, describe))
    return texts


def _value(node: Node, operands: tuple[object, ...]) -> object:
    """Evaluate a node to a ShapedArray, a plain number, or the value of an option (tuple, text, slice ...)."""
    match node:
        case NumberNode() | TextNode() | ConstantNode():
            return node.value
        case UnaryNode():
            return _negative(node, operands[0])
        case BinaryNode():
            return _binary(node.operator, *operands)
        case CompareNode():
            return ShapedArray(args.broadcast(*map(shape_of, operands)))
        case CallNode():
            return ShapedArray(RULES[node.function](**bind(node, operands)))
        case SliceNode():
            return slice_of(node, operands)
        case RestNode():
            return ...
        case IndexNode():
            if any(isinstance(item, CompareNode) for item in node.items):
                raise FormulaError(
                    "how many entries a condition picks is not known", "Write where(condition, x, 0), or multiply by it."
                )
            return ShapedArray(_index(shape_of(operands[0]), operands[1:]))
        case TransposeNode():
            return ShapedArray(shape_of(operands[0])[::-1])
        case SequenceNode():
            return operands
        case NameNode():
            raise AssertionError("names are looked up before")


def slice_of(node: SliceNode, operands: tuple[object, ...]) -> slice:
    """Make the slice that a SliceNode describes, with whole numbers."""
    values = iter(operands)
    start, stop, step = (
        None if part is None else args.whole(next(values), "a bound of a slice") for part in (node.start, node.stop, node.step)
    )
    if step == 0:
        raise FormulaError("the step of a slice is 0")
    return slice(start, stop, step)


def _negative(node: UnaryNode, operand: object) -> object:
    if isinstance(operand, int | float) and args.is_number(operand):
        return -operand if node.operator == "-" else operand
    return ShapedArray(shape_of(operand))


def _binary(sign: str, left: object, right: object) -> object:
    if sign == "@":
        return ShapedArray(RULES["matmul"](x=left, y=right))
    if isinstance(left, int | float) and isinstance(right, int | float) and args.is_number(left) and args.is_number(right):
        return arithmetic(sign, left, right)
    if sign in {"//", "%"}:
        raise FormulaError(f"`{sign}` is for whole numbers known beforehand, not for arrays")
    return ShapedArray(args.broadcast(shape_of(left), shape_of(right)))


def _index(shape: Shape, items: tuple[object, ...]) -> Shape:
    result: list[int] = []
    arrays: list[Shape] = []
    picked: list[int] = []  # places of the items that pick: whole numbers and arrays
    first = 0  # where the axes of index arrays go
    for place, (item, size) in enumerate(args.index_plan(items, shape)):
        if item is None:
            result.append(1)
        elif isinstance(item, slice):
            result.append(len(args.slice_range(item, size)))
        elif isinstance(item, ShapedArray):
            first = first if picked else len(result)
            picked.append(place)
            arrays.append(item.shape)
        else:
            number = args.whole(item, "an index")
            if not -size <= number < size:
                raise FormulaError(f"the index {number} is outside an axis of size {size}")
            first = first if picked else len(result)
            picked.append(place)
    if arrays and picked[-1] - picked[0] >= len(picked):
        raise FormulaError(
            "index arrays are separated by a slice, None or ...",
            "Bring those axes side by side first, by moveaxis.",
        )
    return (*result[:first], *(args.broadcast(*arrays) if arrays else ()), *result[first:])
