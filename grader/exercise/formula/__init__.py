"""
The expression language of exercises: parsed by Python's own grammar into immutable nodes, checked, never eval'ed.

Standard library only. Names and conventions are NumPy's; docs/formulas.md lists every function.
"""

from __future__ import annotations

from grader.exercise.formula.functions import CONSTANTS, FUNCTIONS, Function, Parameter
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
    NotFiniteError,
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
from grader.exercise.formula.numbers import evaluate_integer
from grader.exercise.formula.parsing import parse
from grader.exercise.formula.shapes import infer_shape

__all__ = [
    "CONSTANTS",
    "FUNCTIONS",
    "BinaryNode",
    "CallNode",
    "CompareNode",
    "ConstantNode",
    "Formula",
    "FormulaError",
    "Function",
    "IndexNode",
    "NameNode",
    "Node",
    "NotFiniteError",
    "NumberNode",
    "Parameter",
    "RestNode",
    "SequenceNode",
    "SliceNode",
    "TextNode",
    "TransposeNode",
    "UnaryNode",
    "children",
    "evaluate_integer",
    "fold",
    "infer_shape",
    "node_text",
    "parse",
]
