"""Evaluate a formula on arrays of expressions."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import sympy  # type: ignore[import-untyped]

from grader.exercise.formula import (
    CONSTANTS,
    BinaryNode,
    CallNode,
    CompareNode,
    ConstantNode,
    Formula,
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
    fold,
)
from grader.exercise.formula.functions import bind
from grader.exercise.formula.numbers import arithmetic
from grader.exercise.formula.shapes import slice_of
from grader.reference.torch.symbolic.arranging import ARRANGING
from grader.reference.torch.symbolic.branching import BRANCHING
from grader.reference.torch.symbolic.elementwise import ELEMENTWISE, power
from grader.reference.torch.symbolic.entries import (
    Entries,
    Expr,
    NotCoveredError,
    as_array,
    entrywise,
    expressions,
    expressions_or_indices,
)
from grader.reference.torch.symbolic.program import Program


def evaluate(program: Program, formula: Formula, values: Mapping[str, Entries], axes: Mapping[str, int]) -> Entries:
    """Evaluate a formula entry by entry; expressions that grow large get names in the program."""

    def combine(_: int, node: Node, operands: tuple[object, ...]) -> object:
        if isinstance(node, NameNode):
            if node.name in values:
                return values[node.name]
            return axes[node.name] if node.name in axes else CONSTANTS[node.name]
        found = _value(program, node, operands)
        if isinstance(found, sympy.Basic):  # NumPy's arithmetic unpacks arrays without axes
            found = as_array(found)
        return entrywise(program.name, found) if isinstance(found, np.ndarray) and found.dtype == object else found

    return expressions(fold(formula, combine))


def _value(program: Program, node: Node, operands: tuple[object, ...]) -> object:
    match node:
        case NumberNode() | TextNode() | ConstantNode():
            return node.value
        case UnaryNode():
            return operands[0] if node.operator == "+" else _minus(operands[0])
        case BinaryNode():
            return _binary(node.operator, *operands)
        case CompareNode():
            return _compare(program, node.operator, operands[0], operands[1])
        case CallNode():
            bound = bind(node, operands)
            if node.function in ARRANGING:
                return as_array(ARRANGING[node.function](**bound))
            if node.function in ELEMENTWISE:
                return as_array(entrywise(ELEMENTWISE[node.function], *map(expressions, bound.values())))
            if node.function in BRANCHING:
                return as_array(BRANCHING[node.function](program, **bound))
            raise NotCoveredError
        case SliceNode():
            return slice_of(node, operands)
        case RestNode():
            return ...
        case IndexNode():
            items = tuple(item.item() if isinstance(item, np.ndarray) and not item.ndim else item for item in operands[1:])
            return as_array(expressions_or_indices(operands[0])[items])
        case TransposeNode():
            return expressions_or_indices(operands[0]).T
        case SequenceNode():
            return operands
        case NameNode():
            raise AssertionError("names are looked up before")


def _minus(value: object) -> object:
    return -value if isinstance(value, int | float | np.ndarray) else -expressions(value)


def _binary(sign: str, left: object, right: object) -> object:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return arithmetic(sign, left, right)
    whole = [isinstance(side, int) or (isinstance(side, np.ndarray) and side.dtype != object) for side in (left, right)]
    one, other = (
        (np.asarray(left), np.asarray(right))
        if sign in {"+", "-", "*"} and all(whole)
        else (expressions(left), expressions(right))
    )
    match sign:
        case "+":
            return entrywise(lambda x, y: x + y, one, other) if one.dtype == object else one + other
        case "-":
            return entrywise(lambda x, y: x - y, one, other) if one.dtype == object else one - other
        case "*":
            return entrywise(lambda x, y: x * y, one, other) if one.dtype == object else one * other
        case "/":
            return entrywise(lambda x, y: x / y, one, other)
        case "**":
            return entrywise(power, one, other)
        case "@":
            return as_array(ARRANGING["matmul"](one, other))
        case _:
            raise NotCoveredError


def _compare(program: Program, sign: str, left: object, right: object) -> Entries:
    def holds(x: Expr, y: Expr) -> Expr:
        difference = program.sign(x - y)
        true = {"<": difference < 0, "<=": difference <= 0, ">": difference > 0, ">=": difference >= 0}
        return sympy.Integer({**true, "==": difference == 0, "!=": difference != 0}[sign])

    return entrywise(holds, expressions(left), expressions(right))


COVERED = frozenset({*ELEMENTWISE, *BRANCHING, *ARRANGING})
