"""A right exercise file, from top to bottom, and those of the catalogue."""

from __future__ import annotations

from pathlib import Path

import pytest
from exercise_files import (
    SHIPPED,
    faults_with,
    loaded,
    with_parts,
)
from places import EXERCISES

from grader.errors import ExerciseError
from grader.exercise.loading import load_exercise, parse_exercise
from grader.exercise.model import (
    JVP,
    VJP,
    DerivedAxis,
    Draw,
    DrawnAxis,
    Gradient,
    Hessian,
    Jacobian,
    Local,
    Value,
)
from grader.sandbox.limits import Limits


def test_an_input_that_reaches_no_target_is_a_fault() -> None:
    """Also where a call passes it, or a line uses it that no target is of; a tangent is used."""
    call = "  - call: f(W, X, t)\n    returns:\n      dW: {gradient: L, wrt: W}"
    for forward in ("  Y: tanh(W @ X)\n  L: sum(Y)", "  Y: tanh(W @ X)\n  L: sum(Y)\n  M: L * t"):
        text = faults_with(inputs="  W: m n\n  X: n\n  t: scalar", forward=forward, tasks=call)
        assert text == (
            "x.yaml:9: No target uses the input `t`: its numbers change no answer.\n"
            "    Write it in a line of forward that a target depends on, or as a tangent; or remove it, from the calls too."
        )
    loaded(inputs="  W: m n\n  X: n\n  V: n", tasks="  - call: f(W, X, V)\n    returns:\n      d: {jvp: Y, wrt: X, tangent: V}")


def test_the_example_of_the_contract_is_read_as_it_says() -> None:
    """The tanh layer: axes, inputs with draws, lines with shapes, targets with points and mistakes, named cases."""
    exercise = load_exercise(EXERCISES / "tanh_layer.yaml")
    assert exercise.axes == (DrawnAxis(name="n", low=2, high=6), DrawnAxis(name="m", low=2, high=5))
    assert [(item.name, item.axes, item.draw) for item in exercise.inputs] == [
        ("W", ("m", "n"), Draw()),
        ("X", ("n",), Draw()),
        ("B", ("m",), Draw(law="uniform", parameters=(-1.0, 1.0))),
    ]
    assert [(line.name, line.formula.canonical, line.axes) for line in exercise.forward] == [
        ("Z", "W @ X + B", ("m",)),
        ("Y", "tanh(Z)", ("m",)),
    ]
    weights, biases = (target for _, target in exercise.targets())
    assert (weights.kind, weights.axes, weights.points) == (Jacobian(of="Y", wrt="W"), ("m", "m", "n"), 2.0)
    assert (biases.kind, biases.axes, biases.points) == (Jacobian(of="Y", wrt="B"), ("m", "m"), 1.0)
    assert [mistake.credit for mistake in weights.mistakes] == [0.5, 0.5, 0.0, 0.5, 0.0]
    assert {case.name: (case.sizes, case.scale, case.set) for case in exercise.named_cases} == {
        "one feature": ({"n": 1, "m": 1}, {}, {}),
        "square layer": ({"n": 3, "m": 3}, {}, {}),
        "saturated": ({}, {"W": 4.0}, {}),
        "no bias": ({}, {}, {"B": 0.0}),
    }
    assert exercise.random_cases == 12


def test_what_is_left_out_has_its_default() -> None:
    """Twelve cases, numpy, no autodiff, the tolerance and limits of the contract."""
    exercise = loaded()
    assert exercise.random_cases == 12
    assert (exercise.arrays, exercise.autodiff, exercise.numerical, exercise.partial) == ("numpy", "forbid", "flag", "none")
    assert (exercise.rtol, exercise.limits) == (1e-8, Limits(seconds=10, memory_mib=1024))
    assert (exercise.statement, exercise.source) == (None, None)


def test_every_setting_is_read() -> None:
    """arrays, autodiff, numerical, partial, rtol, limits, source and statement."""
    text = with_parts() + (
        "source: A book\nstatement: |\n  Derive $\\tanh$.\n\n  Then stop.\narrays: torch\nautodiff: allow\nnumerical: forbid\n"
        "partial: cases\nrtol: 1.0e-4\nlimits: {seconds: 2.5}\n"
    )
    exercise = parse_exercise(text, "test")
    assert (exercise.source, exercise.statement) == ("A book", "Derive $\\tanh$.\n\nThen stop.")
    assert (exercise.arrays, exercise.autodiff, exercise.numerical, exercise.partial) == ("torch", "allow", "forbid", "cases")
    assert (exercise.rtol, exercise.limits) == (1e-4, Limits(seconds=2.5, memory_mib=1024))


def test_the_id_is_the_stem_of_the_file(tmp_path: Path) -> None:
    """And it has to be one that commands and columns can carry."""
    (tmp_path / "Tanh-Layer.yaml").write_text(with_parts(), "utf-8")
    with pytest.raises(ExerciseError, match="`Tanh-Layer` cannot be the id of an exercise"):
        load_exercise(tmp_path / "Tanh-Layer.yaml")


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_exercise_is_a_whole_one(path: Path) -> None:
    """Statement, source, an edge case, and a mistake with a hint for every target."""
    exercise = load_exercise(path)
    assert exercise.statement
    assert exercise.source
    assert exercise.named_cases
    assert all(target.mistakes for _, target in exercise.targets())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_exercise_has_a_model_answer(path: Path) -> None:
    """Derived by hand; audit shows that it is right."""
    assert (EXERCISES.parent / "solutions" / f"{path.stem}.py").is_file()


def test_the_catalogue_uses_the_whole_format() -> None:
    """Every kind of target, denominator layout, upstream, given, computed axes and labels occur in it."""
    shipped = [load_exercise(path) for path in SHIPPED]
    targets = [target for exercise in shipped for _, target in exercise.targets()]
    assert {type(target.kind) for target in targets} == {Value, Local, Gradient, Jacobian, VJP, JVP, Hessian}
    assert "denominator" in {target.layout for target in targets}
    assert any(task.call.given for exercise in shipped for task in exercise.tasks)
    assert any(isinstance(axis, DerivedAxis) for exercise in shipped for axis in exercise.axes)
    assert "labels" in {item.draw.law for exercise in shipped for item in exercise.inputs}
