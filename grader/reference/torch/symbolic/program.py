"""Named expressions: their values in 30 digits, and their derivatives by SymPy's rules and the chain rule."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

import mpmath  # type: ignore[import-untyped]
import numpy as np
import sympy  # type: ignore[import-untyped]

from grader.reference.torch.symbolic.entries import Entries, Expr, NotCoveredError, entrywise

Real: TypeAlias = Any  # mpmath's numbers

DIGITS = 30
MAX_NAMED = 1500  # expressions, each with a derivative
MAX_BITS = 20_000  # bits of a fraction
MAX_PRODUCTS = 120_000  # products of the chain rule: about two microseconds each
TIE = mpmath.mpf("1e-9")  # nearer to where branches meet, none is chosen
_LARGE = 24  # parts of an expression that gets a name

_FUNCTIONS: Mapping[str, Callable[..., Real]] = {
    **{name: getattr(mpmath, name) for name in ("exp", "log", "tanh", "sinh", "cosh", "sin", "cos", "tan", "erf")},
    **{name: getattr(mpmath, name) for name in ("asin", "acos", "atan", "atan2")},
}


class Program:
    """Expressions with names, each made of earlier names and of given numbers."""

    def __init__(self) -> None:
        self.values: dict[Expr, Real] = {}
        self.named: dict[Expr, Expr] = {}  # in the order of evaluation

    def given(self, name: str, array: Any, *, is_variable: bool = False) -> Entries:
        """Make symbols for the entries of a tensor; whole numbers stand for themselves unless they are a variable."""
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
        """Return an expression, or a new symbol for it if it is large."""
        if expression.is_Symbol or not _is_large(expression):
            return expression
        if len(self.named) >= MAX_NAMED:
            raise NotCoveredError
        symbol = sympy.Dummy("t")
        self.values[symbol] = self.value(expression)
        self.named[symbol] = expression
        return symbol

    def value(self, expression: Expr) -> Real:
        """Evaluate an expression in 30 digits."""
        found = self._value(expression)
        if isinstance(found, mpmath.mpc) or not mpmath.isfinite(found):
            raise NotCoveredError
        return found

    def _value(self, expression: Expr) -> Real:
        if expression.is_Symbol:
            return self.values[expression]
        if expression.is_Integer:
            return mpmath.mpf(expression.p)
        if expression.is_Rational:
            return mpmath.mpf(expression.p) / expression.q
        if expression.is_Atom:
            if not expression.is_real:  # for example the infinity of 1 / 0
                raise NotCoveredError
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
            raise NotCoveredError
        return function(*parts)

    def sign(self, expression: Expr) -> int:
        """Tell whether an expression is positive, negative, or identically 0. Raises NotCoveredError if it is near 0."""
        if expression.is_zero:
            return 0
        value = self.value(expression)
        if abs(value) < TIE:
            raise NotCoveredError
        return 1 if value > 0 else -1

    def partials(self, expression: Expr, moving: Mapping[Expr, Any]) -> Iterator[tuple[Expr, Expr]]:
        """Yield the derivatives of an expression by the symbols that move."""
        found: dict[Expr, list[Expr]] = {}
        for term in sympy.Add.make_args(expression):  # else each of many terms would be asked for each symbol
            for symbol in term.free_symbols & moving.keys():
                found.setdefault(symbol, []).append(term.diff(symbol))
        for symbol, parts in found.items():
            yield symbol, sympy.Add(*parts)

    def rows(self, of: Entries, wrt: Entries) -> Any:
        """Differentiate each entry by each variable, from the variables on (forward mode). Shape: (*of, *wrt)."""
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
                    raise NotCoveredError
                found = [before + factor * more if more else before for before, more in zip(found, slopes[symbol], strict=True)]
            return found

        for symbol, expression in self.named.items():
            if (found := slope(expression)) is not None:
                slopes[symbol] = found
        result = [[float(number) for number in slopes.get(entry) or slope(entry) or zeros] for entry in of.reshape(-1)]
        return np.array(result, dtype=np.float64).reshape((*of.shape, *wrt.shape))

    def gradient(self, of: Expr, wrt: Entries) -> Entries:
        """Differentiate one entry by each variable, from the entry back (reverse mode), as expressions. Shape: wrt."""
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
        return entrywise(lambda symbol: moving[symbol], wrt)


def _is_large(expression: Expr) -> bool:
    parts = list(itertools.islice(sympy.preorder_traversal(expression), _LARGE))
    # SymPy differentiates expressions without a value, such as atan2(0, 0), to 0. Large expressions are evaluated and refused
    if any(part.is_Atom and not part.is_Symbol and not part.is_real for part in parts):
        raise NotCoveredError
    if any(part.is_Rational and int(part.p).bit_length() + int(part.q).bit_length() > MAX_BITS for part in parts):
        raise NotCoveredError
    return len(parts) == _LARGE
