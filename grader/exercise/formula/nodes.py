"""The parts of a formula: immutable nodes, their text, and the Formula that holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from grader.errors import Fault, GraderError


class FormulaError(GraderError):
    """An error in a formula: what is wrong, what to do, and the column (from 1) where it is; None if it has no place."""

    def __init__(self, what: str, remedy: str = "", column: int | None = None) -> None:
        super().__init__(Fault("" if column is None else f"column {column}", what, remedy))
        self.what = what
        self.remedy = remedy
        self.column = column


class NotFiniteError(FormulaError):
    """A formula without a finite value at these numbers: log(-1), the inverse of a singular matrix. Other numbers may do."""


@dataclass(frozen=True, slots=True)
class NumberNode:
    """A literal number."""

    value: int | float


@dataclass(frozen=True, slots=True)
class TextNode:
    """A literal text that a function takes: the subscripts of einsum, a mode."""

    value: str


@dataclass(frozen=True, slots=True)
class ConstantNode:
    """True, False or None."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class NameNode:
    """An input, an earlier quantity, an axis, or one of CONSTANTS."""

    name: str


@dataclass(frozen=True, slots=True)
class UnaryNode:
    """-x or +x."""

    operator: str
    operand: Node


@dataclass(frozen=True, slots=True)
class BinaryNode:
    """One of + - * / // % ** @ between two operands."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class CompareNode:
    """One comparison; it gives 1.0 where it holds and 0.0 elsewhere."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True, slots=True)
class CallNode:
    """A call of a function of the language; keywords are in the order of its signature."""

    function: str
    arguments: tuple[Node, ...]
    keywords: tuple[tuple[str, Node], ...] = ()


@dataclass(frozen=True, slots=True)
class SliceNode:
    """start:stop:step inside an index."""

    start: Node | None
    stop: Node | None
    step: Node | None


@dataclass(frozen=True, slots=True)
class RestNode:
    """`...` inside an index: all axes that the other items leave."""


@dataclass(frozen=True, slots=True)
class IndexNode:
    """value[items]; a ConstantNode(None) among the items adds an axis."""

    value: Node
    items: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class TransposeNode:
    """value.T: all axes in reverse."""

    value: Node


@dataclass(frozen=True, slots=True)
class SequenceNode:
    """A tuple or list that a function takes: a shape, several axes, the arrays of stack."""

    items: tuple[Node, ...]


Node: TypeAlias = (
    NumberNode
    | TextNode
    | ConstantNode
    | NameNode
    | UnaryNode
    | BinaryNode
    | CompareNode
    | CallNode
    | SliceNode
    | RestNode
    | IndexNode
    | TransposeNode
    | SequenceNode
)


def children(node: Node) -> tuple[Node, ...]:
    """Return the parts of a node, in the order in which they are evaluated."""
    match node:
        case UnaryNode():
            return (node.operand,)
        case BinaryNode() | CompareNode():
            return (node.left, node.right)
        case CallNode():
            return (*node.arguments, *(value for _, value in node.keywords))
        case SliceNode():
            return tuple(part for part in (node.start, node.stop, node.step) if part is not None)
        case IndexNode():
            return (node.value, *node.items)
        case TransposeNode():
            return (node.value,)
        case SequenceNode():
            return node.items
        case _:
            return ()


@dataclass(frozen=True, slots=True)
class Formula:
    """
    A parsed formula. Two formulas are equal when they have the same parts, however they are spaced.

    `nodes` holds every node in the order of evaluation, operands before the operation: the position in it tells two
    equal nodes apart. `names` are the free names, `pi` and `e` among them (see CONSTANTS).
    """

    text: str = field(compare=False)
    root: Node
    nodes: tuple[Node, ...] = field(init=False, compare=False, repr=False)
    names: frozenset[str] = field(init=False, compare=False, repr=False)
    operand_counts: tuple[int, ...] = field(init=False, compare=False, repr=False)  # how many operands each of `nodes` has

    def __post_init__(self) -> None:
        nodes: list[Node] = []
        _collect(self.root, nodes)
        object.__setattr__(self, "nodes", tuple(nodes))
        object.__setattr__(self, "names", frozenset(node.name for node in nodes if isinstance(node, NameNode)))
        object.__setattr__(self, "operand_counts", tuple(len(children(node)) for node in nodes))

    def __str__(self) -> str:
        return self.canonical

    @property
    def canonical(self) -> str:
        """The formula in standard spelling; parsing this text gives an equal formula."""
        return node_text(self.root)


def _collect(node: Node, into: list[Node]) -> None:
    for child in children(node):
        _collect(child, into)
    into.append(node)


T = TypeVar("T")


def fold(formula: Formula, combine: Callable[[int, Node, tuple[T, ...]], T]) -> T:
    """Compute a value for the root by calling `combine(position, node, values of its children)` in the order of `nodes`."""
    done: list[T] = []
    for position, (node, count) in enumerate(zip(formula.nodes, formula.operand_counts, strict=True)):
        first = len(done) - count
        operands = tuple(done[first:])
        del done[first:]
        done.append(combine(position, node, operands))
    return done.pop()


# How tightly each form holds its operands, as in Python.
_COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _PRIMARY = range(6)
_BINDING = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "//": _PRODUCT, "%": _PRODUCT, "@": _PRODUCT, "**": _POWER}


def node_text(node: Node) -> str:
    """Write a node as an author would, with no more brackets than it needs."""
    return _write(node)[0]


def _write(node: Node) -> tuple[str, int]:
    """Write a node, and say how tightly its outermost operator binds."""
    match node:
        case NumberNode() | TextNode() | ConstantNode():
            return repr(node.value), _PRIMARY if not isinstance(node, NumberNode) else _POWER
        case NameNode():
            return node.name, _PRIMARY
        case UnaryNode():
            return node.operator + _inside(node.operand, _SIGN), _SIGN
        case BinaryNode(operator="**"):
            return f"{_inside(node.left, _PRIMARY, numbers=True)} ** {_inside(node.right, _SIGN)}", _POWER
        case BinaryNode():
            binding = _BINDING[node.operator]
            return f"{_inside(node.left, binding)} {node.operator} {_inside(node.right, binding + 1)}", binding
        case CompareNode():
            return f"{_inside(node.left, _SUM)} {node.operator} {_inside(node.right, _SUM)}", _COMPARE
        case CallNode():
            keywords = (f"{name}={node_text(value)}" for name, value in node.keywords)
            return f"{node.function}({', '.join([*map(node_text, node.arguments), *keywords])})", _PRIMARY
        case SliceNode():
            start, stop, step = ("" if part is None else node_text(part) for part in (node.start, node.stop, node.step))
            return f"{start}:{stop}" + (f":{step}" if step else ""), _PRIMARY
        case RestNode():
            return "...", _PRIMARY
        case IndexNode():
            return f"{_inside(node.value, _PRIMARY)}[{', '.join(map(node_text, node.items))}]", _PRIMARY
        case TransposeNode():
            return f"{_inside(node.value, _PRIMARY)}.T", _PRIMARY
        case SequenceNode():
            inner = ", ".join(map(node_text, node.items))
            return f"({inner},)" if len(node.items) == 1 else f"({inner})", _PRIMARY


def _inside(node: Node, binding: int, *, numbers: bool = False) -> str:
    """
    Write a node as an operand, in brackets where it binds less tightly than it has to.

    `2.T` and `2[0]` do not parse, so a number needs brackets there, but not in `2 ** x`.
    """
    text, own = _write(node)
    return text if own >= binding or (numbers and isinstance(node, NumberNode)) else f"({text})"
