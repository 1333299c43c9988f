"""The key is true, or the case is not used: singular points, kinks, inputs without digits, and derivatives that are wrong."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
import random_formulas
import torch
from builders import one_target
from torch.autograd import forward_ad

from grader.errors import ExerciseError
from grader.exercise.formula import parse
from grader.exercise.loading import parse_exercise
from grader.exercise.model import Exercise, Gradient, Hessian, Jacobian
from grader.judging.in_process import check_functions
from grader.reference import prepare
from grader.reference.model import Case
from grader.reference.torch import compute, cross_checks, functions, numerical, tensors
from grader.reference.torch.evaluate import evaluate


def exercise_of(forward: str, target: str, cases: str = "", **inputs: str) -> Exercise:
    """Make an exercise with one target `r` of a function g."""
    lines = "".join(f"  {line.strip()}\n" for line in forward.split("|"))
    drawn = "".join(f"  {name}: {shape}\n" for name, shape in inputs.items())
    return parse_exercise(
        f"schema: 1\ntitle: T\ndims: {{n: 2..4}}\ninputs:\n{drawn}forward:\n{lines}tasks:\n"
        f"  - call: g({', '.join(inputs)})\n    returns:\n      r: {target}\n{cases}",
        "t",
    )


def case_of(exercise: Exercise, **values: Any) -> Case:
    """Make a case with these numbers; n is the length of the first."""
    arrays = {name: np.array(value, dtype=np.float64) for name, value in values.items()}
    size = next((array.shape[0] for array in arrays.values() if array.ndim), 2)
    return Case(name="given", role="named", sizes={"n": size}, values=arrays)


def reason(exercise: Exercise, **values: Any) -> str:
    """Why the case is drawn again; "" where it is accepted."""
    found = compute.expected(exercise, case_of(exercise, **values), accept_zero=True)
    return found.reason if isinstance(found, compute.Redraw) else ""


# Determinants, products: the key is right at singular matrices and zeros


def minor(matrix: np.ndarray, rows: tuple[int, ...], columns: tuple[int, ...]) -> float:
    """Compute the determinant without some rows and columns, by permutations."""
    left = np.delete(np.delete(matrix, rows, 0), columns, 1)
    total = 0.0
    for order in itertools.permutations(range(len(left))):
        inversions = sum(a > b for a, b in itertools.combinations(order, 2))
        total += (-1) ** inversions * math.prod(left[i, j] for i, j in enumerate(order))
    return total


def cofactors(A: np.ndarray) -> np.ndarray:
    """Compute the gradient of det."""
    places = range(len(A))
    return np.array([[(-1) ** (i + j) * minor(A, (i,), (j,)) for j in places] for i in places])


def second_cofactors(A: np.ndarray) -> np.ndarray:
    """Compute the Hessian of det."""
    n = len(A)
    found = np.zeros((n, n, n, n))
    for i, j, k, m in itertools.product(range(n), repeat=4):
        if i != k and j != m:
            sign = (-1) ** (i + j + k + m + (k > i) + (m > j))
            found[i, j, k, m] = sign * minor(A, (i, k), (j, m))
    return found


MATRICES = {
    "rank 0 of 1": [[0.0]],
    "rank 0 of 2": np.zeros((2, 2)),
    "rank 1 of 2": [[1.0, 2.0], [2.0, 4.0]],
    "rank 1 of 3": np.ones((3, 3)),
    "rank 2 of 3": [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]],
    "rank 2 of 4": np.add.outer(np.arange(4.0), np.arange(4.0)),
    "full": [[2.0, 0.0, 1.0], [0.0, 3.0, 1.0], [1.0, 1.0, 0.0]],
}


@pytest.mark.parametrize("name", MATRICES)
def test_derivatives_of_det_are_cofactors_in_every_mode(name: str) -> None:
    """Reverse mode with and without a graph, forward mode, twice: also where LU meets an exact zero."""
    A = np.array(MATRICES[name])
    det = parse("det(A)")
    leaf = torch.tensor(A, requires_grad=True)
    for create_graph in (False, True):
        (found,) = torch.autograd.grad(evaluate(det, {"A": leaf}, {}), leaf, create_graph=create_graph)
        assert np.allclose(found.detach(), cofactors(A), rtol=1e-13, atol=1e-13)
    cross_checks._prepare_forward_mode()
    for place in np.ndindex(A.shape):
        with forward_ad.dual_level():
            along = torch.zeros(A.shape, dtype=torch.float64)
            along[place] = 1.0
            value = evaluate(det, {"A": forward_ad.make_dual(torch.tensor(A), along)}, {})  # type: ignore[no-untyped-call]
            tangent = forward_ad.unpack_dual(value).tangent  # type: ignore[no-untyped-call]
            assert float(0.0 if tangent is None else tangent) == pytest.approx(cofactors(A)[place], abs=1e-13)
    exercise = exercise_of("d: det(A) + sum(A * A)", "{hessian: d, wrt: A}", A="n n")
    expected = compute.expected(exercise, case_of(exercise, A=A), accept_zero=True)
    assert not isinstance(expected, compute.Redraw), expected.reason
    twice = 2 * np.eye(A.size).reshape(A.shape * 2)
    assert np.allclose(expected.targets["g", "r"], second_cofactors(A) + twice, rtol=1e-12, atol=1e-12)


def test_the_determinants_of_a_stack_and_of_large_matrices_are_numpys() -> None:
    """Minors of every matrix of a stack; beyond ten rows they would be too many."""
    for shape in ((2, 3, 4, 4), (5, 1, 1), (10, 10), (11, 11)):
        A = np.random.default_rng(0).standard_normal(shape)
        assert np.allclose(evaluate(parse("det(A)"), {"A": torch.tensor(A)}, {}), np.linalg.det(A), rtol=1e-11)


@pytest.mark.parametrize("draw", ["", " ~ integers(0, 3)"])
def test_the_right_gradient_of_a_determinant_has_full_marks_at_every_seed(draw: str) -> None:
    """Drawn from few whole numbers, many matrices are singular; small cases are of whole numbers, too."""
    exercise = exercise_of("d: det(A) + sum(A * A)", "{gradient: d, wrt: A}", "cases: {random: 4}\n", A=f"n n{draw}")
    for seed in range(40):
        report = check_functions(exercise, {"g": lambda A: cofactors(A) + 2 * A}, seed=seed)
        assert report.score == report.points, (seed, report.targets)


def by_product(x: np.ndarray, *left_out: int) -> float:
    """Multiply the other entries."""
    return float(np.prod(np.delete(x, left_out)))


@pytest.mark.parametrize("zeros", [(), (1,), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("near", [0.0, 1e-13, -1e-9, 1e-5])
def test_second_derivatives_of_products_have_their_digits_at_and_near_zeros(zeros: tuple[int, ...], near: float) -> None:
    """Torch's own divide by the entries: beside a zero of 1e-13 they are 1e-3 off."""
    x = np.array([2.0, -3.0, 0.5, 1.5])
    x[list(zeros)] = near
    leaf = torch.tensor(x, requires_grad=True)
    for formula, terms in (("prod(x)", [range(4)]), ("sum(cumprod(x))", [range(k) for k in range(1, 5)])):
        (first,) = torch.autograd.grad(evaluate(parse(formula), {"x": leaf}, {}), leaf, create_graph=True)
        second = torch.stack([torch.autograd.grad(entry, leaf, retain_graph=True)[0] for entry in first])
        for i, j in itertools.product(range(4), repeat=2):
            by_hand = sum(by_product(x[: len(term)], i, j) for term in terms if i in term and j in term) if i != j else 0.0
            assert float(second[i, j]) == pytest.approx(by_hand, rel=1e-12, abs=1e-25)
        assert np.allclose(
            first.detach(), [sum(by_product(x[: len(t)], i) for t in terms if i in t) for i in range(4)], rtol=1e-13
        )


# Every function at its special points: right, or not used. `right` is the textbook's array, None where there is none.

SPECIAL: list[tuple[str, str, list[float], Any]] = [
    ("prod(x)", "gradient", [0.0, 2.0, 3.0], [6.0, 0.0, 0.0]),
    ("prod(x)", "gradient", [0.0, 0.0, 3.0], [0.0, 0.0, 0.0]),
    ("prod(x)", "hessian", [0.0, 0.0, 3.0], [[0, 3, 0], [3, 0, 0], [0, 0, 0]]),
    ("sum(cumprod(x))", "gradient", [2.0, 0.0, 0.0], [1.0, 2.0, 0.0]),
    ("sum(cumprod(x))", "hessian", [2.0, 0.0, 0.0], [[0, 1, 0], [1, 0, 2], [0, 2, 0]]),
    ("sum(x ** 2)", "hessian", [0.0, 1.0], [[2, 0], [0, 2]]),
    ("sum(x ** 3)", "hessian", [0.0, 1.0], [[0, 0], [0, 6]]),
    ("sum(power(x, 2 * x / x))", "gradient", [1.0, 2.0], [2.0, 4.0]),
    ("sum(x ** 0)", "gradient", [0.0, 1.0], [0.0, 0.0]),
    ("sum(x ** 0.5)", "gradient", [0.0, 1.0], None),
    ("sum(x ** 1.5)", "gradient", [0.0, 1.0], None),
    ("sum(abs(x))", "gradient", [0.0, 1.0], None),
    ("sum(abs(x) ** 2)", "hessian", [0.0, 1.0], None),
    ("sum(abs(x) * x)", "hessian", [0.0, 1.0], None),
    ("sum(sqrt(x * x))", "gradient", [0.0, 1.0], None),
    ("sum(cbrt(x))", "gradient", [0.0, 1.0], None),
    ("sum(x / abs(x))", "gradient", [0.0, 1.0], None),
    ("sum(elu(x))", "gradient", [0.0, 1.0], [1.0, 1.0]),
    ("sum(elu(x))", "hessian", [0.0, 1.0], None),
    ("sum(gelu(x))", "hessian", [0.0], [[2 / math.sqrt(2 * math.pi)]]),
    ("sum(softplus(x))", "hessian", [0.0, 50.0], [[0.25, 0], [0, math.exp(-50)]]),
    ("sum(sign(x))", "gradient", [0.0, 1.0], None),
    ("sum(clip(x, -1, 1))", "gradient", [1.0, 0.5], None),
    ("sum(maximum(x, 1))", "gradient", [1.0, 0.5], None),
    ("max(x)", "gradient", [1.0, 1.0], None),
    ("max(x - x[::-1] * x[::-1])", "gradient", [1.0, 1.0], None),
    ("std(x)", "gradient", [2.0, 2.0, 2.0], None),
    ("std(x) ** 2", "hessian", [2.0, 2.0, 2.0], None),
    ("std(x) ** 2", "hessian", [1.0, 2.0, 4.0], (2 / 3 * (np.eye(3) - 1 / 3)).tolist()),
    ("std(x[:1]) + sum(x)", "gradient", [2.0, 3.0], [1.0, 1.0]),
    ("var(x)", "hessian", [2.0, 2.0, 2.0], (2 / 3 * (np.eye(3) - 1 / 3)).tolist()),
    ("norm(x)", "gradient", [0.0, 0.0], None),
    ("norm(x) ** 2", "hessian", [0.0, 0.0], None),
    ("norm(x, 3)", "gradient", [0.0, 2.0], [0.0, 1.0]),
    ("norm(x, 1.5)", "hessian", [0.0, 2.0], None),
    ("norm(x, 1)", "gradient", [0.0, 2.0], None),
    ("arctan2(x[0], x[1])", "gradient", [0.0, 0.0], None),
    ("arctan2(x[0], x[1])", "gradient", [0.0, 2.0], [0.5, 0.0]),
    ("arctan2(x[0], x[1])", "gradient", [0.0, -2.0], None),
    ("arctan2(0 - x[0], x[1])", "gradient", [0.0, -2.0], None),
    ("sum(arcsin(x))", "gradient", [1.0, 0.5], None),
    ("logsumexp(x)", "gradient", [0.0, 700.0], [math.exp(-700), 1.0]),
    ("logsumexp(x)", "hessian", [1.0, 1.0], [[0.25, -0.25], [-0.25, 0.25]]),
    ("sum(where(x ** 2 > 0, x, 2 * x))", "gradient", [0.0, 1.0], None),
    ("det(outer(x, x)) + x @ x", "gradient", [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]),
    ("sum(inv(outer(x, x) + outer(x, x)[::-1]))", "gradient", [1.0, 2.0, 3.0], None),
    ("sum(solve(outer(x, x) + outer(x * x, x), x))", "gradient", [1.0, 2.0, 3.0], None),
    ("logdet(diag(x)[::-1])", "gradient", [1.0, 2.0, 4.0], [1.0, 0.5, 0.25]),
    ("sum(inv(diag(x)[::-1]))", "gradient", [1.0, 2.0, 4.0], [-1.0, -0.25, -0.0625]),
    ("logdet(outer(x, x) + outer(x * x, x))", "gradient", [1.0, 2.0, 3.0], None),
    ("sum(cholesky(outer(x, x)))", "gradient", [1.0, 2.0], None),
    ("sum(max_pool2d(outer(x, x), 2))", "gradient", [1.0, 1.0], None),
    ("sum(tan(100000 * x)) / 100000", "gradient", [math.pi / 200000 + 1e-14, 1.0], None),
]


@pytest.mark.parametrize(
    ("formula", "kind", "x", "right"), SPECIAL, ids=[f"{kind} {text} at {x}" for text, kind, x, _ in SPECIAL]
)
def test_at_a_special_point_the_key_is_right_or_the_case_is_not_used(formula: str, kind: str, x: list[float], right: Any) -> None:
    """No list of kinks is asked: what has no derivative is found by comparing, in first and in second order."""
    exercise = exercise_of(f"y: {formula}", f"{{{kind}: y, wrt: x}}", x="n")
    found = compute.expected(exercise, case_of(exercise, x=x), accept_zero=True)
    if right is None:
        assert isinstance(found, compute.Redraw), found.targets
    else:
        assert not isinstance(found, compute.Redraw), found.reason
        assert np.allclose(found.targets["g", "r"], right, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("formula", ["std(x)", "arctan2(x[0], x[1])", "norm(x - x[::-1]) + sum(x)", "sqrt(var(x))"])
def test_no_kink_is_accepted_though_the_list_of_kinks_is_empty(formula: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list gives a distance from kinks that are known; what is right does not rest on it."""
    monkeypatch.setattr("grader.reference.torch.evaluate.KINKS", {})
    exercise = exercise_of(f"y: {formula}", "{gradient: y, wrt: x}", x="n")
    assert reason(exercise, x=[0.0, 0.0])
    assert not reason(exercise, x=[0.25, 0.5])
    for text, at in (("sum(relu(x))", 0.0), ("sum(clip(x, -1, 1))", 1.0), ("max(x)", 0.5), ("sum(abs(x))", 0.0)):
        listed = exercise_of(f"y: {text}", "{gradient: y, wrt: x}", x="n")
        assert "jumps there" in reason(listed, x=[at, 0.5]), text


def test_a_right_answer_has_full_marks_where_draws_often_meet_a_kink() -> None:
    """Std of entries that are often equal: such cases are drawn again, and what is left is judged."""
    exercise = exercise_of("y: std(x) + sum(x * x)", "{gradient: y, wrt: x}", "cases: {random: 4}\n", x="n ~ integers(0, 1)")
    for seed in range(10):
        report = check_functions(exercise, {"g": lambda x: (x - x.mean()) / (len(x) * x.std()) + 2 * x}, seed=seed)
        assert report.score == report.points


# Conditioning


def test_an_ill_conditioned_exercise_is_refused_with_the_reason() -> None:
    """The last digit of x decides about cos(10⁹ x)."""
    exercise = exercise_of("y: sin(1000000000 * x) + a * x", "{jacobian: y, wrt: x}", x="n", a="scalar")
    with pytest.raises(ExerciseError, match="r is ill-conditioned there: last digits of the inputs change its leading ones"):
        prepare.make(exercise, 0)


def test_it_is_the_nudge_that_refuses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """With inputs that do not move, as when a nudge is lost in float32, nothing would be found."""
    exercise = exercise_of("y: sin(1000000000 * x) + a * x", "{jacobian: y, wrt: x}", x="n", a="scalar")
    monkeypatch.setattr(cross_checks, "nudged", lambda exercise, inputs, size: dict(inputs))
    assert "ill-conditioned" not in reason(exercise, x=[0.5, 1.25], a=2.0)


def test_what_is_held_fixed_is_nudged_too_unless_it_is_drawn_from_few_numbers() -> None:
    """An input that nothing is differentiated by may make the key ill-conditioned; a mask is what it is."""
    exercise = exercise_of("y: sin(1000000000 * c) * x", "{jacobian: y, wrt: x}", x="n", c="n")
    assert "ill-conditioned" in reason(exercise, x=[1.0, 2.0], c=[0.3, 0.7])
    masked = exercise_of("y: where(m == 1, x * x, x)", "{jacobian: y, wrt: x}", x="n", m="n ~ mask(0.5)")
    assert not reason(masked, x=[1.0, 2.0], m=[1.0, 0.0])


def test_a_nudge_moves_every_entry_in_double_precision() -> None:
    """By another share each, up or down; zeros too; never as a factor of a whole column."""
    exercise = exercise_of("d: det(A) * s", "{gradient: d, wrt: A}", A="n n", s="scalar")
    A = np.array([[1.0, 2.0, 0.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]])
    inputs = {"A": torch.tensor(A), "s": torch.tensor(3.0, dtype=torch.float64)}
    moved = cross_checks.nudged(exercise, inputs, 1e-10)
    assert moved is not None
    step = (moved["A"] - inputs["A"]).numpy()
    assert moved["A"].dtype == torch.float64
    assert float(moved["s"]) != 3.0
    assert (step != 0).all()
    assert (step > 0).any()
    assert (step < 0).any()
    assert (np.abs(step) <= 1.01e-10 * np.maximum(A, 0.09)).all()
    assert len(set((step / np.maximum(A, 0.09)).round(14).reshape(-1))) == 9
    assert bool((cross_checks.nudged(exercise, inputs, 1e-10)["A"] == moved["A"]).all())  # type: ignore[index]


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_singular_matrix_is_seen_though_lu_meets_no_exact_zero(n: int) -> None:
    """Rounding gives it an inverse of 1e16, which has no digits."""
    exercise = exercise_of("y: sum(inv(A + A))", "{gradient: y, wrt: A}", A="n n")
    A = np.add.outer(np.arange(n) * 0.1, np.arange(n) * 0.7) if n > 2 else np.array([[0.1, 0.3], [0.3, 0.9]])
    assert reason(exercise, A=A)
    assert not reason(exercise, A=A + np.eye(n))


# Second opinions


class Tripled(torch.autograd.Function):
    """x², whose derivative is wrong in reverse mode, or in both modes."""

    is_forward_wrong = False

    @staticmethod
    def forward(x: torch.Tensor) -> torch.Tensor:
        """Compute the square."""
        return x * x

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Keep x."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        """Three times x, which is wrong."""
        return 3 * ctx.saved_tensors[0] * gradients[0]

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Any:
        """Twice x, or as wrong as backward."""
        return (3 if Tripled.is_forward_wrong else 2) * ctx.saved_tensors[0] * tangents[0]


def tripled(x: Any) -> Any:
    """Apply the function that lies about its derivative."""
    return Tripled.apply(tensors.real(x))  # type: ignore[no-untyped-call]


KINDS: list[tuple[str, Any, str]] = [
    ("y = square(x)", Jacobian(of="y", wrt="x"), "n n"),
    ("E = sum(square(x))", Gradient(of="E", wrt="x"), "n"),
    ("E = sum(x * square(x))", Hessian(of="E", wrt="x", other="x"), "n n"),
]


@pytest.mark.parametrize(("is_forward_wrong", "mode"), [(False, "forward mode"), (True, "differences on one side")])
@pytest.mark.parametrize(("forward", "kind", "shape"), KINDS)
def test_a_derivative_that_torch_has_wrong_is_a_fault_with_target_case_and_values(
    forward: str, kind: Any, shape: str, is_forward_wrong: bool, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wrong everywhere, so that nothing jumps: another mode tells, or differences where both modes are wrong alike."""
    monkeypatch.setattr(Tripled, "is_forward_wrong", is_forward_wrong)
    monkeypatch.setitem(functions.IMPLEMENTATIONS, "square", tripled)
    exercise = one_target(forward, kind, shape)
    with pytest.raises(ExerciseError) as caught:
        prepare.make(exercise, 0)
    said = caught.value.faults[0].what
    assert "The case 'small 1'" in said
    assert "g is doubtful there: along one direction" in said
    assert mode in said or kind == KINDS[2][1]
    assert len([word for word in said.replace(",", " ").split() if word.replace(".", "").replace("-", "").isdigit()]) >= 2


@pytest.mark.parametrize("layout", ["numerator", "denominator"])
def test_layouts_do_not_matter(layout: Any) -> None:
    """The reference is compared as it is laid out."""
    exercise = one_target("y = tanh(cumsum(x)) * x", Jacobian(of="y", wrt="x"), "n n", layout=layout)
    assert len(prepare.make(exercise, 3).cases) >= 12


def test_a_flat_place_is_no_disagreement() -> None:
    """Two zeros in a product of large numbers: the gradient is 0, differences are nearly so."""
    exercise = exercise_of("y: prod(prod(outer(x, x), axis=0))", "{gradient: y, wrt: x}", x="n")
    assert not reason(exercise, x=[0.0, 30.0, 20.0])
    crossed = exercise_of("y: prod(prod(X @ X.T, axis=0))", "{gradient: y, wrt: X}", X="n n")
    assert not reason(crossed, X=[[1.0, -3.0, 0.0], [3.0, 1.0, 0.0], [2.0, 1.0, 0.0]])


def test_an_edge_of_the_domain_is_no_disagreement() -> None:
    """Log has no value at a step below a small entry; smaller steps have."""
    exercise = exercise_of("y: sum(x * log(x))", "{gradient: y, wrt: x}", x="n")
    assert not reason(exercise, x=[3e-5, 2.0])
    point = compute.point_of(exercise, case_of(exercise, x=[3e-5, 2.0]))
    target = exercise.tasks[0].targets[0]
    gap = numerical.gap(point, target, compute.array(compute.expected_array(point, target)))
    assert gap is not None
    assert gap < 1e-3


@pytest.mark.parametrize("target", ["{hessian: L, wrt: w}", "{hessian: L, wrt: w, and: x}", "{vjp: y, wrt: w, upstream: g}"])
def test_one_filter_has_second_derivatives_and_vjps(target: str) -> None:
    """Of arrays that are transposed in memory: "slow_conv2d: grad_weight must be contiguous"."""
    upstream = "upstream: {g: like y}\n" if "vjp" in target else ""
    exercise = parse_exercise(
        f"""
schema: 1
title: One filter, channels last
dims: {{N: 1..2, C: 2, F: 1, H: 3, K: 1, M: 2, P: H - M + 1, Q: H - K + 1}}
inputs: {{x: N H H C, w: F K M C}}
forward: {{y: "transpose(conv2d(transpose(x, (0, 3, 1, 2)), transpose(w, (0, 3, 2, 1))), (1, 0, 3, 2))", L: sum(y * y * y)}}
{upstream}tasks:
  - call: f({"g, " if upstream else ""}x, w)
    returns: {{r: {target}}}
cases: {{random: 2}}
""",
        "conv",
    )
    for case, expected in prepare.make(exercise, 0).cases:
        point = compute.point_of(exercise, case)
        gap = numerical.gap(point, exercise.tasks[0].targets[0], expected.targets["f", "r"])
        assert gap is not None
        assert gap < 1e-7


def test_what_is_accepted_of_random_formulas_is_right() -> None:
    """Full central differences contradict none; at small whole numbers kinks and singular points are frequent."""
    found = [
        (exercise, reason) for exercise in random_formulas.exercises(40, 5) for _, reason in random_formulas.judged(exercise)
    ]
    assert [str(exercise.forward[0].formula) for exercise, reason in found if "WRONG" in reason] == []
    assert sum(not reason for _, reason in found) > len(found) / 2
    assert any("jumps" in reason or "doubtful" in reason for _, reason in found)


# The key that staff look at


def test_show_key_says_where_the_key_is_doubtful(tmp_path: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """Each target that has no derivative there, and none that has."""
    from grader.cli import run

    path = tmp_path / "points.yaml"
    path.write_text(
        """
schema: 1
title: Points
dims: {n: 2..3}
inputs: {x: n}
forward: {y: std(x), z: "arctan2(x[0], x[1])", d: "det(outer(x, x)) + x @ x"}
tasks:
  - call: g(x)
    returns:
      dy: {gradient: y, wrt: x}
      dz: {gradient: z, wrt: x}
      dd: {gradient: d, wrt: x}
"""
    )

    def said(x: str) -> list[str]:
        assert run(["show", str(path), "--key", "--set", f"x={x}"]) == 0
        out = " ".join(capsys.readouterr().out.split())
        return [part.split()[0] for part in out.split("Careful: ")[1:]]

    assert said("[0, 0]") == ["dy", "dz"]
    assert said("[1, 1]") == ["dy"]
    assert said("[1, 2]") == []
