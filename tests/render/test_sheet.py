"""An exercise as text: what it asks, its key, one case beside an answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from builders import tanh_layer
from reports import ended, report, right_report

from grader.outcome import Status
from grader.reference.key import key_at
from grader.reference.prepare import prepare
from grader.render.sheet import case_sheet, key_sheet, task_sheet


def test_a_task_is_shown_with_its_calls_shapes_and_points() -> None:
    """One point is no "1 points"."""
    text = task_sheet(tanh_layer())
    assert "  dY_dW(W, X, B)\n      dY_dW[k,i,j] = ∂Y[k]/∂W[i,j]\n          shape (m, m, n); 2 points\n" in text
    assert text.endswith("shape (m, m); 1 point")


def test_a_key_says_which_inputs_were_drawn() -> None:
    """The given ones have no note."""
    exercise = tanh_layer()
    lines = key_sheet(exercise, key_at(exercise, {"W": [[0, 0], [0, 0]], "B": 0})).splitlines()
    assert [("B", False), ("W", False), ("X", True)] == sorted(
        (line.split()[0], line.endswith("(drawn)")) for line in lines if line.lstrip().startswith(("W ", "X ", "B "))
    )
    assert ["  dY_dB = ∂Y/∂B 2×2 =", "      [[1., 0.],", "       [0., 1.]]"] == lines[-3:]


def test_a_case_shows_expected_and_returned_arrays() -> None:
    """An answer that is no array has its sentence instead."""
    exercise = tanh_layer()
    case, expected = prepare(exercise).cases[0]
    targets = (
        right_report(name="dY_dW", call="dY_dW"),
        ended(Status.MISSING, name="dY_dB", call="dY_dB"),
    )
    shown = case_sheet(exercise, case, expected, replace(report(), targets=targets), {("dY_dW", "dY_dW"): np.zeros((2, 2))})
    assert f'{exercise.title}, case "{case.name}"' in shown
    assert [1, 2] == [shown.count("returned"), shown.count("expected")]
