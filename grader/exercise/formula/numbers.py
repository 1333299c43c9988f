"""
Arithmetic of plain numbers in formulas: sizes of axes and constants.

Results are bounded, so that no formula can ask for a number that takes long to compute.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping
from typing import TypeAlias

from grader.exercise.formula.nodes import (
    BinaryNode,
    CallNode,
    Formula,
    FormulaError,
    NameNode,
    Node,
    NumberNode,
    UnaryNode,
    fold,
    node_text,
)

Scalar: TypeAlias = int | float

_LARGEST_INTEGER = 2**53  # beyond it an integer has no exact float64
_LARGEST_EXPONENT = 1024  # keeps the integer power that is computed before it is judged short


def _power(left: Scalar, right: Scalar) -> Scalar:
    if isinstance(left, int) and isinstance(right, int) and abs(left) > 1 and right > _LARGEST_EXPONENT:
        raise OverflowError
    result = left**right
    if isinstance(result, complex):
        raise ArithmeticError
    return float(result) if isinstance(result, float) else int(result)


_OPERATIONS: Mapping[str, Callable[[Scalar, Scalar], Scalar]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": _power,
}


def arithmetic(sign: str, left: Scalar, right: Scalar) -> Scalar:
    """
    Compute `left sign right` for + - * / // % **; quick for any numbers.

    Raises FormulaError for division by zero, a result that is not real or not finite, and integers beyond 2**53.
    """
    written = f"{left} {sign} {right}"
    try:
        result = _OPERATIONS[sign](left, right)
    except ZeroDivisionError:
        raise FormulaError(f"{written} divides by zero") from None
    except OverflowError:
        raise FormulaError(f"{written} is too large", "Integers go up to 2**53, floats to 1.0e308.") from None
    except ArithmeticError:
        raise FormulaError(f"{written} is not a real number") from None
    if isinstance(result, int) and abs(result) > _LARGEST_INTEGER:
        raise FormulaError(f"{written} is too large", "Integers go up to 2**53; write a float, as 1.0e20, for more.")
    if not math.isfinite(result):
        raise FormulaError(f"{written} is too large", "Floats go up to 1.0e308.")
    return result


def evaluate_integer(formula: Formula, sizes: Mapping[str, int]) -> int:
    """
    Evaluate a formula of axes to a whole number: `(H - K) // stride + 1`.

    It may use + - * // % **, unary minus, min and max. Raises FormulaError for anything else, and for a fraction.
    """

    def combine(_: int, node: Node, operands: tuple[int, ...]) -> int:
        match node:
            case NumberNode(value=int(value)):
                return value
            case NameNode() if node.name in sizes:
                return sizes[node.name]
            case NameNode():
                known = ", ".join(sizes) or "none"
                raise FormulaError(f"`{node.name}` is not an axis", f"Axes known here: {known}.")
            case UnaryNode():
                return -operands[0] if node.operator == "-" else operands[0]
            case BinaryNode(operator="+" | "-" | "*" | "//" | "%" | "**"):
                result = arithmetic(node.operator, *operands)
                if isinstance(result, int):
                    return result
            case CallNode(function="max" | "min" | "maximum" | "minimum", keywords=()) if len(operands) > 1:
                return max(operands) if node.function.startswith("max") else min(operands)
            case _:
                pass
        raise FormulaError(
            f"`{node_text(node)}` is not a whole number of axes", "A size takes whole numbers, axes, + - * // % **, min and max."
        )

    return fold(formula, combine)
