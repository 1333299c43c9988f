"""
What autodiff packages return where a function has a kink, a tie or a singular point, and what we do there.

Running this file makes the table of docs/formulas.md. `python tests/support/conventions.py` makes a temporary environment with
the packages below, measures there, measures torch and ourselves here, and writes the table; `--here` measures torch and
ourselves alone and keeps the other columns. tests/reference/torch/test_conventions.py checks the columns of torch and ours.
"""

from __future__ import annotations

import importlib.metadata
import json
import re
import subprocess
import sys
import tempfile
import venv
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from places import ROOT

DOCUMENT = ROOT / "docs" / "formulas.md"
NEWER_TORCH = "2.14.1"
PACKAGES = {"jax": "0.10.2", "autograd": "1.9.1", "casadi": "3.8.2", "scipy": "1.17.1", "torch": NEWER_TORCH}
START, END = "<!-- conventions -->", "<!-- end of conventions -->"


@dataclass(frozen=True, kw_only=True)
class Point:
    """A function at one of its points, spelled for each package. An empty spelling: the package has no such function."""

    function: str
    at: str
    ours: str
    x: Any  # what the derivative is taken at
    torch: str
    jax: str = ""
    autograd: str = ""
    casadi: str = ""  # of one variable


def _same(expression: str, **more: str) -> dict[str, str]:
    """Spell an expression for torch, with `N.` for the package's own namespace."""
    return {
        "torch": expression.replace("N.", "torch."),
        "jax": expression.replace("N.", "jnp."),
        "autograd": expression.replace("N.", "anp."),
    } | more


POINTS = (
    Point(function="abs", at="x = 0", ours="abs(x)", x=0.0, **_same("N.abs(x)", casadi="fabs(x)")),
    Point(function="sign", at="x = 0", ours="sign(x)", x=0.0, **_same("N.sign(x)", casadi="sign(x)")),
    Point(
        function="relu",
        at="x = 0",
        ours="relu(x)",
        x=0.0,
        torch="F.relu(x)",
        jax="nn.relu(x)",
        autograd="anp.maximum(x, 0.0)",
        casadi="fmax(x, 0)",
    ),
    Point(
        function="leaky_relu",
        at="x = 0, slope 0.1",
        ours="leaky_relu(x, 0.1)",
        x=0.0,
        torch="F.leaky_relu(x, 0.1)",
        jax="nn.leaky_relu(x, 0.1)",
        autograd="anp.where(x > 0, x, 0.1 * x)",
        casadi="if_else(x > 0, x, 0.1 * x)",
    ),
    Point(
        function="elu",
        at="x = 0, alpha 1",
        ours="elu(x)",
        x=0.0,
        torch="F.elu(x)",
        jax="nn.elu(x)",
        autograd="anp.where(x > 0, x, anp.expm1(x))",
    ),
    Point(
        function="elu",
        at="x = 0, alpha 2",
        ours="elu(x, 2.0)",
        x=0.0,
        torch="F.elu(x, 2.0)",
        jax="nn.elu(x, 2.0)",
        autograd="anp.where(x > 0, x, 2 * anp.expm1(x))",
    ),
    Point(
        function="maximum",
        at="x = (1, 1), of its entries",
        ours="maximum(x[0], x[1])",
        x=[1.0, 1.0],
        **_same("N.maximum(x[0], x[1])", casadi="fmax(x[0], x[1])"),
    ),
    Point(
        function="minimum",
        at="x = (1, 1), of its entries",
        ours="minimum(x[0], x[1])",
        x=[1.0, 1.0],
        **_same("N.minimum(x[0], x[1])", casadi="fmin(x[0], x[1])"),
    ),
    Point(
        function="maximum",
        at="x = 0, of x and the number 0",
        ours="maximum(x, 0)",
        x=0.0,
        torch="torch.maximum(x, zero)",
        jax="jnp.maximum(x, 0.0)",
        autograd="anp.maximum(x, 0.0)",
        casadi="fmax(x, 0)",
    ),
    Point(
        function="clip",
        at="x = 0, clip(x, 0, 1)",
        ours="clip(x, 0, 1)",
        x=0.0,
        torch="torch.clamp(x, 0.0, 1.0)",
        jax="jnp.clip(x, 0.0, 1.0)",
        autograd="anp.clip(x, 0.0, 1.0)",
    ),
    Point(
        function="clip",
        at="x = 1, clip(x, 0, 1)",
        ours="clip(x, 0, 1)",
        x=1.0,
        torch="torch.clamp(x, 0.0, 1.0)",
        jax="jnp.clip(x, 0.0, 1.0)",
        autograd="anp.clip(x, 0.0, 1.0)",
    ),
    Point(
        function="clip",
        at="x = 0, bounds as arrays",
        ours="clip(x, 0 * x, None)",
        x=0.0,
        torch="torch.clamp(x, min=zero)",
        jax="jnp.clip(x, jnp.zeros(()), None)",
        autograd="anp.clip(x, anp.zeros(()), None)",
    ),
    Point(
        function="where",
        at="x = -1, where(x > 0, sqrt(x), 0)",
        ours="where(x > 0, sqrt(x), 0)",
        x=-1.0,
        torch="torch.where(x > 0, torch.sqrt(x), zero)",
        jax="jnp.where(x > 0, jnp.sqrt(x), 0.0)",
        autograd="anp.where(x > 0, anp.sqrt(x), 0.0)",
        casadi="if_else(x > 0, sqrt(x), 0)",
    ),
    Point(
        function="where",
        at="x = 1, the joint of Huber's loss",
        ours="where(abs(x) <= 1, x ** 2 / 2, abs(x) - 0.5)",
        x=1.0,
        **_same("N.where(N.abs(x) <= 1, x ** 2 / 2, N.abs(x) - 0.5)", casadi="if_else(fabs(x) <= 1, x ** 2 / 2, fabs(x) - 0.5)"),
    ),
    Point(
        function="max", at="x = (1, 1)", ours="max(x)", x=[1.0, 1.0], **_same("N.max(x)", torch="torch.amax(x)", casadi="mmax(x)")
    ),
    Point(
        function="max",
        at="x = (1, 1), torch: max(dim=0).values",
        ours="max(x, axis=0)",
        x=[1.0, 1.0],
        **_same("N.max(x, axis=0)", torch="torch.max(x, dim=0).values"),
    ),
    Point(
        function="min", at="x = (1, 1)", ours="min(x)", x=[1.0, 1.0], **_same("N.min(x)", torch="torch.amin(x)", casadi="mmin(x)")
    ),
    Point(
        function="max_pool2d",
        at="equal entries, 1 by 2",
        ours="sum(max_pool2d(x, (1, 2)))",
        x=[[[[1.0, 1.0]]]],
        torch="F.max_pool2d(x, (1, 2)).sum()",
        jax="jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 1, 1, 2), (1, 1, 1, 2), 'VALID').sum()",
    ),
    Point(function="argmax", at="x = (1, 1), x[argmax(x)]", ours="x[argmax(x)]", x=[1.0, 1.0], **_same("x[N.argmax(x)]")),
    Point(function="sqrt", at="x = 0", ours="sqrt(x)", x=0.0, **_same("N.sqrt(x)", casadi="sqrt(x)")),
    Point(
        function="sqrt", at="x = 0, sqrt(x ** 2)", ours="sqrt(x ** 2)", x=0.0, **_same("N.sqrt(x ** 2)", casadi="sqrt(x ** 2)")
    ),
    Point(
        function="cbrt",
        at="x = 0",
        ours="cbrt(x)",
        x=0.0,
        torch="torch.sign(x) * torch.abs(x) ** (1 / 3)",
        jax="jnp.cbrt(x)",
        autograd="anp.sign(x) * anp.abs(x) ** (1 / 3)",
    ),
    Point(function="norm", at="x = (0, 0)", ours="norm(x)", x=[0.0, 0.0], **_same("N.linalg.norm(x)", casadi="norm_2(x)")),
    Point(
        function="norm",
        at="x = (0, 0), norm(x) ** 2",
        ours="norm(x) ** 2",
        x=[0.0, 0.0],
        **_same("N.linalg.norm(x) ** 2", casadi="norm_2(x) ** 2"),
    ),
    Point(
        function="norm",
        at="x = (0, 0), sqrt(sum(x * x))",
        ours="sqrt(sum(x * x))",
        x=[0.0, 0.0],
        **_same("N.sqrt(N.sum(x * x))", casadi="sqrt(sumsqr(x))"),
    ),
    Point(
        function="norm",
        at="x = (0, 3), ord=1",
        ours="norm(x, ord=1)",
        x=[0.0, 3.0],
        **_same("N.linalg.norm(x, ord=1)", autograd="anp.sum(anp.abs(x))", casadi="norm_1(x)"),
    ),
    Point(
        function="norm",
        at="x = (0, 3), ord=3",
        ours="norm(x, ord=3)",
        x=[0.0, 3.0],
        **_same("N.linalg.norm(x, ord=3)", autograd="anp.linalg.norm(x, 3)"),
    ),
    Point(function="var", at="x = (1, 1)", ours="var(x)", x=[1.0, 1.0], **_same("N.var(x)", torch="torch.var(x, correction=0)")),
    Point(function="std", at="x = (1, 1)", ours="std(x)", x=[1.0, 1.0], **_same("N.std(x)", torch="torch.std(x, correction=0)")),
    Point(
        function="std",
        at="x = (1, 1), std(x) ** 2",
        ours="std(x) ** 2",
        x=[1.0, 1.0],
        **_same("N.std(x) ** 2", torch="torch.std(x, correction=0) ** 2"),
    ),
    Point(function="prod", at="x = (0, 3)", ours="prod(x)", x=[0.0, 3.0], **_same("N.prod(x)")),
    Point(function="prod", at="x = (0, 0)", ours="prod(x)", x=[0.0, 0.0], **_same("N.prod(x)")),
    Point(function="prod", at="x = (0, 0, 3)", ours="prod(x)", x=[0.0, 0.0, 3.0], **_same("N.prod(x)")),
    Point(
        function="cumprod",
        at="x = (0, 3), the sum of it",
        ours="sum(cumprod(x))",
        x=[0.0, 3.0],
        torch="torch.cumprod(x, 0).sum()",
        jax="jnp.cumprod(x).sum()",
    ),
    Point(
        function="cumprod",
        at="x = (0, 0, 3), the sum of it",
        ours="sum(cumprod(x))",
        x=[0.0, 0.0, 3.0],
        torch="torch.cumprod(x, 0).sum()",
        jax="jnp.cumprod(x).sum()",
    ),
    Point(
        function="power",
        at="x = 0, x ** 1",
        ours="power(x, 1)",
        x=0.0,
        **_same("N.power(x, 1.0)", torch="torch.pow(x, 1.0)", casadi="x ** 1"),
    ),
    Point(function="power", at="x = 0, x ** 1.5", ours="x ** 1.5", x=0.0, **_same("x ** 1.5", casadi="x ** 1.5")),
    Point(function="power", at="x = 0, x ** 0.5", ours="x ** 0.5", x=0.0, **_same("x ** 0.5", casadi="x ** 0.5")),
    Point(
        function="power",
        at="x = (0, 2), x[0] ** x[1]",
        ours="x[0] ** x[1]",
        x=[0.0, 2.0],
        **_same("x[0] ** x[1]", casadi="x[0] ** x[1]"),
    ),
    Point(
        function="power",
        at="x = (0, 0), x[0] ** x[1]",
        ours="x[0] ** x[1]",
        x=[0.0, 0.0],
        **_same("x[0] ** x[1]", casadi="x[0] ** x[1]"),
    ),
    Point(
        function="power",
        at="x = (-2, 2), x[0] ** x[1]",
        ours="x[0] ** x[1]",
        x=[-2.0, 2.0],
        **_same("x[0] ** x[1]", casadi="x[0] ** x[1]"),
    ),
    Point(function="log", at="x = 0", ours="log(x)", x=0.0, **_same("N.log(x)", casadi="log(x)")),
    Point(function="log", at="x = 0, x * log(x)", ours="x * log(x)", x=0.0, **_same("x * N.log(x)", casadi="x * log(x)")),
    Point(
        function="log",
        at="x = 0, x * log(x) as xlogy",
        ours="x * log(x)",
        x=0.0,
        torch="torch.xlogy(x, x)",
        jax="jsp.xlogy(x, x)",
    ),
    Point(
        function="log",
        at="x = 0, cross-entropy with label 0",
        ours="-(0 * log(x) + 1 * log(1 - x))",
        x=0.0,
        torch="F.binary_cross_entropy(x, zero)",
        jax="-(0.0 * jnp.log(x) + 1.0 * jnp.log(1 - x))",
        autograd="-(0.0 * anp.log(x) + 1.0 * anp.log(1 - x))",
        casadi="-(0 * log(x) + 1 * log(1 - x))",
    ),
    Point(
        function="log",
        at="x = 0, cross-entropy with label 1",
        ours="-(1 * log(x) + 0 * log(1 - x))",
        x=0.0,
        torch="F.binary_cross_entropy(x, one)",
        jax="-(1.0 * jnp.log(x) + 0.0 * jnp.log(1 - x))",
        autograd="-(1.0 * anp.log(x) + 0.0 * anp.log(1 - x))",
        casadi="-(1 * log(x) + 0 * log(1 - x))",
    ),
    Point(function="log1p", at="x = -1", ours="log1p(x)", x=-1.0, **_same("N.log1p(x)", casadi="log1p(x)")),
    Point(function="reciprocal", at="x = 0", ours="reciprocal(x)", x=0.0, **_same("N.reciprocal(x)", casadi="1 / x")),
    Point(function="arcsin", at="x = 1", ours="arcsin(x)", x=1.0, **_same("N.arcsin(x)", casadi="asin(x)")),
    Point(function="arccos", at="x = 1", ours="arccos(x)", x=1.0, **_same("N.arccos(x)", casadi="acos(x)")),
    Point(
        function="arctan2",
        at="x = (0, 0)",
        ours="arctan2(x[0], x[1])",
        x=[0.0, 0.0],
        **_same("N.arctan2(x[0], x[1])", casadi="atan2(x[0], x[1])"),
    ),
    Point(
        function="logsumexp",
        at="x = (1, 1)",
        ours="logsumexp(x)",
        x=[1.0, 1.0],
        torch="torch.logsumexp(x, 0)",
        jax="jsp.logsumexp(x)",
        autograd="asp.logsumexp(x)",
        casadi="logsumexp(x)",
    ),
    Point(
        function="logsumexp",
        at="x = (800, 0)",
        ours="logsumexp(x)",
        x=[800.0, 0.0],
        torch="torch.logsumexp(x, 0)",
        jax="jsp.logsumexp(x)",
        autograd="asp.logsumexp(x)",
        casadi="logsumexp(x)",
    ),
    Point(
        function="softmax",
        at="x = (800, 0), log of the second",
        ours="log(softmax(x)[1])",
        x=[800.0, 0.0],
        torch="torch.log(torch.softmax(x, 0)[1])",
        jax="jnp.log(nn.softmax(x)[1])",
    ),
    Point(
        function="log_softmax",
        at="x = (800, 0), the second",
        ours="log_softmax(x)[1]",
        x=[800.0, 0.0],
        torch="torch.log_softmax(x, 0)[1]",
        jax="nn.log_softmax(x)[1]",
    ),
    Point(
        function="softplus",
        at="x = 25",
        ours="softplus(x)",
        x=25.0,
        torch="F.softplus(x)",
        jax="nn.softplus(x)",
        autograd="anp.logaddexp(x, 0.0)",
        casadi="log1p(exp(x))",
    ),
    Point(
        function="softplus",
        at="x = 800",
        ours="softplus(x)",
        x=800.0,
        torch="F.softplus(x)",
        jax="nn.softplus(x)",
        autograd="anp.logaddexp(x, 0.0)",
        casadi="log1p(exp(x))",
    ),
    Point(
        function="logsigmoid",
        at="x = -800",
        ours="logsigmoid(x)",
        x=-800.0,
        torch="F.logsigmoid(x)",
        jax="nn.log_sigmoid(x)",
        autograd="-anp.logaddexp(-x, 0.0)",
        casadi="-log1p(exp(-x))",
    ),
    Point(
        function="sigmoid",
        at="x = -800, log of it",
        ours="log(sigmoid(x))",
        x=-800.0,
        torch="torch.log(torch.sigmoid(x))",
        jax="jnp.log(nn.sigmoid(x))",
        autograd="anp.log(1 / (1 + anp.exp(-x)))",
        casadi="log(1 / (1 + exp(-x)))",
    ),
    Point(
        function="det", at="x = [[1, 2], [2, 4]], rank 1", ours="det(x)", x=[[1.0, 2.0], [2.0, 4.0]], **_same("N.linalg.det(x)")
    ),
    Point(function="det", at="x = 0, 2 by 2", ours="det(x)", x=[[0.0, 0.0], [0.0, 0.0]], **_same("N.linalg.det(x)")),
    Point(
        function="logdet",
        at="x = [[1, 2], [2, 4]]",
        ours="logdet(x)",
        x=[[1.0, 2.0], [2.0, 4.0]],
        **_same("N.linalg.slogdet(x)[1]"),
    ),
    Point(
        function="inv",
        at="x = [[1, 2], [2, 4]], the sum of it",
        ours="sum(inv(x))",
        x=[[1.0, 2.0], [2.0, 4.0]],
        **_same("N.linalg.inv(x).sum()", autograd="anp.sum(anp.linalg.inv(x))"),
    ),
    Point(
        function="solve",
        at="x = [[1, 2], [2, 4]], right side (1, 1)",
        ours="sum(solve(x, ones(2)))",
        x=[[1.0, 2.0], [2.0, 4.0]],
        torch="torch.linalg.solve(x, torch.ones(2, dtype=x.dtype)).sum()",
        jax="jnp.linalg.solve(x, jnp.ones(2)).sum()",
        autograd="anp.sum(anp.linalg.solve(x, anp.ones(2)))",
    ),
    Point(
        function="cholesky",
        at="x = [[2, 1], [1, 2]], the sum of it",
        ours="sum(cholesky(x))",
        x=[[2.0, 1.0], [1.0, 2.0]],
        **_same("N.linalg.cholesky(x).sum()", autograd="anp.sum(anp.linalg.cholesky(x))"),
    ),
    Point(
        function="take",
        at="x = (1, 2), the first entry twice",
        ours="sum(take(x, 0 * arange(2)))",
        x=[1.0, 2.0],
        torch="x[[0, 0]].sum()",
        jax="x[jnp.array([0, 0])].sum()",
        autograd="anp.sum(x[[0, 0]])",
    ),
)

# Functions that need no row: they behave as another does, or are smooth wherever they are defined.
SAME_AS = {"log2": "log", "log10": "log", "argmin": "argmax"}
SMOOTH = frozenset({
    "exp", "expm1", "tanh", "sinh", "cosh", "sin", "cos", "tan", "arctan", "square", "gelu", "silu", "erf", "sum", "mean",
    "matmul", "dot", "inner", "outer", "kron", "einsum", "transpose", "trace", "diag", "tril", "triu", "one_hot", "conv1d",
    "conv2d", "conv_transpose2d", "avg_pool2d", "pad", "reshape", "ravel", "stack", "concatenate", "concat", "broadcast_to",
    "expand_dims", "squeeze", "swapaxes", "moveaxis", "flip", "roll", "repeat", "tile", "cumsum", "take_along_axis", "zeros",
    "ones", "full", "zeros_like", "ones_like", "eye", "arange",
})  # fmt: skip


# Measuring. A measurement is {"value": ..., "reverse": ..., ...}: numbers, or the word "raises".


def _attempt(call: Callable[[], Any]) -> Any:
    """Return the numbers that `call` returns, or "raises"."""
    try:
        with warnings.catch_warnings(action="ignore"):
            return np.asarray(call(), dtype=float).tolist()
    except Exception:  # whatever the package raises at a singular point
        return "raises"


def torch_measured(point: Point) -> dict[str, Any]:
    """Measure torch, in each of its modes."""
    import torch
    from torch.nn import functional as F

    names = {"torch": torch, "F": F, "zero": torch.zeros((), dtype=torch.float64), "one": torch.ones((), dtype=torch.float64)}
    at = torch.tensor(point.x, dtype=torch.float64)

    def function(x: torch.Tensor) -> torch.Tensor:
        return eval(point.torch, {**names, "x": x})

    def gradient(create_graph: bool) -> torch.Tensor:
        leaf = at.clone().requires_grad_()
        return torch.autograd.grad(function(leaf), leaf, create_graph=create_graph)[0].detach()

    def hessian() -> torch.Tensor:
        leaf = at.clone().requires_grad_()
        first = torch.autograd.grad(function(leaf), leaf, create_graph=True)[0].reshape(-1)
        found = torch.zeros(len(first), len(first), dtype=torch.float64)
        for i, entry in enumerate(first):
            if entry.requires_grad:
                row = torch.autograd.grad(entry, leaf, retain_graph=True, allow_unused=True)[0]
                found[i] = 0 if row is None else row.reshape(-1)
        return found.sum(1).reshape(at.shape)

    def forward_over_reverse() -> torch.Tensor:
        found = torch.func.jacfwd(torch.func.grad(function))(at)
        return found.reshape(at.numel(), at.numel()).sum(1).reshape(at.shape)

    return {
        "reverse": _attempt(lambda: gradient(False)),
        "with create_graph": _attempt(lambda: gradient(True)),
        "forward": _attempt(lambda: torch.func.jacfwd(function)(at)),
        "2nd": _attempt(hessian),
        "2nd forward": _attempt(forward_over_reverse),
    }


def jax_measured(point: Point) -> dict[str, Any]:
    """Measure JAX, in float64."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    names = {"jax": jax, "jnp": jnp, "nn": jax.nn, "jsp": jax.scipy.special}
    at = jnp.asarray(point.x, dtype=float)

    def function(x: Any) -> Any:
        return eval(point.jax, {**names, "x": x})

    def summed(hessian: Any) -> Any:
        return np.asarray(hessian).reshape(at.size, at.size).sum(1).reshape(at.shape)

    return {
        "reverse": _attempt(lambda: jax.grad(function)(at)),
        "forward": _attempt(lambda: jax.jacfwd(function)(at)),
        "2nd": _attempt(lambda: summed(jax.jacrev(jax.grad(function))(at))),
        "2nd forward": _attempt(lambda: summed(jax.jacfwd(jax.grad(function))(at))),
    }


def autograd_measured(point: Point) -> dict[str, Any]:
    """Measure HIPS autograd."""
    import autograd
    import autograd.numpy as anp
    import autograd.scipy.special as asp

    at = np.asarray(point.x, dtype=float)

    def function(x: Any) -> Any:
        return eval(point.autograd, {"anp": anp, "asp": asp, "x": x})

    def forward() -> Any:
        units = np.eye(at.size).reshape(at.size, *at.shape)
        return np.reshape([autograd.make_jvp(function)(at)(unit)[1] for unit in units], at.shape)

    def hessian() -> Any:
        return np.asarray(autograd.hessian(function)(at)).reshape(at.size, at.size).sum(1).reshape(at.shape)

    with np.errstate(all="ignore"):
        return {"reverse": _attempt(lambda: autograd.grad(function)(at)), "forward": _attempt(forward), "2nd": _attempt(hessian)}


def casadi_measured(point: Point) -> dict[str, Any]:
    """Measure CasADi, with symbols of its scalar kind."""
    import casadi

    at = np.asarray(point.x, dtype=float)
    x = casadi.SX.sym("x", at.size)
    names = {name: getattr(casadi, name) for name in dir(casadi) if not name.startswith("_")}

    def value(expression: Callable[[], Any]) -> Any:
        return np.asarray(casadi.Function("f", [x], [expression()])(at.reshape(-1))).reshape(at.shape)

    def function() -> Any:
        return eval(point.casadi, {**names, "x": x})

    def hessian() -> Any:
        return casadi.mtimes(casadi.hessian(function(), x)[0], casadi.DM.ones(at.size))

    return {
        "reverse": _attempt(lambda: value(lambda: casadi.gradient(function(), x))),
        "2nd": _attempt(lambda: value(hessian)),
    }


MEASURES: Mapping[str, Callable[[Point], dict[str, Any]]] = {
    "torch": torch_measured,
    "jax": jax_measured,
    "autograd": autograd_measured,
    "casadi": casadi_measured,
}


# Ours: what happens to an exercise whose case lies at the point.


def _exercise(point: Point, kind: str) -> Any:
    from grader.exercise.loading import parse_exercise

    shape = np.shape(point.x)
    axes = [f"d{i}" for i in range(len(shape))]
    dims = "".join(f"  {axis}: {size}\n" for axis, size in zip(axes, shape, strict=True))
    dims = f"dims:\n{dims}" if dims else ""
    target = "{gradient: L, wrt: x}" if kind == "gradient" else "{hessian: L, wrt: x}"
    return parse_exercise(
        f"schema: 1\ntitle: A point\nstatement: A point.\n{dims}inputs:\n  x: {' '.join(axes) or 'scalar'}\n"
        f'forward:\n  L: "{point.ours}"\ntasks:\n  - call: f(x)\n    returns:\n      d: {target}\n',
        "point",
    )


def ours_done(point: Point) -> str:
    """Say what we do at the point: stay away, refuse, or follow torch with the numbers."""
    first, second = _done(point, "gradient"), _done(point, "hessian")
    if isinstance(first, str):
        return first
    return f"follow: {_written(first)}; 2nd: {second if isinstance(second, str) else _written(second)}"


def _done(point: Point, kind: str) -> Any:
    from grader.reference.model import Case
    from grader.reference.torch.compute import Redraw, expected

    exercise = _exercise(point, kind)
    sizes = {f"d{i}": size for i, size in enumerate(np.shape(point.x))}
    case = Case(name="point", role="named", sizes=sizes, values={"x": np.asarray(point.x, dtype=float)})
    found = expected(exercise, case, accept_zero=True)
    if isinstance(found, Redraw):
        return "refuse" if re.search("finite|singular", found.reason) else "stay away"
    (array,) = found.targets.values()
    size = np.size(point.x)
    return array if kind == "gradient" else np.asarray(array).reshape(size, size).sum(1).reshape(np.shape(point.x))


# Writing


def _written(value: Any) -> str:
    """Write numbers as the table shows them, six digits of each."""
    if isinstance(value, str):
        return value
    array = np.asarray(value, dtype=float)
    if array.ndim > 1 and not np.isfinite(array).any():
        return "not finite"  # which of inf and nan stand where is a matter of the LAPACK in use
    if array.ndim:
        while array.ndim > 1 and array.shape[0] == 1:
            array = array[0]
        return f"({', '.join(map(_written, array))})"
    number = float(array) + 0.0
    return f"{number:.6g}" if abs(number) >= 1e-12 or not np.isfinite(number) else "0"


def cell(measured: Mapping[str, Any]) -> str:
    """Write the cell of one package at one point: a number if its modes agree, otherwise each of them."""
    parts = []
    for names in (("reverse", "with create_graph", "forward"), ("2nd", "2nd forward")):
        texts = {name: _written(measured[name]) for name in names if name in measured}
        first = next(iter(texts.values()), "")
        differing = [f"{name} {text}" for name, text in texts.items() if text != first]
        label = "2nd: " if names[0] == "2nd" else ""
        parts.append(label + ", ".join([first, *(text.removeprefix("2nd ") for text in differing)]))
    return "; ".join(part for part in parts if part)


def _others() -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """Measure the packages that are not installed here, in a temporary environment; cells by package and row."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = str(Path(folder, "bin", "python"))
        wanted = [f"{name}=={version}" for name, version in PACKAGES.items()]
        subprocess.run([python, "-m", "pip", "install", "--quiet", "numpy", *wanted], check=True)
        done = subprocess.run([python, __file__, "--measure"], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    return found["cells"], found["versions"]


def _measure_all() -> None:
    """Print the cells of every package of PACKAGES as JSON; runs in the temporary environment."""
    cells: dict[str, dict[str, str]] = {name: {} for name in MEASURES}
    for point in POINTS:
        for name, measure in MEASURES.items():
            if getattr(point, name):
                cells[name][key(point)] = cell(measure(point))
    print(json.dumps({"cells": cells, "versions": {name: importlib.metadata.version(name) for name in PACKAGES}}))


def key(point: Point) -> str:
    """Return the first cell of a point's row."""
    return f"`{point.function}` at {point.at}"


def header(torch_version: str) -> list[str]:
    """Return the columns, with versions."""
    others = [f"JAX {PACKAGES['jax']}", f"autograd {PACKAGES['autograd']}", f"CasADi {PACKAGES['casadi']}"]
    return ["point", f"torch {torch_version}", f"torch {NEWER_TORCH}", *others, "we"]


def read_table(text: str) -> list[list[str]]:
    """Read the rows of the table in the document, the header first."""
    inside = text[text.index(START) : text.index(END)]
    rows = [line for line in inside.splitlines() if line.startswith("|")]
    return [[part.strip() for part in row.strip("|").split(" | ")] for row in rows if not row.startswith("| ---")]


def table(others: Mapping[str, Mapping[str, str]]) -> str:
    """Make the whole table; torch and ours are measured here and now."""
    import torch

    version = torch.__version__.partition("+")[0]
    lines = ["| " + " | ".join(header(version)) + " |", "| " + " | ".join(["---"] * 7) + " |"]
    for point in POINTS:
        name, here = key(point), cell(torch_measured(point))
        newer = others["torch"].get(name, "")
        newer = "the same" if newer == here else newer
        packages = (others[package].get(name, "-") for package in ("jax", "autograd", "casadi"))
        row = [name, here, newer, *packages, ours_done(point)]
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def _kept(text: str) -> dict[str, dict[str, str]]:
    """Read the cells of the other packages from the document."""
    found: dict[str, dict[str, str]] = {name: {} for name in ("torch", "jax", "autograd", "casadi")}
    for name, here, newer, jax, autograd, casadi, _ in read_table(text)[1:]:
        cells = {"torch": here if newer == "the same" else newer, "jax": jax, "autograd": autograd, "casadi": casadi}
        for package, content in cells.items():
            found[package][name] = content
    return found


def main() -> None:
    """Write the table."""
    text = DOCUMENT.read_text("utf-8")
    others = _kept(text) if "--here" in sys.argv else _others()[0]
    before, after = text[: text.index(START)], text[text.index(END) :]
    DOCUMENT.write_text(f"{before}{START}\n\n{table(others)}\n\n{after}", "utf-8")


if __name__ == "__main__":
    _measure_all() if "--measure" in sys.argv else main()
