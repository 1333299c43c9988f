"""The bound on rounding: every function can be shaken, by a little, the same each time; and it grows with what it should."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from builders import one_target
from formula_examples import AXES, EXAMPLES, VALUES, Example

from grader.exercise.formula import parse
from grader.exercise.model import Exercise, Gradient, Hessian, Jacobian
from grader.reference.tolerance import UNKNOWN
from grader.reference.torch import compute
from grader.reference.torch.derivatives import point_at
from grader.reference.torch.evaluate import evaluate
from grader.reference.torch.rounding import NOISE, RoundingNoise, rounding

TENSORS = {name: torch.tensor(value) for name, value in VALUES.items()}
KEY = ("g", "g")


def moved(exercise: Exercise, x: list[float]) -> tuple[np.ndarray, np.ndarray]:
    """Compute the expected array of a target at x, and how far rounding may move its entries."""
    inputs, sizes = {"x": torch.tensor(x, dtype=torch.float64)}, {"n": len(x)}
    point = point_at(exercise, sizes, inputs)
    arrays = {KEY: compute.expected_array(point, next(target for _, target in exercise.targets()))}
    return arrays[KEY].numpy(), np.ldexp(1.0, rounding(exercise, sizes, inputs, arrays)[KEY])


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.text)
def test_every_function_is_shaken_by_a_little(example: Example) -> None:
    """Value and slope move by some units of NOISE, in the same shape and dtype; whole numbers and exact zeros stay."""
    formula = parse(example.text)
    names = sorted(name for name in formula.names if name in TENSORS and TENSORS[name].is_floating_point())
    leaves = {name: TENSORS[name].clone().requires_grad_() for name in names}
    clean = evaluate(formula, {**TENSORS, **leaves}, AXES)
    shaken = evaluate(formula, {**TENSORS, **leaves}, AXES, noise=RoundingNoise(0))
    assert (clean.dtype, clean.shape) == (shaken.dtype, shaken.shape)
    if not clean.numel():
        return
    scale = float(clean.detach().abs().max())
    assert float((shaken - clean).detach().abs().max()) <= 1e4 * NOISE * max(scale, 1.0)
    if clean.is_floating_point():
        assert not shaken.detach()[clean.detach() == 0].abs().gt(1e4 * NOISE).any()
    if clean.requires_grad and shaken.requires_grad:
        slopes = [torch.autograd.grad(out.sum(), list(leaves.values()), allow_unused=True) for out in (clean, shaken)]
        for one, other in zip(*slopes, strict=True):
            if one is not None and other is not None:
                assert float((one - other).abs().max()) <= 1e4 * NOISE * max(float(one.abs().max()), 1.0)


def test_noise_is_the_same_each_time() -> None:
    """A record is made again the same."""
    exercise = one_target("Y = tanh(x)", Jacobian(of="Y", wrt="x"), "n n")
    first, recompute = (moved(exercise, [0.5, -2.0, 7.0])[1] for _ in range(2))
    assert np.array_equal(first, recompute)


def test_an_entry_has_the_digits_of_what_it_is_made_of() -> None:
    """The slope of tanh at 9 is 6e-8 and made of 1 - Y²; that of exp at -17 is 4e-8 and made of nothing larger."""
    for forward, x, least, most in (("Y = tanh(x)", 9.0, 1e-16, 1e-11), ("Y = exp(x)", -17.0, 0.0, 1e-18)):
        right, found = moved(one_target(forward, Jacobian(of="Y", wrt="x"), "n n"), [x, 0.1])
        assert 1e-8 < right[0, 0] < 1e-7
        assert least <= found[0, 0] <= most, forward


def test_what_cancels_is_bounded_by_its_terms() -> None:
    """(x - 1000)² may be multiplied out, where it is made of millions; x² may not."""
    sizes = [
        moved(one_target(f, Gradient(of="E", wrt="x"), "n"), [1000.5])[1][0]
        for f in ("E = sum((x - 1000) ** 2)", "E = sum(x ** 2)")
    ]
    assert 1e-11 < sizes[0] < 1e-7
    assert sizes[1] < 1e-8


def test_the_other_entries_of_a_jacobian_have_digits_of_their_own() -> None:
    """A Hessian entry of 5 beside millions is known to 5e-12, not to a share of the millions."""
    right, found = moved(
        one_target("E = 3000000 * sum(x[1:] ** 2) + 2.5 * x[0] ** 2", Hessian(of="E", wrt="x", other="x"), "n n"), [0.3, 0.4]
    )
    assert (right[0, 0], right[1, 1]) == (5.0, 6e6)
    assert found[0, 0] < 1e-9
    assert found[0, 1] < 1e-9


def test_noise_that_leaves_the_range_of_a_function_is_not_known() -> None:
    """Where x - 1 is a rounding above zero, log(x - 1) says nothing: the rule beside the largest entry is left."""
    exercise = one_target("Y = log(x - 1)", Jacobian(of="Y", wrt="x"), "n n")
    inputs = {"x": torch.tensor([1 + 1e-15, 1 + 2e-15, 1 + 1e-15, 1 + 1e-15], dtype=torch.float64)}
    arrays = {KEY: compute.expected_array(point_at(exercise, {"n": 4}, inputs), next(target for _, target in exercise.targets()))}
    assert (rounding(exercise, {"n": 4}, inputs, arrays)[KEY] == UNKNOWN).all()
