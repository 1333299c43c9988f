"""
Infer the shape that each function returns, from the shapes of its arguments.

A rule takes the values of the function's parameters by name: a ShapedArray where only the shape is known, a plain number, or
the value of an option (tuple, text, True, False, None). It raises FormulaError with `what` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from grader.exercise.formula.arguments import Shape
from grader.exercise.formula.rules_arrangement import ARRANGEMENT
from grader.exercise.formula.rules_creation import CREATION
from grader.exercise.formula.rules_elementwise import ELEMENTWISE
from grader.exercise.formula.rules_matrices import MATRICES
from grader.exercise.formula.rules_network import NETWORK
from grader.exercise.formula.rules_reductions import REDUCTIONS

RULES: Mapping[str, Callable[..., Shape]] = {**ELEMENTWISE, **REDUCTIONS, **MATRICES, **NETWORK, **ARRANGEMENT, **CREATION}
