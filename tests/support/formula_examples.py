"""
An example of every function of the formula language: a formula, and the same in NumPy.

The table drives the tests of values, shapes and derivatives, and the examples in docs/formulas.md; after a change run
`python tests/support/formula_examples.py` to write that table anew.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np
from places import ROOT

from grader.exercise.formula import FUNCTIONS, infer_shape, parse

DOCUMENT = ROOT / "docs" / "formulas.md"
AXES = {"m": 3, "n": 4, "C": 5}


def _draw() -> dict[str, np.ndarray]:
    generator = np.random.default_rng(7)
    normal = generator.standard_normal
    square = normal((4, 4))
    return {
        "s": np.array(0.7),
        "u": normal(3),
        "v": normal(4),
        "X": normal((3, 4)),
        "Z": normal((3, 4)),
        "P": generator.uniform(0.1, 0.9, (3, 4)),
        "A": square @ square.T + 4 * np.eye(4),
        "B": normal((2, 3, 4)),
        "y": np.array([2, 0, 3]),
        "x1": normal((2, 4, 7)),
        "w1": normal((6, 4, 3)),
        "x2": normal((2, 4, 6, 7)),
        "w2": normal((6, 4, 2, 3)),
        "wt": normal((4, 3, 2, 3)),
    }


VALUES: Mapping[str, np.ndarray] = _draw()
SHAPES = {name: value.shape for name, value in VALUES.items()}

_erf = np.vectorize(math.erf)


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _lse(x: Any, axis: Any = None) -> Any:
    return np.log(np.sum(np.exp(x), axis=axis, keepdims=True))


def correlate(
    x: Any,
    w: Any,
    stride: tuple[int, int] = (1, 1),
    padding: tuple[int, int] = (0, 0),
    dilation: tuple[int, int] = (1, 1),
    groups: int = 1,
) -> Any:
    """Compute a cross-correlation by its definition, one entry at a time."""
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    (examples, channels, height, width), (filters, _, hh, ww) = x.shape, w.shape
    rows = (height - dilation[0] * (hh - 1) - 1) // stride[0] + 1
    columns = (width - dilation[1] * (ww - 1) - 1) // stride[1] + 1
    out = np.zeros((examples, filters, rows, columns))
    for n, f, i, j in itertools.product(*map(range, out.shape)):
        first = f // (filters // groups) * (channels // groups)
        for c, p, q in itertools.product(*map(range, w.shape[1:])):
            out[n, f, i, j] += x[n, first + c, i * stride[0] + p * dilation[0], j * stride[1] + q * dilation[1]] * w[f, c, p, q]
    return out


def _transposed(x: Any, w: Any, stride: int, padding: int) -> Any:
    """Compute a transposed convolution: each entry of x adds w, scaled by it, to the window it came from."""
    (examples, _, height, width), (_, filters, hh, ww) = x.shape, w.shape
    out = np.zeros((examples, filters, (height - 1) * stride + hh, (width - 1) * stride + ww))
    for n, c, i, j in itertools.product(*map(range, x.shape)):
        out[n, :, i * stride : i * stride + hh, j * stride : j * stride + ww] += x[n, c, i, j] * w[c]
    return out[:, :, padding : out.shape[2] - padding, padding : out.shape[3] - padding]


def _pooled(x: Any, reduce: Callable[..., Any], kernel: tuple[int, int], stride: tuple[int, int]) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(x, kernel, axis=(-2, -1))
    return reduce(windows[..., :: stride[0], :: stride[1], :, :], axis=(-2, -1))


@dataclass(frozen=True)
class Example:
    """A formula over VALUES and AXES, and its value by NumPy."""

    text: str
    expected: Callable[[Any], Any]
    is_smooth: bool = True  # False: it has no derivative by any of its arrays, or is made of whole numbers


def _example(text: str, expected: Callable[[Any], Any], *, is_smooth: bool = True) -> Example:
    return Example(text, expected, is_smooth)


_Entry = (
    tuple[str, Callable[[Any], Any]] | tuple[str, Callable[[Any], Any], str]
)  # a formula, its value, why it has no derivative

# The first example of each function stands in docs/formulas.md.
_ENTRIES: Mapping[str, Sequence[_Entry]] = {
    "exp": [("exp(X)", lambda v: np.exp(v.X))],
    "expm1": [("expm1(X)", lambda v: np.expm1(v.X))],
    "log": [("log(P)", lambda v: np.log(v.P))],
    "log1p": [("log1p(P)", lambda v: np.log1p(v.P))],
    "log2": [("log2(P)", lambda v: np.log2(v.P))],
    "log10": [("log10(P)", lambda v: np.log10(v.P))],
    "tanh": [("tanh(X)", lambda v: np.tanh(v.X)), ("tanh(s)", lambda v: np.tanh(v.s))],
    "sinh": [("sinh(X)", lambda v: np.sinh(v.X))],
    "cosh": [("cosh(X)", lambda v: np.cosh(v.X))],
    "sin": [("sin(X)", lambda v: np.sin(v.X))],
    "cos": [("cos(X)", lambda v: np.cos(v.X))],
    "tan": [("tan(P)", lambda v: np.tan(v.P))],
    "arcsin": [("arcsin(P)", lambda v: np.arcsin(v.P))],
    "arccos": [("arccos(P)", lambda v: np.arccos(v.P))],
    "arctan": [("arctan(X)", lambda v: np.arctan(v.X))],
    "arctan2": [("arctan2(X, Z)", lambda v: np.arctan2(v.X, v.Z))],
    "sqrt": [("sqrt(P)", lambda v: np.sqrt(v.P)), ("X / sqrt(n)", lambda v: v.X / np.sqrt(4))],
    "cbrt": [("cbrt(X)", lambda v: np.cbrt(v.X))],
    "square": [("square(X)", lambda v: np.square(v.X))],
    "reciprocal": [("reciprocal(X)", lambda v: np.reciprocal(v.X))],
    "abs": [("abs(X)", lambda v: np.abs(v.X))],
    "sign": [("sign(X)", lambda v: np.sign(v.X))],
    "power": [("power(P, 3)", lambda v: np.power(v.P, 3)), ("power(P, X)", lambda v: np.power(v.P, v.X))],
    "sigmoid": [("sigmoid(X)", lambda v: _sigmoid(v.X))],
    "logsigmoid": [("logsigmoid(X)", lambda v: np.log(_sigmoid(v.X))), ("logsigmoid(-900 - X)", lambda v: -900 - v.X)],
    "softplus": [
        ("softplus(X)", lambda v: np.log1p(np.exp(v.X))),
        ("softplus(21 + X)", lambda v: np.log1p(np.exp(21 + v.X))),
    ],
    "relu": [("relu(X)", lambda v: np.maximum(v.X, 0))],
    "leaky_relu": [
        ("leaky_relu(X, negative_slope=0.1)", lambda v: np.where(v.X > 0, v.X, 0.1 * v.X)),
        ("leaky_relu(X)", lambda v: np.where(v.X > 0, v.X, 0.01 * v.X)),
        ("leaky_relu(X, v)", lambda v: np.where(v.X > 0, v.X, v.v * v.X)),
    ],
    "elu": [
        ("elu(X)", lambda v: np.where(v.X > 0, v.X, np.expm1(v.X))),
        ("elu(X, alpha=0.3)", lambda v: np.where(v.X > 0, v.X, 0.3 * np.expm1(v.X))),
        ("elu(900 * X)", lambda v: np.where(v.X > 0, 900 * v.X, np.expm1(np.minimum(900 * v.X, 0)))),
    ],
    "gelu": [
        ("gelu(X)", lambda v: v.X * (1 + _erf(v.X / np.sqrt(2))) / 2),
        (
            "gelu(X, approximate='tanh')",
            lambda v: v.X / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (v.X + 0.044715 * v.X**3))),
        ),
    ],
    "silu": [("silu(X)", lambda v: v.X * _sigmoid(v.X))],
    "erf": [("erf(X)", lambda v: _erf(v.X))],
    "maximum": [("maximum(X, Z)", lambda v: np.maximum(v.X, v.Z)), ("maximum(0, X)", lambda v: np.maximum(0, v.X))],
    "minimum": [("minimum(X, Z)", lambda v: np.minimum(v.X, v.Z))],
    "where": [("where(X > 0, X, 0.1 * Z)", lambda v: np.where(v.X > 0, v.X, 0.1 * v.Z))],
    "clip": [
        ("clip(X, -1, 1)", lambda v: np.clip(v.X, -1, 1)),
        ("clip(X, None, v)", lambda v: np.minimum(v.X, v.v)),
        ("clip(X, a_min=0)", lambda v: np.maximum(v.X, 0)),
    ],
    "sum": [
        ("sum(X, axis=0)", lambda v: v.X.sum(0)),
        ("sum(X)", lambda v: v.X.sum()),
        ("sum(B, (0, -1), True)", lambda v: v.B.sum((0, -1), keepdims=True)),
        ("sum(s)", lambda v: v.s),
        ("sum(X[1:1], axis=0)", lambda v: np.zeros(4)),
    ],
    "mean": [
        ("mean(X, axis=0, keepdims=True)", lambda v: v.X.mean(0, keepdims=True)),
        ("mean(B, axis=(2, 0))", lambda v: v.B.mean((2, 0))),
    ],
    "var": [
        ("var(X, axis=0)", lambda v: v.X.var(0)),
        ("var(B, axis=(0, 1), ddof=1, keepdims=True)", lambda v: v.B.var((0, 1), ddof=1, keepdims=True)),
    ],
    "std": [("std(X, axis=1)", lambda v: v.X.std(1)), ("std(X, ddof=1)", lambda v: v.X.std(ddof=1))],
    "max": [
        ("max(X, axis=1)", lambda v: v.X.max(1)),
        ("max(B, axis=(0, 2))", lambda v: v.B.max((0, 2))),
        ("max(s)", lambda v: v.s),
    ],
    "min": [("min(X, axis=0, keepdims=True)", lambda v: v.X.min(0, keepdims=True)), ("min(X)", lambda v: v.X.min())],
    "prod": [("prod(X, axis=1)", lambda v: v.X.prod(1)), ("prod(B, axis=(0, 1))", lambda v: v.B.prod((0, 1)))],
    "logsumexp": [
        ("logsumexp(X, axis=1, keepdims=True)", lambda v: _lse(v.X, 1)),
        ("logsumexp(900 + X)", lambda v: 900 + _lse(v.X).reshape(())),
    ],
    "norm": [
        ("norm(X)", lambda v: np.linalg.norm(v.X)),
        ("norm(X, axis=1, keepdims=True)", lambda v: np.linalg.norm(v.X, axis=1, keepdims=True)),
        ("norm(v, ord=1)", lambda v: np.linalg.norm(v.v, ord=1)),
        ("norm(X, 3, axis=0)", lambda v: np.linalg.norm(v.X, 3, axis=0)),
        ("norm(X, 'fro')", lambda v: np.linalg.norm(v.X, "fro")),
        ("norm(B)", lambda v: np.linalg.norm(v.B)),
    ],
    "argmax": [
        ("argmax(X, axis=1)", lambda v: v.X.argmax(1), "whole numbers"),
        ("argmax(X)", lambda v: v.X.argmax(), "whole numbers"),
        ("argmax(X, axis=0, keepdims=True)", lambda v: v.X.argmax(0, keepdims=True), "whole numbers"),
    ],
    "argmin": [("argmin(X, axis=1)", lambda v: v.X.argmin(1), "whole numbers")],
    "matmul": [
        ("matmul(X, v)", lambda v: v.X @ v.v),
        ("u @ X", lambda v: v.u @ v.X),
        ("B @ A", lambda v: v.B @ v.A),
        ("u @ u", lambda v: v.u @ v.u),
    ],
    "dot": [
        ("dot(u, X)", lambda v: np.dot(v.u, v.X)),
        ("dot(v, v)", lambda v: np.dot(v.v, v.v)),
        ("dot(B, v)", lambda v: np.dot(v.B, v.v)),
        ("dot(X.T, B)", lambda v: np.dot(v.X.T, v.B)),
        ("dot(s, X)", lambda v: np.dot(v.s, v.X)),
    ],
    "inner": [
        ("inner(X, Z)", lambda v: np.inner(v.X, v.Z)),
        ("inner(B, v)", lambda v: np.inner(v.B, v.v)),
        ("inner(X, 2)", lambda v: 2 * v.X),
    ],
    "outer": [("outer(u, v)", lambda v: np.outer(v.u, v.v)), ("outer(X, u)", lambda v: np.outer(v.X, v.u))],
    "kron": [("kron(eye(2), X)", lambda v: np.kron(np.eye(2), v.X)), ("kron(u, X)", lambda v: np.kron(v.u, v.X))],
    "einsum": [
        ("einsum('ki,j->kij', eye(m), v)", lambda v: np.einsum("ki,j->kij", np.eye(3), v.v)),
        ("einsum('ij,j', X, v)", lambda v: v.X @ v.v),
        ("einsum('ii->i', A)", lambda v: np.diag(v.A)),
        ("einsum('...j,j->...', B, v)", lambda v: v.B @ v.v),
        ("einsum('ij,ij->', X, Z)", lambda v: np.sum(v.X * v.Z)),
        ("einsum('ba,Bb', A, X)", lambda v: np.einsum("ba,Bb", v.A, v.X)),
        ("einsum('i...,...', u, v)", lambda v: np.einsum("i...,...", v.u, v.v)),
    ],
    "transpose": [
        ("transpose(B, (1, 0, 2))", lambda v: np.transpose(v.B, (1, 0, 2))),
        ("transpose(X)", lambda v: v.X.T),
        ("B.T", lambda v: v.B.T),
    ],
    "trace": [("trace(A)", lambda v: np.trace(v.A)), ("trace(X)", lambda v: np.trace(v.X))],
    "det": [("det(A)", lambda v: np.linalg.det(v.A))],
    "logdet": [("logdet(A)", lambda v: np.linalg.slogdet(v.A)[1]), ("logdet(A[::-1])", lambda v: np.linalg.slogdet(v.A)[1])],
    "inv": [("inv(A)", lambda v: np.linalg.inv(v.A))],
    "solve": [
        ("solve(A, v)", lambda v: np.linalg.solve(v.A, v.v)),
        ("solve(A, X.T)", lambda v: np.linalg.solve(v.A, v.X.T)),
        (
            "solve(stack((A, A.T + eye(n)), axis=0), v)",
            lambda v: np.linalg.solve(np.stack((v.A, v.A.T + np.eye(4))), v.v[:, None])[..., 0],
        ),
    ],
    "cholesky": [("cholesky(A)", lambda v: np.linalg.cholesky(v.A))],
    "diag": [
        ("diag(v)", lambda v: np.diag(v.v)),
        ("diag(X, k=1)", lambda v: np.diag(v.X, 1)),
        ("diag(u, -2)", lambda v: np.diag(v.u, -2)),
    ],
    "tril": [("tril(A)", lambda v: np.tril(v.A)), ("tril(X, k=-1)", lambda v: np.tril(v.X, -1))],
    "triu": [("triu(X, 1)", lambda v: np.triu(v.X, 1))],
    "softmax": [
        ("softmax(X, axis=1)", lambda v: np.exp(v.X) / np.exp(v.X).sum(1, keepdims=True)),
        ("softmax(900 + v)", lambda v: np.exp(v.v) / np.exp(v.v).sum()),
        ("softmax(X, axis=None)", lambda v: np.exp(v.X) / np.exp(v.X).sum()),
    ],
    "log_softmax": [
        ("log_softmax(X, axis=-1)", lambda v: v.X - _lse(v.X, 1)),
        ("log_softmax(X, axis=0)", lambda v: v.X - _lse(v.X, 0)),
    ],
    "one_hot": [("one_hot(y, n)", lambda v: np.eye(4)[v.y], "whole numbers")],
    "conv1d": [
        ("conv1d(x1, w1)", lambda v: correlate(v.x1[:, :, None], v.w1[:, :, None])[:, :, 0]),
        (
            "conv1d(x1, w1[:, :2], stride=2, padding=1, dilation=2, groups=2)",
            lambda v: correlate(v.x1[:, :, None], v.w1[:, :2, None], (1, 2), (0, 1), (1, 2), 2)[:, :, 0],
        ),
    ],
    "conv2d": [
        ("conv2d(x2, w2, stride=2, padding=1)", lambda v: correlate(v.x2, v.w2, (2, 2), (1, 1))),
        ("conv2d(x2, w2)", lambda v: correlate(v.x2, v.w2)),
        (
            "conv2d(x2, w2[:, :2], (1, 2), (2, 0), (2, 1), 2)",
            lambda v: correlate(v.x2, v.w2[:, :2], (1, 2), (2, 0), (2, 1), 2),
        ),
    ],
    "conv_transpose2d": [
        ("conv_transpose2d(x2, wt, stride=2, padding=1)", lambda v: _transposed(v.x2, v.wt, 2, 1)),
        ("conv_transpose2d(x2, wt)", lambda v: _transposed(v.x2, v.wt, 1, 0)),
    ],
    "max_pool2d": [
        ("max_pool2d(x2, 2)", lambda v: _pooled(v.x2, np.max, (2, 2), (2, 2))),
        ("max_pool2d(x2, (3, 2), stride=(1, 2))", lambda v: _pooled(v.x2, np.max, (3, 2), (1, 2))),
    ],
    "avg_pool2d": [
        ("avg_pool2d(x2, 3, stride=2)", lambda v: _pooled(v.x2, np.mean, (3, 3), (2, 2))),
        ("avg_pool2d(X, 2)", lambda v: _pooled(v.X, np.mean, (2, 2), (2, 2))),
    ],
    "pad": [
        ("pad(X, ((0, 0), (1, 2)))", lambda v: np.pad(v.X, ((0, 0), (1, 2)))),
        ("pad(X, 1, constant_values=-2.5)", lambda v: np.pad(v.X, 1, constant_values=-2.5)),
        ("pad(v, (1, 0))", lambda v: np.pad(v.v, (1, 0))),
        ("pad(X, ((2, 1),))", lambda v: np.pad(v.X, ((2, 1),))),
    ],
    "reshape": [
        ("reshape(B, (m, -1))", lambda v: v.B.reshape(3, -1)),
        ("reshape(X, n * m)", lambda v: v.X.reshape(12)),
        ("reshape(B, (4, 6), order='F')", lambda v: v.B.reshape((4, 6), order="F")),
    ],
    "ravel": [("ravel(X)", lambda v: v.X.ravel()), ("ravel(B, order='F')", lambda v: v.B.ravel(order="F"))],
    "stack": [
        ("stack((u, 2 * u), axis=1)", lambda v: np.stack((v.u, 2 * v.u), 1)),
        ("stack([v, v])", lambda v: np.stack((v.v, v.v))),
    ],
    "concatenate": [("concatenate((X, u[:, None]), axis=1)", lambda v: np.concatenate((v.X, v.u[:, None]), 1))],
    "concat": [("concat([u, v])", lambda v: np.concatenate([v.u, v.v]))],
    "broadcast_to": [("broadcast_to(v, (m, n))", lambda v: np.broadcast_to(v.v, (3, 4)))],
    "expand_dims": [
        ("expand_dims(v, axis=0)", lambda v: v.v[None]),
        ("expand_dims(X, (0, 2))", lambda v: np.expand_dims(v.X, (0, 2))),
    ],
    "squeeze": [("squeeze(X[:1], axis=0)", lambda v: v.X[0]), ("squeeze(X[:1, -1:], (0, -1))", lambda v: v.X[0, 3])],
    "swapaxes": [("swapaxes(B, 0, -1)", lambda v: np.swapaxes(v.B, 0, -1))],
    "moveaxis": [
        ("moveaxis(B, 0, -1)", lambda v: np.moveaxis(v.B, 0, -1)),
        ("moveaxis(B, (2, 0), (0, 1))", lambda v: np.moveaxis(v.B, (2, 0), (0, 1))),
    ],
    "flip": [("flip(X, axis=1)", lambda v: np.flip(v.X, 1)), ("flip(B)", lambda v: np.flip(v.B))],
    "roll": [
        ("roll(X, 1, axis=0)", lambda v: np.roll(v.X, 1, 0)),
        ("roll(X, -2)", lambda v: np.roll(v.X, -2)),
        ("roll(X, (1, 2), (1, 0))", lambda v: np.roll(v.X, (1, 2), (1, 0))),
        ("roll(X, 1, (0, 1))", lambda v: np.roll(v.X, 1, (0, 1))),
        ("roll(X, (1, 2))", lambda v: np.roll(v.X, (1, 2))),
        ("roll(X, (1, 2), 1)", lambda v: np.roll(v.X, (1, 2), 1)),
        ("roll(X, (1, 1), (0, -2))", lambda v: np.roll(v.X, (1, 1), (0, -2))),
    ],
    "repeat": [("repeat(X, 2, axis=1)", lambda v: np.repeat(v.X, 2, 1)), ("repeat(X, 3)", lambda v: np.repeat(v.X, 3))],
    "tile": [("tile(v, (m, 1))", lambda v: np.tile(v.v, (3, 1))), ("tile(X, 2)", lambda v: np.tile(v.X, 2))],
    "cumsum": [("cumsum(X, axis=1)", lambda v: np.cumsum(v.X, 1)), ("cumsum(X)", lambda v: np.cumsum(v.X))],
    "cumprod": [("cumprod(X, axis=0)", lambda v: np.cumprod(v.X, 0))],
    "take": [
        ("take(X, y, axis=1)", lambda v: np.take(v.X, v.y, 1)),
        ("take(X, (0, -2), axis=0)", lambda v: np.take(v.X, (0, -2), 0)),
        ("take(X, 5)", lambda v: np.take(v.X, 5)),
        ("take(X, stack((y, -1 - y)), axis=1)", lambda v: np.take(v.X, np.stack((v.y, -1 - v.y)), 1)),
    ],
    "take_along_axis": [("take_along_axis(X, y[:, None], axis=1)", lambda v: np.take_along_axis(v.X, v.y[:, None], 1))],
    "zeros": [("zeros((m, n))", lambda v: np.zeros((3, 4)), "constant"), ("zeros(m)", lambda v: np.zeros(3), "constant")],
    "ones": [("ones(n)", lambda v: np.ones(4), "constant"), ("ones(())", lambda v: np.ones(()), "constant")],
    "full": [("full((m, n), s)", lambda v: np.full((3, 4), v.s)), ("full(n, 1 / n)", lambda v: np.full(4, 0.25), "constant")],
    "zeros_like": [("zeros_like(X)", lambda v: np.zeros((3, 4)), "constant")],
    "ones_like": [("ones_like(y)", lambda v: np.ones(3), "constant")],
    "eye": [("eye(n)", lambda v: np.eye(4), "constant"), ("eye(m, n, k=1)", lambda v: np.eye(3, 4, 1), "constant")],
    "arange": [
        ("arange(n)", lambda v: np.arange(4), "whole numbers"),
        ("arange(C, 0, -2)", lambda v: np.arange(5, 0, -2), "whole numbers"),
        ("arange(m, n)", lambda v: np.arange(3, 4), "whole numbers"),
    ],
}
FUNCTION_EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    name: tuple(_example(*entry[:2], is_smooth=len(entry) == 2) for entry in entries) for name, entries in _ENTRIES.items()
}
LANGUAGE_EXAMPLES = (
    _example("tanh(X @ v + u)", lambda v: np.tanh(v.X @ v.v + v.u)),
    _example("-X ** 2 + +Z", lambda v: -(v.X**2) + v.Z),
    _example("2 ** X", lambda v: 2**v.X),
    _example("X ** -1", lambda v: v.X**-1.0),
    _example("P ** Z", lambda v: v.P**v.Z),
    _example("n / m", lambda v: np.array(4 / 3), is_smooth=False),
    _example("(X - u[:, None]) / v", lambda v: (v.X - v.u[:, None]) / v.v),
    _example("pi * e * s", lambda v: np.pi * np.e * v.s),
    _example("(X > 0) * Z", lambda v: (v.X > 0) * v.Z),
    _example("(X >= 0) + (X < 0) + (y != 2)[:, None]", lambda v: 1.0 + (v.y != 2)[:, None] + 0 * v.X, is_smooth=False),
    _example("mean(y == argmax(X, axis=1))", lambda v: np.mean(v.y == v.X.argmax(1)), is_smooth=False),
    _example("X[1]", lambda v: v.X[1]),
    _example("X[-1, 0]", lambda v: v.X[-1, 0]),
    _example("B[..., 1:3]", lambda v: v.B[..., 1:3]),
    _example("X[:, None, ::2]", lambda v: v.X[:, None, ::2]),
    _example("X[::-1, n - 2:0:-1]", lambda v: v.X[::-1, 2:0:-1]),
    _example("B[None, 0, ..., ::-2]", lambda v: v.B[None, 0, ..., ::-2]),
    _example("X[arange(m), y]", lambda v: v.X[np.arange(3), v.y]),
    _example("B[0, arange(m), y]", lambda v: v.B[0, np.arange(3), v.y]),
    _example("B[:, arange(m), y][:, None]", lambda v: v.B[:, np.arange(3), v.y][:, None]),
    _example("B[:, 1, y]", lambda v: v.B[:, 1, v.y]),
    _example("B[0, y - 2]", lambda v: v.B[0, v.y - 2]),
    _example("B[::-1, :, stack((y, y))]", lambda v: v.B[::-1, :, np.stack((v.y, v.y))]),
    _example("X[1:1]", lambda v: v.X[1:1], is_smooth=False),
    _example("y * 0.5", lambda v: v.y * 0.5, is_smooth=False),
    _example("y + 1", lambda v: v.y + 1, is_smooth=False),
    _example("y / 2", lambda v: v.y / 2, is_smooth=False),
    _example("y ** 2", lambda v: v.y**2.0, is_smooth=False),
    _example("exp(y)", lambda v: np.exp(v.y), is_smooth=False),
    _example("y.T[::-1] - arange(m)", lambda v: v.y[::-1] - np.arange(3), is_smooth=False),
)
EXAMPLES = (*itertools.chain.from_iterable(FUNCTION_EXAMPLES.values()), *LANGUAGE_EXAMPLES)


def expected_of(example: Example) -> np.ndarray:
    """Compute the example's array by NumPy."""
    return np.asarray(example.expected(SimpleNamespace(**VALUES)))


def table() -> str:
    """Make the table of functions for docs/formulas.md."""
    lines: list[str] = []
    kind = ""
    for function in FUNCTIONS.values():
        if function.kind != kind:
            kind = function.kind
            lines += ["", f"### {kind.capitalize()}", "", "| function | is | example | shape |", "| --- | --- | --- | --- |"]
        text = FUNCTION_EXAMPLES[function.name][0].text
        shape = infer_shape(parse(text), SHAPES, AXES)
        lines.append(f"| `{function.signature}` | {function.summary} | `{text}` | `{shape}` |")
    return "\n".join(lines[1:])


def documented(text: str) -> str:
    """Return the text of docs/formulas.md with an up-to-date table."""
    before, _, rest = text.partition("<!-- functions -->\n")
    _, _, after = rest.partition("<!-- end -->")
    return f"{before}<!-- functions -->\n\n{table()}\n\n<!-- end -->{after}"


if __name__ == "__main__":
    DOCUMENT.write_text(documented(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
