"""
References against SymPy: the formulas entry by entry, differentiated by its rules and evaluated in 30 digits.

An entry whose expression grows large gets a name, and stands as a symbol in what follows; the chain rule joins the derivatives
of named expressions. Where a formula branches (relu, max, where), the branch that holds at the point is differentiated.
SymPy and mpmath are no dependencies of ours but torch's own: whoever audits has them. Nothing else may import this module.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, assert_never

import mpmath  # type: ignore[import-untyped]
import numpy as np
import sympy  # type: ignore[import-untyped]

from grader.exercise.formula import (
    CONSTANTS,
    FUNCTIONS,
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
from grader.exercise.formula import arguments as args
from grader.exercise.formula.numbers import arithmetic
from grader.exercise.formula.shapes import slice_of
from grader.exercise.model import JVP, VJP, Gradient, Hessian, Jacobian, Local, Target, Value
from grader.reference.torch.derivatives import Point, dependents, line_of

if TYPE_CHECKING:
    from grader.outcome import Array

Expr: TypeAlias = Any  # of SymPy
Real: TypeAlias = Any  # of mpmath
Entries: TypeAlias = Any  # a NumPy array of Expr; of int64 for indices

DIGITS = 30
MAX_ENTRIES = 150  # of a target
MAX_GIVEN = 800  # entries of inputs and lines together
MAX_COMBINED = 40_000  # products of entries of one matmul, outer or einsum
MAX_NAMED = 1500  # expressions, each with a derivative
MAX_POWER = 64  # of what is not a symbol
MAX_BITS = 20_000  # of a fraction
MAX_PRODUCTS = 120_000  # of the chain rule: about two microseconds each
_LARGE = 24  # parts of an expression that gets a name
_TIE = mpmath.mpf("1e-9")  # nearer to where branches meet, none is chosen
_MAX_MATRIX = 5  # rows of a matrix that is inverted

_FUNCTIONS: Mapping[str, Callable[..., Real]] = {
    **{name: getattr(mpmath, name) for name in ("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "tan", "erf")},
    **{name: getattr(mpmath, name) for name in ("asin", "acos", "atan", "atan2")},
}


class _NoOpinionError(Exception):
    """A formula that has no symbolic form here, or too large a one."""


def opinion(point: Point, target: Target, expected: Array) -> Array | None:
    """
    What SymPy has for a target at a point, in the target's layout; None where it has no opinion.

    It has none on large targets and graphs, and where a branch is not clear.
    """
    if not 0 < expected.size <= MAX_ENTRIES or sum(value.numel() for value in point.values.values()) > MAX_GIVEN:
        return None
    try:
        with mpmath.workdps(DIGITS):
            found: Array = _derivative(_Program(), point, target)
    except (_NoOpinionError, ZeroDivisionError, OverflowError):
        return None
    if target.layout != "numerator":
        wrt = point.exercise.blocks(target)[0]
        of = found.ndim - wrt
        found = found.transpose(*range(of, found.ndim), *range(of))
    return found


class _Program:
    """Expressions with names, each made of earlier names and of numbers that are given."""

    def __init__(self) -> None:
        self.values: dict[Expr, Real] = {}
        self.named: dict[Expr, Expr] = {}  # in the order of evaluation

    def given(self, name: str, array: Any, *, is_variable: bool = False) -> Entries:
        """Symbols for the entries of a tensor; whole numbers stand for themselves unless they are a variable."""
        numbers = array.detach().numpy()
        if numbers.dtype.kind in "iu":
            return numbers
        found = np.empty(numbers.shape, dtype=object)
        for place in np.ndindex(numbers.shape):
            number = float(numbers[place])
            if number.is_integer() and not is_variable:
                found[place] = sympy.Integer(int(number))
            else:
                found[place] = sympy.Dummy(name)
                self.values[found[place]] = mpmath.mpf(number)
        return found

    def name(self, expression: Expr) -> Expr:
        """The expression, or a symbol for it if it is large."""
        if expression.is_Symbol or not _is_large(expression):
            return expression
        if len(self.named) >= MAX_NAMED:
            raise _NoOpinionError
        symbol = sympy.Dummy("t")
        self.values[symbol] = self.value(expression)
        self.named[symbol] = expression
        return symbol

    def value(self, expression: Expr) -> Real:
        """Its value in 30 digits."""
        found = self._value(expression)
        if isinstance(found, mpmath.mpc) or not mpmath.isfinite(found):
            raise _NoOpinionError
        return found

    def _value(self, expression: Expr) -> Real:
        if expression.is_Symbol:
            return self.values[expression]
        if expression.is_Integer:
            return mpmath.mpf(expression.p)
        if expression.is_Rational:
            return mpmath.mpf(expression.p) / expression.q
        if expression.is_Atom:
            if not expression.is_real:  # such as the infinity of 1 / 0
                raise _NoOpinionError
            return mpmath.mpf(expression.evalf(DIGITS)._mpf_)  # pi, e
        parts = [self._value(part) for part in expression.args]
        if expression.is_Add:
            return mpmath.fsum(parts)
        if expression.is_Mul:
            return mpmath.fprod(parts)
        if expression.is_Pow:
            exponent = expression.exp
            return parts[0] ** (int(exponent) if exponent.is_Integer else parts[1])
        function = _FUNCTIONS.get(type(expression).__name__)
        if function is None:
            raise _NoOpinionError
        return function(*parts)

    def sign(self, expression: Expr) -> int:
        """Whether it is positive, negative, or 0 because it is nothing else."""
        if expression.is_zero:
            return 0
        value = self.value(expression)
        if abs(value) < _TIE:
            raise _NoOpinionError
        return 1 if value > 0 else -1

    def partials(self, expression: Expr, moving: Mapping[Expr, Any]) -> Iterator[tuple[Expr, Expr]]:
        """Its derivatives by the symbols that move."""
        found: dict[Expr, list[Expr]] = {}
        for term in sympy.Add.make_args(expression):  # else each of many terms would be asked for each symbol
            for symbol in term.free_symbols & moving.keys():
                found.setdefault(symbol, []).append(term.diff(symbol))
        for symbol, parts in found.items():
            yield symbol, sympy.Add(*parts)

    def rows(self, of: Entries, wrt: Entries) -> Any:
        """The derivative of each entry by each variable, added up from the variables on. Shape: (*of, *wrt)."""
        variables = list(wrt.reshape(-1))
        zeros, products = [mpmath.mpf(0)] * len(variables), 0
        slopes: dict[Expr, list[Real]] = {}
        for place, symbol in enumerate(variables):
            slopes[symbol] = [*zeros[:place], mpmath.mpf(1), *zeros[place + 1 :]]

        def slope(expression: Expr) -> list[Real] | None:
            nonlocal products
            found: list[Real] | None = None
            for symbol, partial in self.partials(expression, slopes):
                factor, found = self.value(partial), found or zeros
                products += len(variables)
                if products > MAX_PRODUCTS:
                    raise _NoOpinionError
                found = [before + factor * more if more else before for before, more in zip(found, slopes[symbol], strict=True)]
            return found

        for symbol, expression in self.named.items():
            if (found := slope(expression)) is not None:
                slopes[symbol] = found
        result = [[float(number) for number in slopes.get(entry) or slope(entry) or zeros] for entry in of.reshape(-1)]
        return np.array(result, dtype=np.float64).reshape((*of.shape, *wrt.shape))

    def gradient(self, of: Expr, wrt: Entries) -> Entries:
        """The derivatives of one entry by each variable as expressions, added up from the entry on. Shape: wrt."""
        moving = dict.fromkeys(wrt.reshape(-1), sympy.S.Zero)
        steps = dict(self.named)
        for symbol, expression in steps.items():
            if expression.free_symbols & moving.keys():
                moving[symbol] = sympy.S.Zero

        def pass_on(expression: Expr, upstream: Expr) -> None:
            for symbol, partial in self.partials(expression, moving):
                moving[symbol] = self.name(moving[symbol] + upstream * partial)

        pass_on(of, sympy.S.One)
        for symbol, expression in reversed(steps.items()):
            if symbol in moving and moving[symbol] != 0:
                pass_on(expression, moving[symbol])
        return _entrywise(lambda symbol: moving[symbol], wrt)


def _is_large(expression: Expr) -> bool:
    parts = list(itertools.islice(sympy.preorder_traversal(expression), _LARGE))
    # SymPy has a derivative for what has no value, such as atan2(0, 0): 0. A large expression is evaluated
    if any(part.is_Atom and not part.is_Symbol and not part.is_real for part in parts):
        raise _NoOpinionError
    if any(part.is_Rational and int(part.p).bit_length() + int(part.q).bit_length() > MAX_BITS for part in parts):
        raise _NoOpinionError
    return len(parts) == _LARGE


def _derivative(program: _Program, point: Point, target: Target) -> Any:
    """In numerator layout, as `derivatives.derive`."""
    kind = target.kind
    match kind:
        case Value():
            of = _run(program, point, set())[kind.of]
            return np.array([float(program.value(entry)) for entry in of.reshape(-1)]).reshape(of.shape)
        case Local():
            values = _given(program, point, (kind.wrt,))
            found = _evaluate(program, line_of(point.exercise, kind.of).formula, values, point.sizes)
            return program.rows(found, values[kind.wrt])
        case Jacobian():
            values = _run(program, point, {kind.wrt})
            return program.rows(values[kind.of], values[kind.wrt])
        case Gradient():
            values = _run(program, point, {kind.wrt})
            return program.rows(values[kind.of].reshape(()), values[kind.wrt])
        case VJP():
            values = _run(program, point, {kind.wrt})
            pairs = [
                pair for of, upstream in kind.pairs for pair in zip(values[of].flat, _real(values[upstream]).flat, strict=True)
            ]
            loss = sympy.Add(*(entry * arriving for entry, arriving in pairs))
            return program.rows(_array(loss), values[kind.wrt])
        case JVP():
            values = _run(program, point, {kind.wrt})
            jacobian = program.rows(values[kind.of], values[kind.wrt])
            tangent = point.values[kind.tangent].numpy()
            return np.tensordot(jacobian, tangent, axes=tangent.ndim)
        case Hessian():
            values = _run(program, point, {kind.wrt, kind.other})
            gradient = program.gradient(values[kind.of].reshape(()).item(), values[kind.wrt])
            return program.rows(gradient, values[kind.other])
        case _:
            assert_never(kind)


def _given(program: _Program, point: Point, leaves: tuple[str, ...]) -> dict[str, Entries]:
    return {name: program.given(name, value, is_variable=name in leaves) for name, value in point.values.items()}


def _run(program: _Program, point: Point, leaves: set[str]) -> dict[str, Entries]:
    """Every name with its entries; lines that depend on `leaves` are run again, all lines without any."""
    values = _given(program, point, tuple(leaves))
    touched = dependents(point.exercise, frozenset(leaves))
    for line in point.exercise.forward:
        if (line.name in touched and line.name not in leaves) or not leaves:
            values[line.name] = _evaluate(program, line.formula, values, point.sizes)
    return values


# Formulas


def _evaluate(program: _Program, formula: Formula, values: Mapping[str, Entries], axes: Mapping[str, int]) -> Entries:
    def combine(_: int, node: Node, operands: tuple[object, ...]) -> object:
        if isinstance(node, NameNode):
            if node.name in values:
                return values[node.name]
            return axes[node.name] if node.name in axes else CONSTANTS[node.name]
        found = _value(program, node, operands)
        if isinstance(found, sympy.Basic):  # NumPy's arithmetic unpacks arrays without axes
            found = _array(found)
        return _entrywise(program.name, found) if isinstance(found, np.ndarray) and found.dtype == object else found

    return _real(fold(formula, combine))


def _value(program: _Program, node: Node, operands: tuple[object, ...]) -> object:
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
            split = len(node.arguments)
            keywords = {name: value for (name, _), value in zip(node.keywords, operands[split:], strict=True)}
            bound = FUNCTIONS[node.function].bind(operands[:split], keywords)
            if node.function in _STRUCTURAL:
                return _array(_STRUCTURAL[node.function](**bound))
            if node.function in _ELEMENTWISE:
                return _array(_entrywise(_ELEMENTWISE[node.function], *map(_real, bound.values())))
            if node.function in _BRANCHING:
                return _array(_BRANCHING[node.function](program, **bound))
            raise _NoOpinionError
        case SliceNode():
            return slice_of(node, operands)
        case RestNode():
            return ...
        case IndexNode():
            items = tuple(item.item() if isinstance(item, np.ndarray) and not item.ndim else item for item in operands[1:])
            return _array(_any(operands[0])[items])
        case TransposeNode():
            return _any(operands[0]).T
        case SequenceNode():
            return operands
        case NameNode():
            raise AssertionError("names are looked up before")


def _array(value: object) -> Entries:
    """NumPy gives a bare object where an array has no axes left."""
    if isinstance(value, np.ndarray):
        return value
    if isinstance(value, int | np.integer):
        return np.array(value, dtype=np.int64)
    found = np.empty((), dtype=object)
    found[()] = sympy.sympify(value)
    return found


def _exact(value: object) -> Expr:
    """A number as SymPy's: a float64 is a fraction."""
    if isinstance(value, sympy.Basic):
        return value
    return sympy.pi if value == math.pi else sympy.E if value == math.e else sympy.Rational(value)


def _any(value: object) -> Entries:
    """An array of expressions or of indices."""
    if isinstance(value, np.ndarray):
        return value
    return _array(value) if isinstance(value, int) else _array(_exact(value))


def _real(value: object) -> Entries:
    """An array of expressions, of whatever it is given."""
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value
    return _entrywise(lambda entry: _exact(entry if isinstance(entry, float) else int(entry)), np.asarray(value))


def _entrywise(function: Callable[..., Any], *arrays: Entries) -> Entries:
    together = np.broadcast_arrays(*arrays)
    if together[0].size > MAX_COMBINED // 10:
        raise _NoOpinionError
    found = np.empty(together[0].shape, dtype=object)
    for place in np.ndindex(found.shape):
        found[place] = function(*(array[place] for array in together))
    return found


def _indices(value: object) -> Any:
    found = np.asarray(value)
    if found.dtype.kind not in "iu":
        raise _NoOpinionError
    return found


def _minus(value: object) -> object:
    return -value if isinstance(value, int | float | np.ndarray) else -_real(value)


def _binary(sign: str, left: object, right: object) -> object:
    if isinstance(left, int | float) and isinstance(right, int | float):
        return arithmetic(sign, left, right)
    whole = [isinstance(side, int) or (isinstance(side, np.ndarray) and side.dtype != object) for side in (left, right)]
    one, other = (np.asarray(left), np.asarray(right)) if sign in {"+", "-", "*"} and all(whole) else (_real(left), _real(right))
    match sign:
        case "+":
            return _entrywise(lambda x, y: x + y, one, other) if one.dtype == object else one + other
        case "-":
            return _entrywise(lambda x, y: x - y, one, other) if one.dtype == object else one - other
        case "*":
            return _entrywise(lambda x, y: x * y, one, other) if one.dtype == object else one * other
        case "/":
            return _entrywise(lambda x, y: x / y, one, other)
        case "**":
            return _entrywise(_power, one, other)
        case "@":
            return _array(_STRUCTURAL["matmul"](one, other))
        case _:
            raise _NoOpinionError


def _compare(program: _Program, sign: str, left: object, right: object) -> Entries:
    def holds(x: Expr, y: Expr) -> Expr:
        difference = program.sign(x - y)
        true = {"<": difference < 0, "<=": difference <= 0, ">": difference > 0, ">=": difference >= 0}
        return sympy.Integer({**true, "==": difference == 0, "!=": difference != 0}[sign])

    return _entrywise(holds, _real(left), _real(right))


# Functions that are a formula for every entry


def _power(x: Expr, y: Expr) -> Expr:
    # SymPy works powers of fractions out, of 0.999 ** 100000 every digit, also where they are a factor of the base
    if y.is_Rational and abs(y) > MAX_POWER and not x.is_Symbol:
        raise _NoOpinionError
    return x**y


_ELEMENTWISE: Mapping[str, Callable[..., Expr]] = {
    "exp": sympy.exp,
    "expm1": lambda x: sympy.exp(x) - 1,
    "log": sympy.log,
    "log1p": lambda x: sympy.log(1 + x),
    "log2": lambda x: sympy.log(x) / sympy.log(2),
    "log10": lambda x: sympy.log(x) / sympy.log(10),
    "tanh": sympy.tanh,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "arctan2": sympy.atan2,
    "sqrt": sympy.sqrt,
    "square": lambda x: x**2,
    "reciprocal": lambda x: 1 / x,
    "power": _power,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "logsigmoid": lambda x: -sympy.log(1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "silu": lambda x: x / (1 + sympy.exp(-x)),
    "erf": sympy.erf,
}


# Functions whose branch depends on the point, or whose parts need names


def _best(program: _Program, entries: Any, sign: int = 1) -> int:
    """The place of the largest entry. A tie of equal expressions is none."""
    values = [sign * program.value(entry) for entry in entries]
    place = max(range(len(values)), key=values.__getitem__)
    for other, value in enumerate(values):
        if entries[other] != entries[place] and values[place] - value < _TIE:
            raise _NoOpinionError
    return place


def _pick(program: _Program, sign: int) -> Callable[..., Expr]:
    return lambda x, y: (x, y)[_best(program, (x, y), sign)]


def _along(x: object, axis: object, keepdims: bool, function: Callable[[Any], Any]) -> Any:
    """`function` of the entries along some axes."""
    array = _real(x)
    axes = args.some_axes(axis, array.ndim)
    rest = [place for place in range(array.ndim) if place not in axes]
    flat = array.transpose(*rest, *axes).reshape((*(array.shape[place] for place in rest), -1))
    found = np.empty(flat.shape[:-1], dtype=object)
    for place in np.ndindex(found.shape):
        found[place] = function(flat[place])
    return found.reshape([1 if place in axes else size for place, size in enumerate(array.shape)]) if keepdims else found


def _elu(program: _Program, x: object, alpha: object) -> Entries:
    return _entrywise(lambda x, a: x if program.sign(x) > 0 else a * (sympy.exp(x) - 1), _real(x), _real(alpha))


def _gelu(program: _Program, x: object, approximate: str) -> Entries:
    if approximate == "none":
        return _entrywise(lambda x: x * (1 + sympy.erf(x / sympy.sqrt(2))) / 2, _real(x))
    inner = sympy.Rational(0.044715)
    return _entrywise(lambda x: x * (1 + sympy.tanh(sympy.sqrt(2 / sympy.pi) * (x + inner * x**3))) / 2, _real(x))


def _leaky_relu(program: _Program, x: object, negative_slope: object) -> Entries:
    return _entrywise(lambda x, slope: x if program.sign(x) > 0 else slope * x, _real(x), _real(negative_slope))


def _clip(program: _Program, x: object, a_min: object, a_max: object) -> Entries:
    found = _real(x) if a_min is None else _entrywise(_pick(program, 1), _real(x), _real(a_min))
    return found if a_max is None else _entrywise(_pick(program, -1), found, _real(a_max))


def _where(program: _Program, condition: object, x: object, y: object) -> Entries:
    return _entrywise(lambda chosen, x, y: x if program.sign(chosen) else y, _real(condition), _real(x), _real(y))


def _variance(program: _Program, entries: Any, ddof: int) -> Expr:
    mean = program.name(sympy.Add(*entries) / len(entries))
    return program.name(sympy.Add(*((entry - mean) ** 2 for entry in entries)) / (len(entries) - ddof))


def _logsumexp(program: _Program, entries: Any) -> Expr:
    return sympy.log(program.name(sympy.Add(*(program.name(sympy.exp(entry)) for entry in entries))))


def _norm(program: _Program, entries: Any, ord: object) -> Expr:
    if ord not in (None, 2, "fro"):
        if isinstance(ord, bool) or not isinstance(ord, int | float) or not 0 < ord < MAX_POWER:
            raise _NoOpinionError
        power = _exact(ord)
        return program.name(sympy.Add(*(program.name((program.sign(entry) * entry) ** power) for entry in entries))) ** (
            1 / power
        )
    return sympy.sqrt(program.name(sympy.Add(*(entry**2 for entry in entries))))


def _extremum(sign: int) -> Callable[..., Any]:
    return lambda program, x, axis, keepdims: _along(x, axis, keepdims, lambda e: e[_best(program, e, sign)])


def _place(sign: int) -> Callable[..., Any]:
    return lambda program, x, axis, keepdims: np.asarray(
        _along(x, axis, keepdims, lambda e: _best(program, e, sign)), dtype=np.int64
    )


def _softmax(program: _Program, x: object, axis: object) -> Entries:
    array = _entrywise(lambda entry: program.name(sympy.exp(entry)), _real(x))
    total = _along(array, axis, True, lambda entries: program.name(sympy.Add(*entries)))
    return _entrywise(lambda one, all_: one / all_, array, total)


def _log_softmax(program: _Program, x: object, axis: object) -> Entries:
    array = _real(x)
    return array - _along(array, axis, True, lambda entries: _logsumexp(program, entries))


def _over_matrices(function: Callable[[Any], Any], matrices: Entries) -> Entries:
    """`function` of each matrix of a stack."""
    if max(matrices.shape[-2:]) > _MAX_MATRIX:
        raise _NoOpinionError
    stack = matrices.shape[:-2]
    found = [np.asarray(function(matrices[place]), dtype=object) for place in np.ndindex(stack)]
    if not found:
        raise _NoOpinionError
    result = np.empty((len(found), *found[0].shape), dtype=object)
    for place, one in enumerate(found):
        result[place] = one[()]  # else an array without axes would be the entry
    return result.reshape((*stack, *found[0].shape))


def _minor(program: _Program, matrix: Any) -> Expr:
    if not len(matrix):
        return sympy.S.One
    rest = [np.delete(matrix[1:], column, axis=1) for column in range(len(matrix))]
    terms = (
        (-1) ** column * entry * _minor(program, rest[column]) for column, entry in enumerate(matrix[0]) if not entry.is_zero
    )
    return program.name(sympy.Add(*terms))


def _inverse(program: _Program, matrix: Any) -> Any:
    """Cramer's rule: cofactors over the determinant."""
    n = len(matrix)
    found = np.empty((n, n), dtype=object)
    whole = _minor(program, matrix)
    for i, j in np.ndindex(n, n):
        cofactor = _minor(program, np.delete(np.delete(matrix, i, axis=0), j, axis=1))
        found[j, i] = program.name((-1) ** (i + j) * cofactor / whole)
    return found


def _inv(program: _Program, x: object) -> Entries:
    return _over_matrices(lambda matrix: _inverse(program, matrix), _real(x))


def _solve(program: _Program, a: object, b: object) -> Entries:
    return np.matmul(_inv(program, a), _real(b))


def _logdet(program: _Program, x: object) -> Entries:
    found = _over_matrices(lambda matrix: _minor(program, matrix), _real(x))
    return _entrywise(lambda one: sympy.log(program.sign(one) * one), found)


def _cholesky(program: _Program, x: object) -> Entries:
    def factor(matrix: Any) -> Any:
        found = np.full(matrix.shape, sympy.S.Zero, dtype=object)
        for i, j in np.ndindex(matrix.shape):
            if j <= i:
                inner = program.name((matrix[i, j] + matrix[j, i]) / 2 - sum(found[i, k] * found[j, k] for k in range(j)))
                found[i, j] = program.name(sympy.sqrt(inner) if i == j else inner / found[j, j])
        return found

    return _over_matrices(factor, _real(x))


def _max_pool2d(program: _Program, x: object, kernel_size: object, stride: object) -> Entries:
    return _along(_windows(x, kernel_size, stride), -1, False, lambda entries: entries[_best(program, entries)])


_BRANCHING: Mapping[str, Callable[..., Any]] = {
    "cbrt": lambda p, x: _entrywise(lambda x: p.sign(x) * (p.sign(x) * x) ** sympy.Rational(1, 3), _real(x)),
    "abs": lambda p, x: _entrywise(lambda x: p.sign(x) * x, _real(x)),
    "sign": lambda p, x: _entrywise(lambda x: sympy.Integer(p.sign(x)), _real(x)),
    "relu": lambda p, x: _entrywise(lambda x: x if p.sign(x) > 0 else sympy.S.Zero, _real(x)),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "gelu": _gelu,
    "maximum": lambda p, x, y: _entrywise(_pick(p, 1), _real(x), _real(y)),
    "minimum": lambda p, x, y: _entrywise(_pick(p, -1), _real(x), _real(y)),
    "where": _where,
    "clip": _clip,
    "var": lambda p, x, axis, ddof, keepdims: _along(x, axis, keepdims, lambda e: _variance(p, e, ddof)),
    "std": lambda p, x, axis, ddof, keepdims: _along(x, axis, keepdims, lambda e: sympy.sqrt(_variance(p, e, ddof))),
    "max": _extremum(1),
    "min": _extremum(-1),
    "argmax": _place(1),
    "argmin": _place(-1),
    "logsumexp": lambda p, x, axis, keepdims: _along(x, axis, keepdims, lambda e: _logsumexp(p, e)),
    "norm": lambda p, x, ord, axis, keepdims: _along(x, axis, keepdims, lambda e: _norm(p, e, ord)),
    "det": lambda p, x: _over_matrices(lambda matrix: _minor(p, matrix), _real(x)),
    "logdet": _logdet,
    "inv": _inv,
    "solve": _solve,
    "cholesky": _cholesky,
    "softmax": _softmax,
    "log_softmax": _log_softmax,
    "max_pool2d": _max_pool2d,
}


# Functions that add, multiply and arrange entries: NumPy's own, on arrays of expressions


def _sum(x: object, axis: object, keepdims: bool) -> Any:
    return _along(x, axis, keepdims, lambda entries: sympy.Add(*entries))


def _mean(x: object, axis: object, keepdims: bool) -> Any:
    return _along(x, axis, keepdims, lambda entries: sympy.Add(*entries) / len(entries))


def _prod(x: object, axis: object, keepdims: bool) -> Any:
    return _along(x, axis, keepdims, lambda entries: sympy.Mul(*entries))


def _einsum(subscripts: str, operands: tuple[object, ...]) -> Entries:
    arrays = [_real(operand) for operand in operands]
    plan, _ = args.einsum_plan(subscripts, [array.shape for array in arrays])
    if math.prod(array.size for array in arrays) > MAX_COMBINED:
        raise _NoOpinionError
    return _array(np.einsum(plan, *arrays))


def _product(function: Callable[[Any, Any], Any]) -> Callable[[object, object], Any]:
    def multiply(x: object, y: object) -> Any:
        one, other = _real(x), _real(y)
        if one.size * other.size > MAX_COMBINED:
            raise _NoOpinionError
        return function(one, other)

    return multiply


def _any_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of NumPy that only arranges entries, given the first argument as an array."""
    return lambda x, **options: function(_any(x), **options)


def _joined(function: Callable[..., Any]) -> Callable[..., Any]:
    def join(arrays: tuple[object, ...], axis: int) -> Any:
        found = [_any(array) for array in arrays]
        is_whole = all(array.dtype != object for array in found)
        return function(found if is_whole else [_real(array) for array in found], axis)

    return join


def _transpose(x: object, axes: object) -> Any:
    return np.transpose(_any(x), None if axes is None else args.some_axes(axes, _any(x).ndim))


def _triangle(x: object, keeps: Callable[[Any, Any], Any]) -> Entries:
    array = _real(x)
    rows, columns = np.arange(array.shape[-2])[:, None], np.arange(array.shape[-1])
    kept = np.broadcast_to(keeps(columns, rows), array.shape)
    return _entrywise(lambda entry, is_kept: entry if is_kept else sympy.S.Zero, array, kept)


def _diag(x: object, k: int) -> Entries:
    array = _real(x)
    if array.ndim == 2:
        return array.diagonal(k)
    size = len(array) + abs(k)
    found = np.full((size, size), sympy.S.Zero, dtype=object)
    for place, entry in enumerate(array):
        found[place + max(-k, 0), place + max(k, 0)] = entry
    return found


def _pad(x: object, pad_width: object, constant_values: object) -> Entries:
    array = _real(x)
    pairs = args.pad_pairs(pad_width, array.ndim)
    found = np.full(
        [size + sum(pair) for size, pair in zip(array.shape, pairs, strict=True)], _exact(constant_values), dtype=object
    )
    found[tuple(slice(before, before + size) for size, (before, _) in zip(array.shape, pairs, strict=True))] = array
    return found


def _windows(x: object, kernel_size: object, stride: object) -> Entries:
    """The entries of each window along a new last axis."""
    array = _real(x)
    height, width = args.pair(kernel_size, "kernel_size", least=1)
    down, right = (height, width) if stride is None else args.pair(stride, "stride", least=1)
    rows = range(0, array.shape[-2] - height + 1, down)
    columns = range(0, array.shape[-1] - width + 1, right)
    found = np.empty((*array.shape[:-2], len(rows), len(columns), height * width), dtype=object)
    for (i, row), (j, column) in itertools.product(enumerate(rows), enumerate(columns)):
        window = array[..., row : row + height, column : column + width]
        found[..., i, j, :] = window.reshape((*array.shape[:-2], height * width))
    return found


def _conv2d(x: object, w: object, stride: object, padding: object, dilation: object, groups: int) -> Entries:
    """Cross-correlation by its definition."""
    (down, right), (up, left) = args.pair(stride, "stride", least=1), args.pair(padding, "padding", least=0)
    tall, wide = args.pair(dilation, "dilation", least=1)
    array, kernel = _pad(x, ((0, 0), (0, 0), (up, up), (left, left)), 0), _real(w)
    (examples, channels, height, width), (filters, each, rows, columns) = array.shape, kernel.shape
    shape = (
        examples,
        filters,
        (height - tall * (rows - 1) - 1) // down + 1,
        (width - wide * (columns - 1) - 1) // right + 1,
    )
    found = np.empty(shape, dtype=object)
    for n, f, i, j in np.ndindex(shape):
        first = f // (filters // groups) * (channels // groups)
        vertical = slice(i * down, i * down + tall * (rows - 1) + 1, tall)
        horizontal = slice(j * right, j * right + wide * (columns - 1) + 1, wide)
        found[n, f, i, j] = np.sum(array[n, first : first + each, vertical, horizontal] * kernel[f])
    return found


def _conv1d(x: object, w: object, stride: int, padding: int, dilation: int, groups: int) -> Entries:
    return _conv2d(_real(x)[:, :, None], _real(w)[:, :, None], (1, stride), (0, padding), (1, dilation), groups)[:, :, 0]


def _conv_transpose2d(x: object, w: object, stride: object, padding: object) -> Entries:
    (down, right), (up, left) = args.pair(stride, "stride", least=1), args.pair(padding, "padding", least=0)
    array, kernel = _real(x), _real(w)
    (examples, _, height, width), (_, filters, rows, columns) = array.shape, kernel.shape
    shape = (examples, filters, (height - 1) * down + rows, (width - 1) * right + columns)
    found = np.full(shape, sympy.S.Zero, dtype=object)
    for n, c, i, j in np.ndindex(array.shape):
        found[n, :, i * down : i * down + rows, j * right : j * right + columns] += array[n, c, i, j] * kernel[c]
    return found[:, :, up : shape[2] - up, left : shape[3] - left]


def _take(x: object, indices: object, axis: int | None) -> Any:
    return np.take(_any(x), _indices(indices), axis=axis)


def _ravel(x: object, order: str) -> Any:
    return np.reshape(_any(x), -1, order=order)  # type: ignore[call-overload]


def _arange(start: object, stop: object, step: object) -> Any:
    return np.array(args.arange_of(start, stop, step), dtype=np.int64)


_STRUCTURAL: Mapping[str, Callable[..., Any]] = {
    "sum": _sum,
    "mean": _mean,
    "prod": _prod,
    "matmul": _product(np.matmul),
    "dot": _product(np.dot),
    "inner": _product(np.inner),
    "outer": _product(np.outer),
    "kron": _product(np.kron),
    "einsum": _einsum,
    "transpose": _transpose,
    "trace": lambda x: np.sum(_real(x).diagonal()),
    "diag": _diag,
    "tril": lambda x, k: _triangle(x, lambda column, row: column - row <= k),
    "triu": lambda x, k: _triangle(x, lambda column, row: column - row >= k),
    "one_hot": lambda labels, classes: _real(np.eye(classes, dtype=np.int64)[_indices(labels)]),
    "conv1d": _conv1d,
    "conv2d": _conv2d,
    "conv_transpose2d": _conv_transpose2d,
    "avg_pool2d": lambda x, kernel_size, stride: _mean(_windows(x, kernel_size, stride), -1, False),
    "pad": _pad,
    "reshape": _any_of(np.reshape),
    "ravel": _ravel,
    "stack": _joined(np.stack),
    "concatenate": _joined(np.concatenate),
    "concat": _joined(np.concatenate),
    "broadcast_to": _any_of(np.broadcast_to),
    "expand_dims": _any_of(np.expand_dims),
    "squeeze": _any_of(np.squeeze),
    "swapaxes": lambda x, axis1, axis2: np.swapaxes(_any(x), axis1, axis2),
    "moveaxis": _any_of(np.moveaxis),
    "flip": _any_of(np.flip),
    "roll": _any_of(np.roll),
    "repeat": _any_of(np.repeat),
    "tile": lambda x, reps: np.tile(_any(x), reps),
    "cumsum": lambda x, axis: np.cumsum(_real(x), axis=axis),
    "cumprod": lambda x, axis: np.cumprod(_real(x), axis=axis),
    "take": _take,
    "take_along_axis": lambda x, indices, axis: np.take_along_axis(_any(x), _indices(indices), axis),
    "zeros": lambda shape: _real(np.zeros(shape, dtype=np.int64)),
    "ones": lambda shape: _real(np.ones(shape, dtype=np.int64)),
    "full": lambda shape, fill_value: np.broadcast_to(_real(fill_value), shape),
    "zeros_like": lambda x: _real(np.zeros(_any(x).shape, dtype=np.int64)),
    "ones_like": lambda x: _real(np.ones(_any(x).shape, dtype=np.int64)),
    "eye": lambda N, M, k: _real(np.eye(N, M, k, dtype=np.int64)),
    "arange": _arange,
}

COVERED = frozenset({*_ELEMENTWISE, *_BRANCHING, *_STRUCTURAL})
