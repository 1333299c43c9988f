"""
Right answers in other forms and nearly right wrong ones, for exercises with large and small entries side by side.

They test the tester: a tolerance has to accept every rewrite and no near miss (tests/benchmarks/judging.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.exercise.model import Exercise
from grader.reference.model import Case, Record

Given = SimpleNamespace  # the inputs and upstream gradients of a case, by name
Rewrite = Callable[[Given], Any]
Miss = Callable[[Given, np.ndarray], Any]
Slope = Callable[[np.ndarray], np.ndarray]  # an activation's slope, entry by entry, or another function of one array


@dataclass(frozen=True, kw_only=True)
class Story:
    """A target of an exercise, with answers that are right and answers that are not quite."""

    name: str
    source: str  # the id of a catalogue exercise, or the text of one
    target: tuple[str, str]
    rewrites: Mapping[str, Rewrite] = field(default_factory=dict)
    misses: Mapping[str, Miss] = field(default_factory=dict)


def load(story: Story, folder: Path) -> Exercise:
    """Load the exercise of a story; a text is written to `folder` first."""
    if "\n" not in story.source:
        return load_exercise(catalogue.shipped() / f"{story.source}.yaml")
    path = folder / "story.yaml"
    path.write_text("schema: 1\ntitle: A story\n" + story.source.lstrip("\n"), encoding="utf-8")
    return load_exercise(path)


def answers(story: Story, record: Record) -> Iterator[tuple[str, str, list[np.ndarray]]]:
    """
    Yield how far each answer of a story is off in every case: ("rewrite" or "miss", its name, the gaps).

    A miss is left out if it differs from the expected arrays in their last digits only, at this seed.
    """
    for name, rewrite in story.rewrites.items():
        yield "rewrite", name, [_gap(rewrite(_given(case)), it.targets[story.target]) for case, it in record.cases]
    for name, miss in story.misses.items():
        rights = [it.targets[story.target] for _, it in record.cases]
        gaps = [_gap(miss(_given(case), right), right) for (case, _), right in zip(record.cases, rights, strict=True)]
        if any((gap > 1e-10 * np.abs(right)).any() for gap, right in zip(gaps, rights, strict=True)):
            yield "miss", name, gaps


def _given(case: Case) -> Given:
    return SimpleNamespace(**case.values)


def _gap(answer: Any, right: np.ndarray) -> np.ndarray:
    found = np.asarray(answer, dtype=np.float64)
    assert found.shape == right.shape, (found.shape, right.shape)
    return np.abs(found - right)


# Answers


def single(formula: Rewrite) -> Miss:
    """Make an answer that computes a right formula in float32."""

    def answer(v: Given, right: np.ndarray) -> Any:
        low = {k: a.astype(np.float32) if a.dtype == np.float64 else a for k, a in vars(v).items()}
        return np.asarray(formula(SimpleNamespace(**low)), dtype=np.float32)

    return answer


def zeroed(share: float) -> Miss:
    """Make an answer whose entries are zero if they are smaller than a share of the largest."""
    return lambda v, right: np.where(np.abs(right) < share * np.abs(right).max(), 0.0, right)


def off(share: float, by: float) -> Miss:
    """Make an answer whose entries are off by a relative amount if they are smaller than a share of the largest."""
    return lambda v, right: np.where(np.abs(right) < share * np.abs(right).max(), right * (1 + by), right)


def row_zeroed(v: Given, right: np.ndarray) -> np.ndarray:
    """Set the smallest row to zero."""
    answer = right.copy()
    answer[np.abs(right).reshape(len(right), -1).max(1).argmin()] = 0
    return answer


def row_doubled(v: Given, right: np.ndarray) -> np.ndarray:
    """Double the smallest row."""
    answer = right.copy()
    answer[np.abs(right).reshape(len(right), -1).max(1).argmin()] *= 2
    return answer


def erf(x: np.ndarray) -> np.ndarray:
    """Compute the error function, entry by entry."""
    return np.vectorize(math.erf, otypes=[float])(x)


def sigmoid(z: np.ndarray) -> np.ndarray:
    """Compute 1 / (1 + exp(-z)) as it is written."""
    return 1 / (1 + np.exp(-z))


def naive_softmax(s: np.ndarray, axis: int = -1) -> np.ndarray:
    """Divide exponentials by their sum, without subtracting the largest first."""
    e = np.exp(s)
    return e / e.sum(axis, keepdims=True)


def softmax(s: np.ndarray, axis: int = -1) -> np.ndarray:
    """Divide exponentials by their sum, after subtracting the largest."""
    e = np.exp(s - s.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def one_hot(t: np.ndarray, classes: int) -> np.ndarray:
    """Make a row for each label."""
    return (np.arange(classes) == t[:, None]).astype(float)


def layer(slope: Slope) -> Rewrite:
    """Compute ∂tanh(W X + B)/∂W with tanh′ written as a function of Z."""
    return lambda v: np.einsum("ki,k,j->kij", np.eye(len(v.B)), slope(v.W @ v.X + v.B), v.X)


def on_the_diagonal(slope: Slope) -> Rewrite:
    """Compute ∂tanh(B)/∂B."""
    return lambda v: np.diag(slope(v.B))


def in_millions(slope: Slope) -> Rewrite:
    """Compute the gradient of two million times the sum of tanh(B)."""
    return lambda v: 2e6 * slope(v.B)


def twice_an_exponential(v: Given, right: np.ndarray) -> np.ndarray:
    """Compute 2 exp(-2 |z|), which is half of 4 exp(-2 |z|), far out."""
    return np.diag(np.where(np.abs(v.B) > 4, 2 * np.exp(-2 * np.abs(v.B)), np.diag(right)))


def unit_vector(v: Given, added: float = 0.0) -> np.ndarray:
    """Compute ∂(x / r)/∂x."""
    r = np.linalg.norm(v.x)
    return (np.eye(len(v.x)) - np.outer(v.x / r, v.x / r)) / (r + added)


def by_singular_values(v: Given) -> np.ndarray:
    """Compute 2 (A Aᵀ + 1)⁻¹ A by singular values."""
    left, values, right = np.linalg.svd(v.A)
    return 2 * left @ np.diag(values / (values**2 + 1)) @ right


def by_eigenvectors(v: Given) -> np.ndarray:
    """Solve for a symmetric matrix by eigenvectors."""
    values, vectors = np.linalg.eigh(flat_matrix(v))
    return vectors @ ((vectors.T @ v.c) / values)


SLOPES = {
    "1 - Y^2": lambda z: 1 - np.tanh(z) ** 2,
    "(1 - Y)(1 + Y)": lambda z: (1 - np.tanh(z)) * (1 + np.tanh(z)),
    "1 / cosh^2": lambda z: 1 / np.cosh(z) ** 2,
    "4 / (e^z + e^-z)^2": lambda z: 4 / (np.exp(z) + np.exp(-z)) ** 2,
    "1 - tanh by exponentials": lambda z: 1 - ((np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)) ** 2,
    "4 s (1 - s) of 2 z": lambda z: 4 * sigmoid(2 * z) * (1 - sigmoid(2 * z)),
}

# batch norm and layer norm


def batch_statistics(
    v: Given, *, raw: bool = False, eps: float = 1e-5, ddof: int = 0, inside: bool = True
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Compute mean, variance, normalised x and standard deviation over the batch."""
    mu = v.x.mean(0)
    var = (v.x**2).mean(0) - mu**2 if raw else v.x.var(0, ddof=ddof)
    std = np.sqrt(var + eps) if inside else np.sqrt(var) + eps
    return mu, var, (v.x - mu) / std, std


def batchnorm(v: Given, **how: Any) -> np.ndarray:
    """Compute the gradient by x in one line."""
    _, _, xhat, std = batch_statistics(v, **how)
    return v.gamma / std * (v.dout - v.dout.mean(0) - xhat * (v.dout * xhat).mean(0))


def batchnorm_in_steps(v: Given) -> np.ndarray:
    """Compute the gradient by x through the variance and the mean, as lecture notes do."""
    n = len(v.x)
    mu, var, _, _ = batch_statistics(v)
    dxhat = v.dout * v.gamma
    dvar = (dxhat * (v.x - mu)).sum(0) * -0.5 * (var + 1e-5) ** -1.5
    dmu = (-dxhat / np.sqrt(var + 1e-5)).sum(0) + dvar * (-2 * (v.x - mu)).mean(0)
    return dxhat / np.sqrt(var + 1e-5) + dvar * 2 * (v.x - mu) / n + dmu / n


def batchnorm_sums(v: Given) -> np.ndarray:
    """Compute the gradient by x with sums for means."""
    n = len(v.x)
    _, _, xhat, std = batch_statistics(v)
    return v.gamma / (n * std) * (n * v.dout - v.dout.sum(0) - xhat * (v.dout * xhat).sum(0))


def layernorm(v: Given, *, raw: bool = False, eps: float | np.float32 = 1e-5, ddof: int = 0) -> np.ndarray:
    """Compute the gradient by x in one line."""
    mu = v.x.mean(1, keepdims=True)
    var = (v.x**2).mean(1, keepdims=True) - mu**2 if raw else v.x.var(1, keepdims=True, ddof=ddof)
    std = np.sqrt(var + eps)
    xhat, d = (v.x - mu) / std, v.gamma * v.dout
    return (d - d.mean(1, keepdims=True) - xhat * (d * xhat).mean(1, keepdims=True)) / std


# attention


def attention(v: Given, soft: Slope = softmax) -> np.ndarray:
    """Compute the gradient by Q."""
    A = soft(v.Q @ v.K.T / np.sqrt(v.Q.shape[1]))
    dA = v.dO @ v.V.T
    return (A * (dA - (A * dA).sum(1, keepdims=True))) @ v.K / np.sqrt(v.Q.shape[1])


def attention_by_jacobians(v: Given) -> np.ndarray:
    """Compute the gradient by Q, with a Jacobian for each row of scores."""
    S = v.Q @ v.K.T / np.sqrt(v.Q.shape[1])
    dA, dS = v.dO @ v.V.T, np.zeros_like(S)
    for i, row in enumerate(softmax(S)):
        dS[i] = dA[i] @ (np.diag(row) - np.outer(row, row))
    return dS @ v.K / np.sqrt(v.Q.shape[1])


def jacobian_of_softmax(p: np.ndarray) -> np.ndarray:
    """Compute diag(p) - p pᵀ."""
    return np.diag(p) - np.outer(p, p)


def by_loops(p: np.ndarray) -> np.ndarray:
    """Compute the Jacobian of softmax, entry by entry."""
    n = len(p)
    return np.array([[p[i] * (1 - p[i]) if i == j else -p[i] * p[j] for j in range(n)] for i in range(n)])


def flat_matrix(v: Given) -> np.ndarray:
    """Make the matrix of "nearly singular"."""
    return np.outer(v.u, v.u) + 1e-4 * v.A @ v.A.T + 1e-4 * np.eye(len(v.u), dtype=v.A.dtype)


def ridge(weight: float) -> str:
    """Make an exercise of least squares with an L2 term of some weight."""
    return f"""
dims: {{N: 5..8, D: 2..4}}
inputs: {{X: N D, w: D, y: N}}
forward: {{r: X @ w - y, L: mean(r ** 2) + {weight:.1e} * sum(w ** 2)}}
tasks:
  - call: dL_dw(X, w, y)
    returns: {{g: {{gradient: L, wrt: w}}}}
"""


def ridge_gradient(weight: float) -> Rewrite:
    """Compute the gradient by the residuals."""
    return lambda v: 2 * v.X.T @ (v.X @ v.w - v.y) / len(v.y) + 2 * weight * v.w


def ridge_by_normal_equations(weight: float) -> Rewrite:
    """Compute the gradient with the square multiplied out."""
    return lambda v: 2 * ((v.X.T @ v.X / len(v.y) + weight * np.eye(len(v.w))) @ v.w - v.X.T @ v.y / len(v.y))


def ridge_story(weight: float) -> Story:
    """Make a story whose L2 term may be smaller than any digit of the other term."""
    return Story(
        name=f"ridge of {weight:g}",
        source=ridge(weight),
        target=("dL_dw", "g"),
        rewrites={"residuals": ridge_gradient(weight), "normal equations": ridge_by_normal_equations(weight)},
        misses={
            "the L2 term left out": lambda v, right: ridge_gradient(0)(v),
            "half the L2 term": lambda v, right: ridge_gradient(weight / 2)(v),
        },
    )


STORIES = (
    Story(
        name="tanh layer",
        source="tanh_layer",
        target=("dY_dW", "dY_dW"),
        rewrites={name: layer(slope) for name, slope in SLOPES.items()},
        misses={
            "smallest row zero": row_zeroed,
            "smallest row doubled": row_doubled,
            "below 1e-5 zero": zeroed(1e-5),
            "below 1e-2 off by 1e-4": off(1e-2, 1e-4),
            "float32": single(layer(SLOPES["1 - Y^2"])),
            "1 - |Y|^2.0001": lambda v, right: layer(lambda z: 1 - np.abs(np.tanh(z)) ** 2.00001)(v),
        },
    ),
    Story(
        name="saturated tanh",
        source="""
dims: {n: 6..9}
inputs: {B: 'n ~ uniform(-9, 9)'}
forward: {Y: tanh(B)}
tasks:
  - call: dY_dB(B)
    returns: {J: {jacobian: Y, wrt: B}}
cases: {random: 6, named: {mixed: {n: 4, set: {B: [0.3, 5, -8, 11]}}, far out: {n: 3, set: {B: [8, 7, -9]}}}}
""",
        target=("dY_dB", "J"),
        rewrites={name: on_the_diagonal(slope) for name, slope in SLOPES.items()},
        misses={
            "below 1e-6 zero": zeroed(1e-6),
            "below 1e-4 zero": zeroed(1e-4),
            "below 1e-6 doubled": off(1e-6, 1.0),
            "2 exp(-2 |z|) beyond 4": twice_an_exponential,
            "float32": single(lambda v: np.diag(1 - np.tanh(v.B) ** 2)),
        },
    ),
    Story(
        name="softmax jacobian",
        source="""
dims: {C: 3..6}
inputs: {s: 'C ~ uniform(-12, 12)'}
forward: {p: softmax(s)}
tasks:
  - call: dp_ds(s)
    returns: {J: {jacobian: p, wrt: s}}
cases: {random: 6, named: {far: {C: 4, set: {s: [30, 0, -30, 29]}}, sure: {C: 3, set: {s: [9, -9, 0]}}}}
""",
        target=("dp_ds", "J"),
        rewrites={
            "diag - outer": lambda v: jacobian_of_softmax(softmax(v.s)),
            "naive exp": lambda v: jacobian_of_softmax(naive_softmax(v.s)),
            "loops": lambda v: by_loops(softmax(v.s)),
            "p (eye - p)": lambda v: softmax(v.s)[:, None] * (np.eye(len(v.s)) - softmax(v.s)),
            "exp of log-softmax": lambda v: by_loops(np.exp(v.s - np.log(np.exp(v.s).sum()))),
        },
        misses={
            "classes below 1e-6 zero": lambda v, right: jacobian_of_softmax(np.where(softmax(v.s) < 1e-6, 0, softmax(v.s))),
            "entries below 1e-6 zero": zeroed(1e-6),
            "entries below 1e-4 off by 1e-3": off(1e-4, 1e-3),
            "1e-7 added to p": lambda v, right: jacobian_of_softmax(softmax(v.s) + 1e-7),
            "smallest row zero": row_zeroed,
            "float32": single(lambda v: jacobian_of_softmax(softmax(v.s))),
        },
    ),
    Story(
        name="cross-entropy",
        source="softmax_cross_entropy",
        target=("dL_dS", "dL_dS"),
        rewrites={
            "(P - T) / N": lambda v: (softmax(v.S) - one_hot(v.t, v.S.shape[1])) / len(v.t),
            "naive exp": lambda v: (naive_softmax(v.S) - one_hot(v.t, v.S.shape[1])) / len(v.t),
            "through the jacobian": lambda v: (
                np.stack([-(one_hot(v.t, v.S.shape[1])[i] / p) @ jacobian_of_softmax(p) for i, p in enumerate(softmax(v.S))])
                / len(v.t)
            ),
        },
        misses={
            "probabilities below 1e-6 zero": zeroed(1e-6),
            "entries below 1e-3 off by 1e-5": off(1e-3, 1e-5),
            "clipped at 1e-7": lambda v, right: (np.clip(softmax(v.S), 1e-5, 1 - 1e-5) - one_hot(v.t, v.S.shape[1])) / len(v.t),
            "float32": single(lambda v: (softmax(v.S) - one_hot(v.t, v.S.shape[1]).astype(np.float32)) / np.float32(len(v.t))),
        },
    ),
    Story(
        name="logistic regression",
        source="sigmoid_bce",
        target=("dL_dz", "dL_dz"),
        rewrites={
            "(p - t) / N": lambda v: (sigmoid(v.X @ v.w + v.b) - v.t) / len(v.t),
            "by tanh": lambda v: (0.5 + 0.5 * np.tanh((v.X @ v.w + v.b) / 2) - v.t) / len(v.t),
            "two parts": lambda v: (-v.t * (1 - sigmoid(v.X @ v.w + v.b)) + (1 - v.t) * sigmoid(v.X @ v.w + v.b)) / len(v.t),
            "e^z / (1 + e^z)": lambda v: (np.exp(v.X @ v.w + v.b) / (1 + np.exp(v.X @ v.w + v.b)) - v.t) / len(v.t),
        },
        misses={
            "entries below 1e-2 zero": zeroed(1e-2),
            "smallest entry doubled": row_doubled,
            "p clipped at 1e-4": lambda v, right: (np.clip(sigmoid(v.X @ v.w + v.b), 1e-4, 1 - 1e-4) - v.t) / len(v.t),
            "float32": single(lambda v: (sigmoid(v.X @ v.w + v.b) - v.t) / np.float32(len(v.t))),
        },
    ),
    Story(
        name="batch norm",
        source="batchnorm_backward",
        target=("batchnorm_backward", "dx"),
        rewrites={
            "textbook": batchnorm,
            "in steps": batchnorm_in_steps,
            "sums": batchnorm_sums,
            "E[x^2] - E[x]^2": lambda v: batchnorm(v, raw=True),
        },
        misses={
            "eps left out": lambda v, right: batchnorm(v, eps=0),
            "eps 1e-6": lambda v, right: batchnorm(v, eps=1e-6),
            "eps outside the root": lambda v, right: batchnorm(v, inside=False),
            "ddof": lambda v, right: batchnorm(v, ddof=1),
            "smallest row zero": row_zeroed,
            "float32": single(lambda v: batchnorm(v, eps=np.float32(1e-5))),
        },
    ),
    Story(
        name="batch norm far from zero",
        source="""
dims: {N: 4..7, D: 2..3}
inputs: {x: 'N D ~ uniform(90, 110)', gamma: D ~ nonzero}
upstream: {dout: like out}
forward:
  mu: mean(x, axis=0)
  v: var(x, axis=0)
  out: gamma * (x - mu) / sqrt(v + 1.0e-5)
tasks:
  - call: dx(dout, x, gamma)
    returns: {dx: {vjp: out, wrt: x, upstream: dout}}
cases: {random: 8}
""",
        target=("dx", "dx"),
        rewrites={
            "textbook": batchnorm,
            "in steps": batchnorm_in_steps,
            "E[x^2] - E[x]^2": lambda v: batchnorm(v, raw=True),
        },
        misses={
            "eps left out": lambda v, right: batchnorm(v, eps=0),
            "eps 2e-5": lambda v, right: batchnorm(v, eps=2e-5),
            "float32": single(lambda v: batchnorm(v, eps=np.float32(1e-5))),
        },
    ),
    Story(
        name="layer norm",
        source="layer_norm_backward",
        target=("layer_norm_backward", "dx"),
        rewrites={"textbook": layernorm, "E[x^2] - E[x]^2": lambda v: layernorm(v, raw=True)},
        misses={
            "eps left out": lambda v, right: layernorm(v, eps=0),
            "eps 1.1e-5": lambda v, right: layernorm(v, eps=1.1e-5),
            "ddof": lambda v, right: layernorm(v, ddof=1),
            "float32": single(lambda v: layernorm(v, eps=np.float32(1e-5))),
        },
    ),
    Story(
        name="attention",
        source="attention_backward",
        target=("attention_backward", "dQ"),
        rewrites={
            "textbook": attention,
            "naive exp": lambda v: attention(v, naive_softmax),
            "a jacobian a row": attention_by_jacobians,
        },
        misses={
            "weights below 1e-4 zero": lambda v, right: attention(v, lambda s: np.where(softmax(s) < 1e-4, 0, softmax(s))),
            "weights below 1e-7 zero": lambda v, right: attention(v, lambda s: np.where(softmax(s) < 1e-7, 0, softmax(s))),
            "1e-7 in the denominator": lambda v, right: attention(v, lambda s: softmax(s) / (1 + 1e-7)),
            "smallest row doubled": row_doubled,
            "float32": single(lambda v: attention(SimpleNamespace(**vars(v)))),
        },
    ),
    Story(
        name="blocks of different size",
        source="""
dims: {n: 2..4}
inputs: {x: n}
forward: {y: 'concatenate((sin(x), 1.0e-7 * cos(x)))'}
tasks:
  - call: dy_dx(x)
    returns: {J: {jacobian: y, wrt: x}}
cases: {random: 8}
""",
        target=("dy_dx", "J"),
        rewrites={
            "concatenated": lambda v: np.concatenate([np.diag(np.cos(v.x)), -1e-7 * np.diag(np.sin(v.x))]),
            "square roots": lambda v: np.concatenate(
                [np.diag(np.cos(v.x)), -1e-7 * np.diag(np.sign(np.sin(v.x)) * np.sqrt(1 - np.cos(v.x) ** 2))]
            ),
        },
        misses={
            "small block zero": zeroed(1e-6),
            "small block's sign": off(1e-6, -2.0),
            "small block off by 1e-3": off(1e-6, 1e-3),
        },
    ),
    *(ridge_story(weight) for weight in (1e-7, 1e-6, 1e-5, 1e-3)),
    Story(
        name="hessian of one and of millions",
        source="""
dims: {n: 3..5}
inputs: {w: n}
forward: {z: '3000 * w[1:]', L: 'sum(z ** 2) / 2 + 2.5 * w[0] ** 2'}
tasks:
  - call: hessian(w)
    returns: {H: {hessian: L, wrt: w}}
""",
        target=("hessian", "H"),
        rewrites={"diagonal": lambda v: np.diag([5.0] + [9e6] * (len(v.w) - 1))},
        misses={
            "1 for 5": lambda v, right: np.diag([1.0] + [9e6] * (len(v.w) - 1)),
            "0 for 5": lambda v, right: np.diag([0.0] + [9e6] * (len(v.w) - 1)),
            "4 beside the diagonal": lambda v, right: right + 4 * np.eye(len(v.w), k=1),
            "5.001 for 5": lambda v, right: np.diag([5.001] + [9e6] * (len(v.w) - 1)),
        },
    ),
    Story(
        name="hessian of exponentials",
        source="""
dims: {n: 3..5}
inputs: {x: 'n ~ uniform(-9, 9)'}
forward: {L: sum(exp(x)) + sum(x) ** 2 / 2}
tasks:
  - call: hessian(x)
    returns: {H: {hessian: L, wrt: x}}
""",
        target=("hessian", "H"),
        rewrites={
            "exp on the diagonal, 1 everywhere": lambda v: np.diag(np.exp(v.x)) + 1,
            "loops": lambda v: np.array([[1 + (i == j) * np.exp(x) for j in range(len(v.x))] for i, x in enumerate(v.x)]),
        },
        misses={
            "exp left out where it is small": lambda v, right: np.diag(np.where(v.x < -6, 0, np.exp(v.x))) + 1,
            "off by 1e-5 beside the diagonal": lambda v, right: right + 1e-5 * (1 - np.eye(len(v.x))),
        },
    ),
    Story(
        name="inverse",
        source="""
dims: {n: 3..5}
inputs: {A: n n, b: n, c: n}
forward: {x: 'solve(A, b)', f: 'dot(c, x)'}
tasks:
  - call: df_dA(A, b, c)
    returns: {g: {gradient: f, wrt: A}}
cases: {random: 10}
""",
        target=("df_dA", "g"),
        rewrites={
            "inv": lambda v: -np.linalg.inv(v.A).T @ np.outer(v.c, v.b) @ np.linalg.inv(v.A).T,
            "solve": lambda v: -np.outer(np.linalg.solve(v.A.T, v.c), np.linalg.solve(v.A, v.b)),
            "normal equations": lambda v: -np.outer(np.linalg.inv(v.A).T @ v.c, np.linalg.solve(v.A.T @ v.A, v.A.T @ v.b)),
        },
        misses={
            "1e-7 on the diagonal": lambda v, right: (
                -np.outer(np.linalg.solve(v.A.T + 1e-7 * np.eye(len(v.b)), v.c), np.linalg.solve(v.A, v.b))
            ),
            "below 1e-2 off by 1e-5": off(1e-2, 1e-5),
            "float32": single(lambda v: -np.outer(np.linalg.solve(v.A.T, v.c), np.linalg.solve(v.A, v.b))),
        },
    ),
    Story(
        name="log-determinant",
        source="""
dims: {n: 3..5}
inputs: {A: n n}
forward: {f: logdet(A @ A.T + eye(n))}
tasks:
  - call: df_dA(A)
    returns: {g: {gradient: f, wrt: A}}
cases: {random: 8}
""",
        target=("df_dA", "g"),
        rewrites={
            "2 inv(AAt + 1) A": lambda v: 2 * np.linalg.inv(v.A @ v.A.T + np.eye(len(v.A))) @ v.A,
            "solve": lambda v: 2 * np.linalg.solve(v.A @ v.A.T + np.eye(len(v.A)), v.A),
            "singular values": by_singular_values,
        },
        misses={"1.000001 for 1": lambda v, right: 2 * np.linalg.solve(v.A @ v.A.T + 1.000001 * np.eye(len(v.A)), v.A)},
    ),
    Story(
        name="determinant",
        source="""
dims: {n: 3..4}
inputs: {A: n n}
forward: {f: det(A)}
tasks:
  - call: df_dA(A)
    returns: {g: {gradient: f, wrt: A}}
cases: {random: 8}
""",
        target=("df_dA", "g"),
        rewrites={
            "det inv": lambda v: np.linalg.det(v.A) * np.linalg.inv(v.A).T,
            "cofactors": lambda v: np.array(
                [
                    [(-1) ** (i + j) * np.linalg.det(np.delete(np.delete(v.A, i, 0), j, 1)) for j in range(len(v.A))]
                    for i in range(len(v.A))
                ]
            ),
        },
        misses={"smallest entries zero": zeroed(1e-2), "float32": single(lambda v: np.linalg.det(v.A) * np.linalg.inv(v.A).T)},
    ),
    Story(
        name="log-sum-exp",
        source="""
dims: {n: 3..6}
inputs: {x: 'n ~ uniform(-30, 30)'}
forward: {f: logsumexp(x)}
tasks:
  - call: f_and_gradient(x)
    returns: {g: {gradient: f, wrt: x}}
""",
        target=("f_and_gradient", "g"),
        rewrites={
            "naive exp": lambda v: np.exp(v.x) / np.exp(v.x).sum(),
            "shifted": lambda v: softmax(v.x),
            "exp of the difference": lambda v: np.exp(v.x - np.log(np.exp(v.x).sum())),
        },
        misses={"below 1e-7 zero": zeroed(1e-7), "below 1e-3 zero": zeroed(1e-3), "below 1e-7 doubled": off(1e-7, 1.0)},
    ),
    Story(
        name="softplus",
        source="""
dims: {n: 3..6}
inputs: {x: 'n ~ uniform(-14, 14)'}
forward: {y: softplus(x)}
upstream: {g: n}
tasks:
  - call: dx(g, x)
    returns: {dx: {vjp: y, wrt: x, upstream: g}}
""",
        target=("dx", "dx"),
        rewrites={
            "sigmoid": lambda v: v.g * sigmoid(v.x),
            "1 - sigmoid(-x)": lambda v: v.g * (1 - sigmoid(-v.x)),
            "by tanh": lambda v: v.g * (1 + np.tanh(v.x / 2)) / 2,
            "e^x / (1 + e^x)": lambda v: v.g * np.exp(v.x) / (1 + np.exp(v.x)),
        },
        misses={
            "0 below -10": lambda v, right: np.where(v.x < -10, 0, right),
            "1 above 10": lambda v, right: np.where(v.x > 10, v.g, right),
            "exp below -6": lambda v, right: np.where(v.x < -6, v.g * np.exp(v.x), right),
        },
    ),
    Story(
        name="gelu",
        source="""
dims: {n: 3..6}
inputs: {x: 'n ~ uniform(-5, 5)'}
forward: {y: 0.5 * x * (1 + erf(x / sqrt(2)))}
upstream: {g: n}
tasks:
  - call: dx(g, x)
    returns: {dx: {vjp: y, wrt: x, upstream: g}}
""",
        target=("dx", "dx"),
        rewrites={
            "by erf": lambda v: v.g * (0.5 * (1 + erf(v.x / np.sqrt(2))) + v.x * np.exp(-(v.x**2) / 2) / np.sqrt(2 * np.pi)),
            "by erfc": lambda v: v.g * (1 - 0.5 * (1 - erf(v.x / np.sqrt(2))) + v.x * np.exp(-(v.x**2) / 2) / np.sqrt(2 * np.pi)),
        },
        misses={
            "density left out below -4": lambda v, right: np.where(v.x < -4, 0.5 * v.g * (1 + erf(v.x / np.sqrt(2))), right),
            "0.3989 for 1 / sqrt(2 pi)": lambda v, right: (
                v.g * (0.5 * (1 + erf(v.x / np.sqrt(2))) + v.x * np.exp(-(v.x**2) / 2) * 0.39894)
            ),
        },
    ),
    Story(
        name="unit vectors",
        source="""
dims: {n: 3..6}
inputs: {x: n}
forward: {y: x / norm(x)}
tasks:
  - call: dy_dx(x)
    returns: {J: {jacobian: y, wrt: x}}
cases: {random: 8, named: {one large: {n: 3, set: {x: [1000, 0.5, -0.25]}}}}
""",
        target=("dy_dx", "J"),
        rewrites={
            "1 / r - x x / r^3": lambda v: np.eye(len(v.x)) / np.sqrt(v.x @ v.x) - np.outer(v.x, v.x) / np.sqrt(v.x @ v.x) ** 3,
            "(1 - y y) / r": unit_vector,
            "(r^2 - x x) / r^3": lambda v: (v.x @ v.x * np.eye(len(v.x)) - np.outer(v.x, v.x)) / (v.x @ v.x) ** 1.5,
        },
        misses={
            "below 1e-5 zero": zeroed(1e-5),
            "1e-7 in the denominator": lambda v, right: unit_vector(v, 1e-7),
            "below 1e-2 off by 1e-5": off(1e-2, 1e-5),
        },
    ),
    Story(
        name="squares of differences",
        source="""
dims: {n: 3..5}
inputs: {a: 'n ~ uniform(50, 60)', b: 'n ~ uniform(50, 60)'}
forward: {f: sum((a - b) ** 3)}
tasks:
  - call: df_da(a, b)
    returns: {g: {gradient: f, wrt: a}}
""",
        target=("df_da", "g"),
        rewrites={
            "3 (a - b)^2": lambda v: 3 * (v.a - v.b) ** 2,
            "multiplied out": lambda v: 3 * v.a**2 - 6 * v.a * v.b + 3 * v.b**2,
        },
        misses={"below 1e-2 off by 1e-4": off(1e-2, 1e-4), "smallest entry zero": row_zeroed},
    ),
    Story(
        name="quadratic form",
        source="quadratic_form",
        target=("gradient", "df_dx"),
        rewrites={
            "(A + At) x + M y": lambda v: (v.A + v.A.T) @ v.x + v.M @ v.y,
            "sums": lambda v: np.einsum("ij,j->i", v.A, v.x) + np.einsum("ij,i->j", v.A, v.x) + np.einsum("ij,j->i", v.M, v.y),
        },
        misses={"float32": single(lambda v: (v.A + v.A.T) @ v.x + v.M @ v.y), "smallest entry off": off(0.2, 1e-5)},
    ),
    Story(
        name="linear regression",
        source="mse_gradient",
        target=("mse_gradient", "dL_dw"),
        rewrites={
            "residuals": lambda v: 2 * v.X.T @ (v.X @ v.w + v.b - v.y) / len(v.y),
            "multiplied out": lambda v: 2 / len(v.y) * (v.X.T @ v.X @ v.w + v.X.sum(0) * v.b - v.X.T @ v.y),
        },
        misses={"float32": single(lambda v: 2 * v.X.T @ (v.X @ v.w + v.b - v.y) / np.float32(len(v.y)))},
    ),
    Story(
        name="saturated tanh of millions",
        source="""
dims: {n: 4..8}
inputs: {B: 'n ~ uniform(-9, 9)'}
forward: {Y: tanh(B), L: 2.0e6 * sum(Y)}
tasks:
  - call: dL_dB(B)
    returns: {g: {gradient: L, wrt: B}}
cases: {random: 6, named: {far out: {n: 3, set: {B: [11, 9, -10]}}}}
""",
        target=("dL_dB", "g"),
        rewrites={name: in_millions(slope) for name, slope in SLOPES.items()},
        misses={
            "below 1e-6 zero": zeroed(1e-6),
            "smallest doubled": row_doubled,
            "below 1e-3 off by 1e-5": off(1e-3, 1e-5),
            "float32": single(lambda v: np.float32(2e6) * (1 - np.tanh(v.B) ** 2)),
        },
    ),
    Story(
        name="softplus of millions",
        source="""
dims: {n: 3..6}
inputs: {x: 'n ~ uniform(-16, 16)'}
forward: {y: softplus(x), L: 1.0e6 * sum(y)}
tasks:
  - call: dL_dx(x)
    returns: {g: {gradient: L, wrt: x}}
""",
        target=("dL_dx", "g"),
        rewrites={
            "sigmoid": lambda v: 1e6 * sigmoid(v.x),
            "1 - sigmoid(-x)": lambda v: 1e6 * (1 - sigmoid(-v.x)),
            "by tanh": lambda v: 5e5 * (1 + np.tanh(v.x / 2)),
        },
        misses={"below 1e-6 zero": zeroed(1e-6), "below 1e-4 off by 1e-4": off(1e-4, 1e-4)},
    ),
    Story(
        name="hessian of saturated units",
        source="""
dims: {n: 3..5}
inputs: {x: 'n ~ uniform(-8, 8)'}
forward: {y: tanh(x), L: 1.0e5 * sum(y)}
tasks:
  - call: hessian(x)
    returns: {H: {hessian: L, wrt: x}}
""",
        target=("hessian", "H"),
        rewrites={
            "-2 y (1 - y^2)": lambda v: -2e5 * np.diag(np.tanh(v.x) * (1 - np.tanh(v.x) ** 2)),
            "2 y^3 - 2 y": lambda v: 2e5 * np.diag(np.tanh(v.x) ** 3 - np.tanh(v.x)),
            "-2 y / cosh^2": lambda v: -2e5 * np.diag(np.tanh(v.x) / np.cosh(v.x) ** 2),
        },
        misses={"below 1e-4 zero": zeroed(1e-4), "below 1e-4 off by 1e-2": off(1e-4, 1e-2)},
    ),
    Story(
        name="differences of thousands",
        source="""
dims: {n: 3..5}
inputs: {a: 'n ~ uniform(5000, 5010)', b: 'n ~ uniform(5000, 5010)'}
forward: {f: sum((a - b) ** 3)}
tasks:
  - call: df_da(a, b)
    returns: {g: {gradient: f, wrt: a}}
""",
        target=("df_da", "g"),
        rewrites={
            "3 (a - b)^2": lambda v: 3 * (v.a - v.b) ** 2,
            "multiplied out": lambda v: 3 * v.a**2 - 6 * v.a * v.b + 3 * v.b**2,
        },
        misses={"below 1e-3 zero": zeroed(1e-3), "smallest entry doubled": row_doubled},
    ),
    Story(
        name="variance of thousands",
        source="""
dims: {n: 4..7}
inputs: {x: 'n ~ uniform(1000, 1003)'}
forward: {v: var(x), L: log(v)}
tasks:
  - call: dL_dx(x)
    returns: {g: {gradient: L, wrt: x}}
""",
        target=("dL_dx", "g"),
        rewrites={
            "var": lambda v: 2 * (v.x - v.x.mean()) / len(v.x) / v.x.var(),
            "E[x^2] - E[x]^2": lambda v: 2 * (v.x - v.x.mean()) / len(v.x) / ((v.x**2).mean() - v.x.mean() ** 2),
            "sums": lambda v: (
                2 * (len(v.x) * v.x - v.x.sum()) / len(v.x) ** 2 / ((v.x @ v.x) / len(v.x) - (v.x.sum() / len(v.x)) ** 2)
            ),
        },
        misses={
            "ddof": lambda v, right: right * (len(v.x) - 1) / len(v.x),
            "eps of 1e-6": lambda v, right: right * v.x.var() / (v.x.var() + 1e-6),
            "float32": single(lambda v: 2 * (v.x - v.x.mean()) / len(v.x) / v.x.var()),
        },
    ),
    Story(
        name="nearly singular",
        source="""
dims: {n: 3..4}
inputs: {A: n n, b: n, c: n, u: n}
forward: {M: 'outer(u, u) + 1.0e-4 * A @ A.T + 1.0e-4 * eye(n)', f: 'dot(c, solve(M, b))'}
tasks:
  - call: df_db(A, b, c, u)
    returns: {g: {gradient: f, wrt: b}}
cases: {random: 8}
""",
        target=("df_db", "g"),
        rewrites={
            "solve": lambda v: np.linalg.solve(flat_matrix(v).T, v.c),
            "inv": lambda v: np.linalg.inv(flat_matrix(v)).T @ v.c,
            "eigenvectors": by_eigenvectors,
        },
        misses={
            "1e-10 on the diagonal": lambda v, right: np.linalg.solve(flat_matrix(v) + 1e-10 * np.eye(len(v.c)), v.c),
            "smallest entry zero": row_zeroed,
            "float32": single(lambda v: np.linalg.solve(flat_matrix(v).T, v.c)),
        },
    ),
    Story(
        name="sines far out",
        source="""
dims: {n: 3..6}
inputs: {x: 'n ~ uniform(-500, 500)'}
forward: {y: sin(3 * x) * cos(x), L: 1.0e4 * sum(y)}
tasks:
  - call: dL_dx(x)
    returns: {g: {gradient: L, wrt: x}}
""",
        target=("dL_dx", "g"),
        rewrites={
            "product rule": lambda v: 1e4 * (3 * np.cos(3 * v.x) * np.cos(v.x) - np.sin(3 * v.x) * np.sin(v.x)),
            "as a sum": lambda v: 1e4 * (2 * np.cos(4 * v.x) + np.cos(2 * v.x)),
        },
        misses={
            "1e-6 in the phase": lambda v, right: 1e4 * (2 * np.cos(4 * v.x + 1e-6) + np.cos(2 * v.x)),
            "smallest entry off": off(0.05, 1e-5),
        },
    ),
)
