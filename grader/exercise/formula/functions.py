"""The functions of the formula language: one table of signatures, with NumPy's and SciPy's names."""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from grader.exercise.formula.nodes import CallNode

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a function; it may be left out when `is_required` is false."""

    name: str
    default: object = None
    is_required: bool = True


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the language. If `is_variadic`, the last parameter takes all further arguments (einsum)."""

    name: str
    signature: str
    parameters: tuple[Parameter, ...]
    summary: str
    kind: str
    is_variadic: bool = False

    def bind(self, arguments: Sequence[V], keywords: Mapping[str, V]) -> dict[str, V | object]:
        """Map every parameter to its value. Parsing has made sure that the arguments fit the signature."""
        bound: dict[str, V | object] = {p.name: p.default for p in self.parameters if not p.is_required}
        names = [p.name for p in self.parameters]
        if self.is_variadic:
            last = names.pop()
            bound[last] = tuple(arguments[len(names) :])
        bound.update(zip(names, arguments, strict=False))
        bound.update(keywords)
        return bound


CONSTANTS: Mapping[str, float] = {"pi": math.pi, "e": math.e}

_TABLE: Mapping[str, Mapping[str, str]] = {
    "elementwise": {
        "exp(x)": "e to the power x",
        "expm1(x)": "exp(x) - 1, exact near 0",
        "log(x)": "natural logarithm",
        "log1p(x)": "log(1 + x), exact near 0",
        "log2(x)": "logarithm to base 2",
        "log10(x)": "logarithm to base 10",
        "tanh(x)": "hyperbolic tangent",
        "sinh(x)": "hyperbolic sine",
        "cosh(x)": "hyperbolic cosine",
        "sin(x)": "sine",
        "cos(x)": "cosine",
        "tan(x)": "tangent",
        "arcsin(x)": "inverse sine",
        "arccos(x)": "inverse cosine",
        "arctan(x)": "inverse tangent",
        "arctan2(y, x)": "angle of the point (x, y), from -pi to pi",
        "sqrt(x)": "square root",
        "cbrt(x)": "cube root, also of negative numbers",
        "square(x)": "x ** 2",
        "reciprocal(x)": "1 / x",
        "abs(x)": "absolute value",
        "sign(x)": "-1, 0 or 1; its derivative is 0",
        "power(x, y)": "x ** y",
        "sigmoid(x)": "1 / (1 + exp(-x))",
        "logsigmoid(x)": "log(sigmoid(x)), exact for large negative x",
        "softplus(x)": "log(1 + exp(x)), exact for large x",
        "relu(x)": "x where x > 0, else 0",
        "leaky_relu(x, negative_slope=0.01)": "x where x > 0, else negative_slope * x",
        "elu(x, alpha=1.0)": "x where x > 0, else alpha * (exp(x) - 1)",
        "gelu(x, approximate='none')": "x times the normal distribution function at x; approximate='tanh' for the approximation",
        "silu(x)": "x * sigmoid(x), also called swish",
        "erf(x)": "error function",
        "maximum(x, y)": "the larger of x and y, entry by entry",
        "minimum(x, y)": "the smaller of x and y, entry by entry",
        "where(condition, x, y)": "x where the condition is not 0, else y",
        "clip(x, a_min=None, a_max=None)": "x held between a_min and a_max; None leaves a side open",
    },
    "reduction": {
        "sum(x, axis=None, keepdims=False)": "sum over the axes given, over all without",
        "mean(x, axis=None, keepdims=False)": "mean",
        "var(x, axis=None, ddof=0, keepdims=False)": "variance, divided by N - ddof",
        "std(x, axis=None, ddof=0, keepdims=False)": "standard deviation, the root of var",
        "max(x, axis=None, keepdims=False)": "largest entry",
        "min(x, axis=None, keepdims=False)": "smallest entry",
        "prod(x, axis=None, keepdims=False)": "product",
        "logsumexp(x, axis=None, keepdims=False)": "log(sum(exp(x))), without overflow",
        "norm(x, ord=None, axis=None, keepdims=False)": "root of the sum of squares; of a vector, ord=p for another power",
        "argmax(x, axis=None, keepdims=False)": "index of the largest entry, an integer; of the flat array without axis",
        "argmin(x, axis=None, keepdims=False)": "index of the smallest entry",
    },
    "linear algebra": {
        "matmul(x, y)": "x @ y",
        "dot(x, y)": "sum over the last axis of x and the last but one of y (of a vector: its only one)",
        "inner(x, y)": "sum over the last axes of both",
        "outer(x, y)": "x[i] * y[j], both taken flat",
        "kron(x, y)": "Kronecker product",
        "einsum(subscripts, *operands)": "Einstein's summation: einsum('ij,j->i', W, x)",
        "transpose(x, axes=None)": "axes in the order given, reversed without",
        "trace(x)": "sum of the diagonal of a matrix",
        "det(x)": "determinant, of the last two axes",
        "logdet(x)": "logarithm of the absolute value of the determinant",
        "inv(x)": "inverse, of the last two axes",
        "solve(a, b)": "the solution x of a @ x = b",
        "cholesky(x)": "lower triangular L with L @ L.T = x, of the symmetric part of x",
        "diag(x, k=0)": "the diagonal of a matrix; of a vector, the matrix with that diagonal",
        "tril(x, k=0)": "x with 0 above the diagonal k",
        "triu(x, k=0)": "x with 0 below the diagonal k",
    },
    "network": {
        "softmax(x, axis=-1)": "exp(x) / sum(exp(x)) along the axis",
        "log_softmax(x, axis=-1)": "log(softmax(x)), without overflow",
        "one_hot(labels, classes)": "1.0 at the label, else 0.0, along a new last axis",
        "conv1d(x, w, stride=1, padding=0, dilation=1, groups=1)": "cross-correlation; x: N C L, w: F C K",
        "conv2d(x, w, stride=1, padding=0, dilation=1, groups=1)": "cross-correlation; x: N C H W, w: F C HH WW",
        "conv_transpose2d(x, w, stride=1, padding=0)": "the transpose of conv2d; x: N C H W, w: C F HH WW",
        "max_pool2d(x, kernel_size, stride=None)": "largest entry of each window of the last two axes; stride as kernel_size",
        "avg_pool2d(x, kernel_size, stride=None)": "mean of each window",
        "pad(x, pad_width, constant_values=0)": "x with a border: one width, (before, after), or such a pair for each axis",
    },
    "shape": {
        "reshape(x, shape, order='C')": "the same entries in another shape; one axis may be -1; order='F' counts by columns",
        "ravel(x, order='C')": "all entries in one axis, row by row; order='F' column by column",
        "stack(arrays, axis=0)": "equal shapes side by side along a new axis",
        "concatenate(arrays, axis=0)": "end to end along an axis",
        "concat(arrays, axis=0)": "the same as concatenate",
        "broadcast_to(x, shape)": "x repeated to the shape",
        "expand_dims(x, axis)": "a new axis of size 1",
        "squeeze(x, axis)": "without an axis of size 1",
        "swapaxes(x, axis1, axis2)": "two axes exchanged",
        "moveaxis(x, source, destination)": "an axis, or several, at another place",
        "flip(x, axis=None)": "entries in reverse order along the axes",
        "roll(x, shift, axis=None)": "entries moved on by shift, round the end; one shift for all axes, or one for each",
        "repeat(x, repeats, axis=None)": "each entry so many times; flat without axis",
        "tile(x, reps)": "the whole array so many times along each axis",
        "cumsum(x, axis=None)": "running sum; flat without axis",
        "cumprod(x, axis=None)": "running product; flat without axis",
        "take(x, indices, axis=None)": "the entries at integer indices along an axis; of the flat array without axis",
        "take_along_axis(x, indices, axis)": "along the axis, the entry that indices names at each place",
    },
    "making arrays": {
        "zeros(shape)": "0.0 everywhere",
        "ones(shape)": "1.0 everywhere",
        "full(shape, fill_value)": "fill_value everywhere",
        "zeros_like(x)": "0.0 in the shape of x",
        "ones_like(x)": "1.0 in the shape of x",
        "eye(N, M=None, k=0)": "1.0 on the diagonal k of an N by M matrix, square without M",
        "arange(start, stop=None, step=1)": "integers from start (from 0 with one argument) to before stop; they may index",
    },
}


_default = functools.cache(ast.literal_eval)  # a dozen different ones


def _function(signature: str, summary: str, kind: str) -> Function:
    name, _, inner = signature.removesuffix(")").partition("(")
    parameters = []
    for part in inner.split(", "):
        parameter, has_default, default = part.partition("=")
        parameters.append(Parameter(parameter.lstrip("*"), _default(default) if has_default else None, not has_default))
    return Function(name, signature, tuple(parameters), summary, kind, "*" in inner)


FUNCTIONS: Mapping[str, Function] = {
    function.name: function
    for kind, table in _TABLE.items()
    for function in (_function(signature, summary, kind) for signature, summary in table.items())
}


def bind(node: CallNode, operands: Sequence[object]) -> dict[str, object]:
    """Map every parameter of a called function to its value; `operands` are the values of the node's parts."""
    count = len(node.arguments)
    keywords = {name: value for (name, _), value in zip(node.keywords, operands[count:], strict=True)}
    return FUNCTIONS[node.function].bind(operands[:count], keywords)
