"""Where an answer is right is stated as a fact: for some sizes, some values, some signs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import affine, tanh_layer
from diagnosed import absolute, diagnosed, linear_part, on

from grader.exercise.model import Exercise, NamedCase
from grader.outcome import Diagnosis
from grader.reference.model import Case


def test_a_sign_regime_is_stated() -> None:
    """Wrong exactly where x is negative."""
    found = diagnosed(absolute, "g", on(lambda x: np.where(x > 0, 1.0, 0.5)))
    assert found == Diagnosis(rule="regime", text="Wrong exactly where x is negative, right everywhere else.")


def test_a_size_regime_is_stated() -> None:
    """Right only for square layers: the most common kind of error in students' code."""

    def square_only(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return right if case.sizes["n"] == case.sizes["m"] else right + 0.3

    found = diagnosed(tanh_layer, "dY_dB", square_only)
    assert found == Diagnosis(rule="regime", text="Right only where m = n, wrong in every other case.")


def test_a_loop_over_the_shorter_axis_is_stated() -> None:
    """`range(min(m, n))` where n is meant: the square layers are right, too."""

    def shorter(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return right if case.sizes["n"] <= case.sizes["m"] else right + 0.3

    found = diagnosed(tanh_layer, "dY_dB", shorter)
    assert found == Diagnosis(rule="regime", text="Wrong only where n > m, right in every other case.")


def test_a_batch_of_one_regime_is_stated() -> None:
    """Right for one sample, a constant off for more."""

    def batch_of_one(case: Case) -> np.ndarray:
        dout = case.values["dout"]
        return np.asarray(dout.sum(axis=0) if len(dout) == 1 else dout.sum(axis=0) + 1)

    found = diagnosed(affine, "db", batch_of_one)
    assert found == Diagnosis(rule="regime", text="Right only for N = 1, wrong in every other case.")


def test_a_size_written_as_a_number_is_stated() -> None:
    """`np.eye(3)` is right where m is 3."""

    def of_three(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return right if case.sizes["m"] == 3 else right + 0.3

    found = diagnosed(tanh_layer, "dY_dB", of_three)
    assert found == Diagnosis(rule="regime", text="Right only for m = 3, wrong in every other case.")


def test_where_one_case_fits_several_conditions_the_case_is_stated() -> None:
    """At n = m = 1 nobody can tell whether n, m or n = m makes the answer right: a guess would send the student astray."""

    def smallest_only(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return right if case.sizes == {"n": 1, "m": 1} else right + 0.3

    found = diagnosed(tanh_layer, "dY_dB", smallest_only)
    assert found == Diagnosis(
        rule="regime", text='Right only in the case "one feature", where n = 1, m = 1; wrong in every other case.'
    )


def test_a_value_that_hides_the_mistake_is_stated() -> None:
    """Right only where the bias is 0."""

    def without(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return right if not case.values["B"].any() else right + 0.3

    found = diagnosed(without_bias, "dY_dB", without)
    assert found == Diagnosis(rule="regime", text='Right only in the case "no bias", where B is 0.')


def without_bias() -> Exercise:
    """Return the layer with a case in which B is 0."""
    exercise = tanh_layer()
    return replace(exercise, named_cases=(*exercise.named_cases, NamedCase(name="no bias", set={"B": 0.0})))


def test_all_that_a_named_case_changes_is_stated() -> None:
    """Which of the inputs makes the answer wrong cannot be known."""

    def unstable(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return right + 0.1 if case.name == "far out" else right

    found = diagnosed(far_out, "dY_dB", unstable)
    assert found == Diagnosis(
        rule="regime", text='Wrong only in the case "far out", where m = 7, W is scaled by 3, X is scaled by 2 and B is 0.'
    )


def test_arrays_that_a_named_case_fixes_are_listed() -> None:
    """By name: their numbers would take a page."""

    def fixed_only(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return right if case.name == "fixed" else right + 0.1

    found = diagnosed(two_fixed, "dY_dB", fixed_only)
    assert found == Diagnosis(rule="regime", text='Right only in the case "fixed", where n = 2, m = 2 and W and X are fixed.')


def two_fixed() -> Exercise:
    """Return the layer with a case of given arrays."""
    exercise = tanh_layer()
    edge = NamedCase(name="fixed", sizes={"n": 2, "m": 2}, set={"W": [[1.0, -1.0], [0.5, 2.0]], "X": [1.0, 0.5]})
    return replace(exercise, named_cases=(*exercise.named_cases, edge))


def far_out() -> Exercise:
    """Return the layer with a case that changes a size and every input."""
    exercise = tanh_layer()
    edge = NamedCase(name="far out", sizes={"m": 7}, scale={"W": 3.0, "X": 2.0}, set={"B": 0.0})
    return replace(exercise, named_cases=(*exercise.named_cases, edge))


def test_a_named_case_regime_is_stated() -> None:
    """Wrong in the saturated case alone."""

    def unstable(case: Case) -> np.ndarray:
        right = np.diag(1 - np.tanh(linear_part(case)) ** 2)
        return right + 0.1 if case.name == "saturated" else right

    found = diagnosed(tanh_layer, "dY_dB", unstable)
    assert found == Diagnosis(rule="regime", text='Wrong only in the case "saturated", where W is scaled by 4.')
