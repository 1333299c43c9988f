"""What the cases of every seed show: sizes, shapes, sides of functions. Each attack had full marks at some seed."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping

import numpy as np
import pytest

from grader.exercise.loading import parse_exercise
from grader.exercise.model import DEFAULT_RTOL, Exercise
from grader.reference import prepare, sizes
from grader.reference.model import Record
from grader.reference.tolerance import tolerance_of
from grader.reference.torch import branches

SEEDS = range(20)
Answer = Callable[[Mapping[str, np.ndarray], Mapping[str, int]], np.ndarray | np.float64]


def exercise(text: str) -> Exercise:
    """Parse an exercise of a few lines."""
    return parse_exercise(f"schema: 1\ntitle: x\n{text}", "attacked", "attacked.yaml")


def gradient(forward: str, *, dims: str = "", **inputs: str) -> Exercise:
    """Make an exercise about the gradient of the line `y` by the input x, by default a scalar."""
    inputs = {"x": "scalar", **inputs}
    given = "".join(f"  {name}: {shape}\n" for name, shape in inputs.items())
    call = f"  - call: g({', '.join(inputs)})\n    returns: {{d: {{gradient: y, wrt: x}}}}\n"
    return exercise(f"{dims}inputs:\n{given}forward:\n  y: {forward}\ntasks:\n{call}")


RELU = gradient("relu(x)")
HINGE = gradient("maximum(0, 1 - t * x)", t="scalar ~ choice(-1.0, 1.0)")
SQUARE = gradient("x ** 2")
CLIPPED = gradient("clip(x, -3, 4)")
MASKED = gradient("where(m, x ** 2, x)", m="scalar ~ mask(0.5)")
LARGEST = gradient("max(x ** 3)", x="n ~ distinct", dims="dims: {n: 2..3}\n")
POOLING = exercise("""
dims:
  H: 4..6
  k: 2
  s: 1..2
  P: (H - k) // s + 1
inputs: {x: H H}
upstream: {dy: P P}
forward: {y: "avg_pool2d(x[None, None], k, s)[0, 0]"}
tasks:
  - call: pool_backward(dy, x, k, s)
    returns: {dx: {vjp: y, wrt: x, upstream: dy}}
""")
RARE = gradient("where(x > 0.95, x ** 2, x)", x="scalar ~ uniform(0, 1)")
MATRIX = exercise("""
dims: {n: 2..6, m: 2..6}
inputs: {A: m n, x: n}
forward: {y: A @ x}
tasks:
  - call: dy_dx(A, x)
    returns: {d: {jacobian: y, wrt: x}}
""")


def pooled(values: Mapping[str, np.ndarray], its: Mapping[str, int], stride: int) -> np.ndarray:
    """Compute the backward pass of average pooling with some stride."""
    dx = np.zeros_like(values["x"])
    for (i, j), upstream in np.ndenumerate(values["dy"]):
        dx[i * stride : i * stride + its["k"], j * stride : j * stride + its["k"]] += upstream / its["k"] ** 2
    return dx


@functools.cache
def _made(place: int, seed: int) -> Record:
    return prepare.make(_exercises[place], seed)


_exercises: list[Exercise] = []


def made(asked: Exercise, seed: int) -> Record:
    """Make the record of an exercise, once for all tests."""
    if asked not in _exercises:
        _exercises.append(asked)
    return _made(_exercises.index(asked), seed)


def is_right(record: Record, answer: Answer) -> bool:
    """Whether an answer is right in every case."""
    for case, expected in record.cases:
        for key in expected.targets:
            if not tolerance_of(expected, key, DEFAULT_RTOL).agrees(np.asarray(answer(case.values, case.sizes))):
                return False
    return True


def one_of_square(values: Mapping[str, np.ndarray], right: bool) -> np.ndarray:
    """Return A, but its transpose if it is square."""
    matrix = values["A"]
    return matrix.T if matrix.shape[0] == matrix.shape[1] and not right else matrix


ATTACKS: dict[str, tuple[Exercise, Answer, Answer]] = {  # exercise, right, wrong
    "relu: 1 everywhere": (RELU, lambda v, _: np.float64(v["x"] > 0), lambda v, _: np.float64(1)),
    "relu: NaN on half of its domain": (
        RELU,
        lambda v, _: np.float64(v["x"] > 0),
        lambda v, _: np.float64(1) if v["x"] > 0 else np.float64("nan"),
    ),
    "hinge without its gate": (
        HINGE,
        lambda v, _: -v["t"] * (1 - v["t"] * v["x"] > 0),
        lambda v, _: -v["t"],
    ),
    "hinge of one class": (
        HINGE,
        lambda v, _: -v["t"] * (1 - v["t"] * v["x"] > 0),
        lambda v, _: -1.0 * (1 - v["x"] > 0),
    ),
    "square: NaN on half of its domain": (
        SQUARE,
        lambda v, _: 2 * v["x"],
        lambda v, _: 2 * v["x"] if v["x"] > 0 else np.float64("nan"),
    ),
    "clip that forgets its upper bound": (
        CLIPPED,
        lambda v, _: np.float64(-3 < v["x"] < 4),
        lambda v, _: np.float64(v["x"] > -3),
    ),
    "clip that forgets its lower bound": (
        CLIPPED,
        lambda v, _: np.float64(-3 < v["x"] < 4),
        lambda v, _: np.float64(v["x"] < 4),
    ),
    "where without its rare side": (
        RARE,
        lambda v, _: 2 * v["x"] if v["x"] > 0.95 else np.float64(1),
        lambda v, _: np.float64(1),
    ),
    "where as if the mask were 1": (
        MASKED,
        lambda v, _: 2 * v["x"] if v["m"] else np.float64(1),
        lambda v, _: 2 * v["x"],
    ),
    "max that is always the first": (
        LARGEST,
        lambda v, _: 3 * v["x"] ** 2 * (v["x"] == v["x"].max()),
        lambda v, _: 3 * v["x"] ** 2 * (np.arange(len(v["x"])) == 0),
    ),
    "max that is never the first": (
        LARGEST,
        lambda v, _: 3 * v["x"] ** 2 * (v["x"] == v["x"].max()),
        lambda v, _: 3 * v["x"] ** 2 * (v["x"] == v["x"].max()) * (np.arange(len(v["x"])) > 0),
    ),
    "pooling that forgets its stride": (
        POOLING,
        lambda v, its: pooled(v, its, its["s"]),
        lambda v, its: pooled(v, its, 1) if its["s"] == 1 else pooled(v, {**its, "k": 1}, 1),
    ),
    "right but where it is square": (
        MATRIX,
        lambda v, _: one_of_square(v, right=True),
        lambda v, _: one_of_square(v, right=False),
    ),
}


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=list(ATTACKS))
def test_an_answer_that_forgets_a_side_is_wrong_at_every_seed(attack: tuple[Exercise, Answer, Answer]) -> None:
    """And the right one is right."""
    asked, right, wrong = attack
    for seed in SEEDS:
        record = made(asked, seed)
        assert is_right(record, right)
        assert not is_right(record, wrong), f"full marks at seed {seed}"


@pytest.mark.parametrize("asked", [RELU, HINGE, CLIPPED, LARGEST, POOLING, MATRIX], ids=lambda one: one.forward[0].formula.text)
def test_every_seed_shows_every_side_and_size(asked: Exercise) -> None:
    """By construction: sizes are planned together, and what is missing is looked for."""
    for seed in SEEDS:
        shown = [case for case, _ in made(asked, seed).cases]
        assert set(branches.all_branches(asked)) == set().union(*(branches.branches_shown(asked, case) for case in shown))
        assert all(any(need.is_met(case.sizes) for case in shown) for need in sizes.requirements(asked))


def test_a_closed_gate_stays_among_the_others() -> None:
    """Some cases have a derivative that is zero throughout, and no more than half of them."""
    for seed in SEEDS:
        zeros = sum(not expected.targets["g", "d"].any() for _, expected in made(RELU, seed).cases)
        assert 1 <= zeros <= 6


def test_a_stride_of_two_comes_often_beside_a_window_of_two() -> None:
    """Sizes should differ, and k is always 2: so s was always 1."""
    for seed in SEEDS:
        strides = [case.sizes["s"] for case, _ in made(POOLING, seed).cases if case.role == "random"]
        assert 2 <= strides.count(2) <= 7


def test_the_number_of_cases_stays_as_it_was() -> None:
    """Every case is a call."""
    assert all(len(made(asked, 0).cases) == 12 for asked in (RELU, POOLING, MATRIX))


def test_a_side_that_cannot_be_reached_stops_nothing() -> None:
    """relu(exp(x)) has one side only."""
    asked = gradient("relu(exp(x))")
    missing = set(branches.all_branches(asked)) - set().union(
        *(branches.branches_shown(asked, case) for case, _ in made(asked, 0).cases)
    )
    assert [str(side) for side in missing] == ["exp(x) < 0 in relu(exp(x)), the line of y"]
    assert not prepare.reaches(asked, missing.pop(), 0)


def test_sizes_alone_decide_no_side() -> None:
    """`arange(n) < 1` is what it is; lines that no target depends on are not looked at."""
    asked = exercise("""
dims: {n: 2..4}
inputs: {x: n}
forward: {y: "x * (arange(n) < 1)", L: sum(y), unused: sum(relu(x))}
tasks:
  - call: g(x)
    returns: {d: {gradient: L, wrt: x}}
""")
    assert {str(side) for side in branches.all_branches(asked)} == {"x > 0", "x < 0"}


def test_a_batch_is_the_axis_that_comes_first_wherever_it_stands() -> None:
    """N of an affine layer, not its features."""
    asked = exercise("""
dims: {N: 2..4, D: 2..4, M: 2..4}
inputs: {x: N D, w: D M, b: M}
upstream: {g: N M}
forward: {y: x @ w + b}
tasks:
  - call: f(x, w, b, g)
    returns: {dw: {vjp: y, wrt: w, upstream: g}}
""")
    assert sizes.batch_axes(asked) == ("N",)


def test_what_computed_axes_forbid_is_not_possible() -> None:
    """K = 4 leaves no output of a signal of 3."""
    asked = exercise("""
dims: {H: 3, K: 2..4, P: H - K + 1}
inputs: {x: H, w: K, v: P}
forward: {y: "sum(conv1d(x[None, None], w[None, None])[0, 0] * v)"}
tasks:
  - call: f(x, w, v)
    returns: {dw: {gradient: y, wrt: w}}
""")
    unmet = [
        str(need) for need in sizes.requirements(asked) if not any(need.is_met(case.sizes) for case, _ in made(asked, 0).cases)
    ]
    assert unmet == ["K = 4"]
    assert not any(sizes.is_possible(asked.axes, need) for need in sizes.requirements(asked) if str(need) == "K = 4")
