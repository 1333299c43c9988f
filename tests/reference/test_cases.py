"""Cases: reproducible, readable ones first, sizes apart, every draw as it is named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import axes, inputs, tanh_layer
from hypothesis import given, settings
from hypothesis import strategies as st

from grader.errors import ExerciseError
from grader.exercise.formula import parse
from grader.exercise.model import DerivedAxis, Draw, DrawnAxis, Exercise, Input, NamedCase
from grader.reference.cases import draw_case, plan_cases, scaled_case
from grader.reference.model import Case

LAYER = tanh_layer()


def cases(exercise: Exercise, seed: int = 0) -> dict[str, Case]:
    """Draw the first candidates for all cases, by name."""
    return {plan.name: draw_case(exercise, plan, seed) for plan in plan_cases(exercise, seed)}


def drawn(law: str, *parameters: float | str, shape: str = "n n", role: str = "random") -> np.ndarray:
    """One input by a law, with n = 4 and C = 3."""
    sizes = axes(n=(4, 4), C=(3, 3))
    item = Input(name="x", axes=tuple(shape.split()), draw=Draw(law=law, parameters=parameters))
    exercise = replace(LAYER, axes=sizes, inputs=(item,), named_cases=())
    return next(case for case in cases(exercise).values() if case.role == role).values["x"]


def test_the_reading_order_is_small_random_named() -> None:
    """Small readable cases are among the `random` ones of the file; named ones come last, in its order."""
    names = [plan.name for plan in plan_cases(LAYER, 0)]
    assert names[:4] == ["small 1", "small 2", "small 3", "random 1"]
    assert names[-3:] == ["one feature", "square layer", "saturated"]
    assert len(names) == 12 + 3


@pytest.mark.parametrize(("count", "small"), [(0, 0), (1, 1), (3, 1), (6, 2), (12, 3), (50, 3)])
def test_few_cases_keep_random_ones_among_them(count: int, small: int) -> None:
    """At most a third of the cases, and at most three, are small."""
    plans = plan_cases(replace(LAYER, random_cases=count, named_cases=()), 0)
    assert (len(plans), sum(plan.role == "small" for plan in plans)) == (count, small)


def test_the_same_seed_gives_the_same_numbers() -> None:
    """Everything is a function of exercise, seed, case, input and attempt."""
    for name, case in cases(LAYER, 7).items():
        other = cases(LAYER, 7)[name]
        assert case.sizes == other.sizes
        assert all(np.array_equal(case.values[key], other.values[key]) for key in case.values)


def test_another_seed_gives_other_numbers() -> None:
    """Also in the small cases: a public seed's numbers are of no use at a secret one."""
    first, second = cases(LAYER, 1), cases(LAYER, 2)
    assert not any(first[f"random {i}"].values["W"].tolist() == second[f"random {i}"].values["W"].tolist() for i in range(1, 10))


def test_adding_a_case_or_an_input_changes_no_other() -> None:
    """Every number has a stream of its own; only the sizes of random cases are planned together with the others'."""
    more = replace(
        LAYER,
        inputs=(*inputs(extra="n"), *LAYER.inputs),
        named_cases=(NamedCase(name="new"), *LAYER.named_cases),
        random_cases=13,
    )
    before, after = cases(LAYER), cases(more)
    same = {name: case for name, case in before.items() if case.sizes == after[name].sizes}
    assert {name for name, case in before.items() if case.role != "random"} <= same.keys()
    for name, case in same.items():
        assert all(np.array_equal(case.values[key], after[name].values[key]) for key in case.values)


def test_small_cases_have_the_smallest_sizes_and_few_different_numbers() -> None:
    """n: 2..6 and m: 2..5 give 2 and 3, in both orders; the numbers are whole at first."""
    small = [case for case in cases(LAYER).values() if case.role == "small"]
    assert [(case.sizes["n"], case.sizes["m"]) for case in small] == [(2, 3), (3, 2), (2, 3)]
    assert all(np.array_equal(value, np.round(value)) for case in small for value in case.values.values())


def test_later_attempts_at_a_small_case_try_smaller_numbers() -> None:
    """Tanh saturates at 9: after some refused draws the numbers are halves, then tenths, then any."""
    plan = plan_cases(LAYER, 0)[0]
    assert np.abs(draw_case(LAYER, plan, 0, attempt=20).values["W"]).max() < 1
    assert np.abs(draw_case(LAYER, plan, 0, attempt=0).values["W"]).max() >= 1


@given(seed=st.integers(0, 2**64), low=st.integers(1, 4), spread=st.integers(0, 4))
@settings(max_examples=60, deadline=None)
def test_sizes_differ_where_the_ranges_allow_it(seed: int, low: int, spread: int) -> None:
    """Three axes of one range of at least three sizes share one in the last random case alone, in which W is square."""
    same = replace(LAYER, axes=axes(n=(low, low + spread), m=(low, low + spread), k=(low, low + spread)), named_cases=())
    for case in cases(same, seed).values():
        assert all(low <= size <= low + spread for size in case.sizes.values())
        if spread >= 2:
            assert len(set(case.sizes.values())) == (2 if case.name == "random 9" else 3)


def test_a_named_case_may_leave_the_range_and_fixes_only_what_it_says() -> None:
    """`one feature: {n: 1, m: 1}` where n: 2..6."""
    assert cases(LAYER)["one feature"].sizes == {"n": 1, "m": 1}
    part = replace(LAYER, named_cases=(NamedCase(name="tall", sizes={"m": 9}),))
    sizes = cases(part)["tall"].sizes
    assert sizes["m"] == 9
    assert 2 <= sizes["n"] <= 6


def test_a_computed_axis_follows_the_drawn_ones() -> None:
    """P: H - K + 1, and sizes are drawn again until it is at least 1."""
    exercise = replace(
        LAYER,
        axes=(*axes(H=(2, 6), K=(2, 6)), DerivedAxis(name="P", size=parse("H - K + 1"))),
        inputs=inputs(x="H", w="K"),
        named_cases=(),
    )
    for case in cases(exercise).values():
        assert case.sizes["P"] == case.sizes["H"] - case.sizes["K"] + 1 >= 1


def test_sizes_that_never_fit_are_a_fault_of_the_exercise() -> None:
    """A computed axis that is always 0 or less."""
    exercise = replace(LAYER, axes=(*axes(H=(2, 3)), DerivedAxis(name="P", size=parse("H - 5"))), inputs=inputs(x="H"))
    with pytest.raises(ExerciseError, match="No sizes fit the case 'small 1'"):
        cases(exercise)


def test_scale_and_set_change_one_input_of_a_named_case() -> None:
    """`saturated: {scale: {W: 4.0}}` is W times 4; `set` takes a number or the whole array."""
    exercise = replace(
        LAYER,
        named_cases=(
            NamedCase(name="big", scale={"W": 4.0}),
            NamedCase(name="no bias", set={"B": 0.0}),
            NamedCase(name="given", sizes={"n": 2, "m": 3}, set={"X": [1, 2]}),
        ),
    )
    found = cases(exercise)
    plain = cases(replace(LAYER, named_cases=(NamedCase(name="big"),)))["big"]
    assert np.array_equal(found["big"].values["W"], 4 * plain.values["W"])
    assert not found["no bias"].values["B"].any()
    assert found["given"].values["X"].tolist() == [1.0, 2.0]


def test_set_of_a_wrong_shape_is_a_fault() -> None:
    """The case, the input and both shapes are named."""
    exercise = replace(LAYER, named_cases=(NamedCase(name="given", sizes={"n": 2, "m": 3}, set={"X": [1, 2, 3]}),))
    with pytest.raises(ExerciseError, match=r"The case 'given' sets X to shape \(3,\); its shape there is \(2,\)"):
        cases(exercise)


def test_values_are_read_only_and_a_probe_scales_one() -> None:
    """Nothing downstream can change a case."""
    case = cases(LAYER)["random 1"]
    with pytest.raises(ValueError, match="read-only"):
        case.values["W"][0, 0] = 1
    probe = scaled_case(case, "X", 1e-12, case_name="probe 1")
    assert np.array_equal(probe.values["X"], case.values["X"] * 1e-12)
    assert np.array_equal(probe.values["W"], case.values["W"])
    assert probe.role == "probe"


def test_a_scalar_is_an_array_of_no_axes() -> None:
    """`x: scalar` is 0-d, not (1,)."""
    case = cases(replace(LAYER, axes=(), inputs=inputs(x=""), named_cases=()))["small 1"]
    assert case.values["x"].shape == ()


@pytest.mark.parametrize("role", ["small", "random"])
def test_every_draw_is_what_it_says(role: str) -> None:
    """The draws of docs/exercises.md keep their laws, in readable and in random cases."""

    def law(name: str, *parameters: float | str, shape: str = "n n") -> np.ndarray:
        return drawn(name, *parameters, shape=shape, role=role)

    assert law("normal").dtype == np.float64
    uniform = law("uniform", -1.0, 1.0)
    assert ((uniform > -1) & (uniform < 1)).all()
    assert (law("positive") > 0).all()
    assert set(law("integers", 2.0, 4.0).ravel()) <= {2.0, 3.0, 4.0}
    assert (np.abs(law("nonzero")) >= 0.5).all()
    distinct = np.sort(law("distinct").ravel())
    assert np.diff(distinct).min() > 0.1
    simplex = law("simplex")
    assert (simplex > 0).all()
    assert np.allclose(simplex.sum(axis=-1), 1)
    symmetric = law("symmetric")
    assert np.array_equal(symmetric, symmetric.T)
    spd = law("spd")
    assert np.allclose(spd, spd.T)
    assert (np.linalg.eigvalsh(spd) > 0.1).all()
    orthogonal = law("orthogonal")
    assert np.allclose(orthogonal.T @ orthogonal, np.eye(4))
    labels = law("labels", "C", shape="n")
    assert labels.dtype == np.int64
    assert set(labels) <= {0, 1, 2}
    onehot = law("onehot", shape="n C")
    assert np.array_equal(onehot.sum(axis=-1), np.ones(4))
    assert set(onehot.ravel()) == {0.0, 1.0}
    assert set(law("mask", 0.5).ravel()) <= {0.0, 1.0}
    assert set(law("choice", -1.0, 7.0).ravel()) <= {-1.0, 7.0}


def test_drawn_axis_of_one_number_is_that_number() -> None:
    """`C: 3`."""
    exercise = replace(LAYER, axes=(DrawnAxis(name="n", low=3, high=3),), inputs=inputs(x="n"), named_cases=())
    assert {case.sizes["n"] for case in cases(exercise).values()} == {3}
