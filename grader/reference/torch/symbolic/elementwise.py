"""Functions that have one formula for every entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy  # type: ignore[import-untyped]

from grader.reference.torch.symbolic.entries import Expr, NotCoveredError

MAX_POWER = 64  # exponent of anything but a symbol


def power(x: Expr, y: Expr) -> Expr:
    """Raise one expression to the power of another."""
    # SymPy computes every digit of a fraction's power, as 0.999 ** 100000, even where it is only a factor of the base
    if y.is_Rational and abs(y) > MAX_POWER and not x.is_Symbol:
        raise NotCoveredError
    return x**y


ELEMENTWISE: Mapping[str, Callable[..., Expr]] = {
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
    "power": power,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "logsigmoid": lambda x: -sympy.log(1 + sympy.exp(-x)),
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "silu": lambda x: x / (1 + sympy.exp(-x)),
    "erf": sympy.erf,
}
