"""
Read a formula by Python's grammar: text -> nodes.

Parts that the language does not have raise NotInLanguageError with Python's tree of them; `parse` adds the advice.
"""

from __future__ import annotations

import ast
import sys
import warnings
from typing import NoReturn

from grader.exercise.formula.functions import FUNCTIONS, Function
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
    fold,
)
from grader.exercise.formula.numbers import Scalar, arithmetic

MAX_LENGTH = 2000  # characters
MAX_NODES = 500
MAX_DEPTH = 100

_BINARY = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
}
_COMPARE = {ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==", ast.NotEq: "!="}


class NotInLanguageError(FormulaError):
    """A part of a formula that Python can read and the language does not have; `tree` is that part."""

    def __init__(self, tree: ast.expr, column: int) -> None:
        super().__init__("this is not known in a formula", "", column)
        self.tree = tree


def read_formula(source: str, *, text: str = "", indent: int = 0) -> Formula:
    """
    Read a formula without explaining what is wrong with it.

    `text` is what the author wrote, `indent` how far `source` is from its beginning.
    Raises SyntaxError, NotInLanguageError, or another FormulaError.
    """
    if len(source) > MAX_LENGTH:
        raise FormulaError(f"this formula has {len(source)} characters", f"At most {MAX_LENGTH}: split it into several lines.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Python's advice on "2if x" and the like would reach the terminal
            tree = ast.parse(source, mode="eval").body
    except (RecursionError, MemoryError):
        raise too_deep() from None
    formula = Formula(text or source, _FormulaReader(source, indent).read(tree, 0))
    fold(formula, _constant)
    return formula


def too_deep() -> FormulaError:
    """Make the error for a formula that is nested too deep."""
    return FormulaError(f"this formula is nested more than {MAX_DEPTH} deep", "Split it into several lines, each with a name.")


def _constant(_: int, node: Node, operands: tuple[Scalar | None, ...]) -> Scalar | None:
    """Compute a constant part, None for any other, so that 10 ** 10 ** 8 is refused here and computed nowhere."""
    known = [operand for operand in operands if operand is not None]
    match node:
        case NumberNode():
            return node.value
        case UnaryNode() if known:
            return -known[0] if node.operator == "-" else known[0]
        case BinaryNode() if len(known) == 2 and node.operator != "@":
            return arithmetic(node.operator, *known)
        case _:
            return None


def _has_fitting_options(function: Function, tree: ast.Call) -> bool:
    """Tell whether parameters whose default is a text, True or False get a literal of that kind."""
    written = {parameter.name: value for parameter, value in zip(function.parameters, tree.args, strict=False)}
    written |= {keyword.arg or "": keyword.value for keyword in tree.keywords}
    options = [p for p in function.parameters if isinstance(p.default, str | bool) and p.name in written]
    values = [(p, written[p.name]) for p in options]
    return all(isinstance(value, ast.Constant) and isinstance(value.value, type(p.default)) for p, value in values)


class _FormulaReader:
    """One pass over Python's tree. Sequences, texts, True, False and None are allowed only where a function takes them."""

    def __init__(self, source: str, indent: int) -> None:
        self.source = source
        self.indent = indent
        self.nodes = 0

    def read(self, tree: ast.expr, depth: int, *, as_argument: bool = False) -> Node:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise FormulaError(f"this formula has more than {MAX_NODES} parts", "Split it into several lines, each with a name.")
        if depth > MAX_DEPTH:
            raise too_deep()
        deeper = depth + 1
        match tree:
            case ast.Name():
                return NameNode(tree.id)
            case ast.Constant():
                return self._literal(tree, as_argument)
            case ast.UnaryOp(op=ast.USub() | ast.UAdd()):
                return UnaryNode("-" if isinstance(tree.op, ast.USub) else "+", self.read(tree.operand, deeper))
            case ast.BinOp() if type(tree.op) in _BINARY:
                return BinaryNode(_BINARY[type(tree.op)], self.read(tree.left, deeper), self.read(tree.right, deeper))
            case ast.Compare(ops=[op], comparators=[right]) if type(op) in _COMPARE:
                return CompareNode(_COMPARE[type(op)], self.read(tree.left, deeper), self.read(right, deeper))
            case ast.Call(func=ast.Name(id=name)) if name in FUNCTIONS:
                return self._call(FUNCTIONS[name], tree, deeper)
            case ast.Subscript():
                return self._index(tree, deeper)
            case ast.Attribute(attr="T"):
                return TransposeNode(self.read(tree.value, deeper))
            case ast.Tuple() | ast.List() if as_argument:
                return SequenceNode(tuple(self.read(item, deeper, as_argument=True) for item in tree.elts))
            case _:
                self._refuse(tree)

    def _literal(self, tree: ast.Constant, as_argument: bool) -> Node:
        value = tree.value
        match value:
            case bool() | None if as_argument:
                return ConstantNode(value)
            case str() if as_argument and value.isascii() and value.isprintable():
                return TextNode(value)
            case int() | float() if not isinstance(value, bool):
                if value > (2**53 if isinstance(value, int) else sys.float_info.max):
                    raise FormulaError(
                        "this number is too large", "Integers go up to 2**53, floats to 1.0e308.", self._column(tree)
                    )
                return NumberNode(value)
            case _:
                self._refuse(tree)

    def _call(self, function: Function, tree: ast.Call, depth: int) -> Node:
        self._check_arguments(function, tree)
        order = {parameter.name: place for place, parameter in enumerate(function.parameters)}
        arguments = tuple(self.read(argument, depth, as_argument=True) for argument in tree.args)
        written = sorted(tree.keywords, key=lambda keyword: order[keyword.arg or ""])
        keywords = tuple((keyword.arg or "", self.read(keyword.value, depth, as_argument=True)) for keyword in written)
        return CallNode(function.name, arguments, keywords)

    def _check_arguments(self, function: Function, tree: ast.Call) -> None:
        if any(isinstance(argument, ast.Starred) for argument in tree.args) or any(k.arg is None for k in tree.keywords):
            self._refuse(tree)
        names = [parameter.name for parameter in function.parameters]
        given = names[: len(tree.args)]
        for keyword in tree.keywords:
            if keyword.arg not in names or function.is_variadic:
                self._refuse(tree)
            if keyword.arg in given:
                raise FormulaError(
                    f"{function.name} is given `{keyword.arg}` twice", f"It is {function.signature}.", self._column(tree)
                )
            given.append(keyword.arg or "")
        if not function.is_variadic and (len(tree.args) > len(names) or not _has_fitting_options(function, tree)):
            self._refuse(tree)
        missing = [p.name for p in function.parameters if p.is_required and p.name not in given]
        if missing:
            raise FormulaError(f"{function.name} needs `{missing[0]}`", f"It is {function.signature}.", self._column(tree))

    def _index(self, tree: ast.Subscript, depth: int) -> Node:
        inner = tree.slice
        written = inner.elts if isinstance(inner, ast.Tuple) else [inner]
        if not written:
            self._refuse(tree)
        return IndexNode(self.read(tree.value, depth), tuple(self._item(item, depth) for item in written))

    def _item(self, tree: ast.expr, depth: int) -> Node:
        match tree:
            case ast.Slice():
                start, stop, step = (
                    None if part is None else self.read(part, depth) for part in (tree.lower, tree.upper, tree.step)
                )
                return SliceNode(start, stop, step)
            case ast.Constant(value=None):
                return ConstantNode(None)
            case ast.Constant(value=value) if value is ...:
                return RestNode()
            case _:
                return self.read(tree, depth)

    def _column(self, tree: ast.expr) -> int:
        """Return the column as people count it: characters from 1. Python counts bytes."""
        return self.indent + len(self.source.encode()[: tree.col_offset].decode()) + 1

    def _refuse(self, tree: ast.expr) -> NoReturn:
        raise NotInLanguageError(tree, self._column(tree))
