"""Loading: what a right file becomes, and what is said of a wrong one."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st
from places import EXERCISES, TESTS

from grader.errors import ExerciseError, Fault
from grader.exercise.assignment import Assignment, LateRule, Override
from grader.exercise.formula import parse
from grader.exercise.loading import dump, load_assignment, load_exercise, parse_exercise, tree
from grader.exercise.loading.calls import parse_call
from grader.exercise.loading.faults import Faults
from grader.exercise.loading.reading import as_number
from grader.exercise.loading.yaml_nodes import YamlMapping
from grader.exercise.model import (
    JVP,
    VJP,
    DerivedAxis,
    Draw,
    DrawnAxis,
    Exercise,
    Gradient,
    Hessian,
    Jacobian,
    Local,
    Mistake,
    NamedCase,
    Target,
    Value,
)
from grader.sandbox.limits import Limits
from grader.sandbox.wire.call import Call, Constant, Given, Group, Name, Table

DATA = TESTS / "exercise" / "loading" / "files"
BASE = (DATA / "exercise.yaml").read_text("utf-8")
SHIPPED = sorted(EXERCISES.glob("*.yaml"))


PLAIN_LAWS = ("normal", "positive", "nonzero", "distinct", "simplex", "symmetric", "spd", "orthogonal")


def with_parts(**parts: str) -> str:
    """Write a small right exercise, with some of its sections replaced."""
    sections = {
        "dims": "  n: 2..6\n  m: 2..5",
        "inputs": "  W: m n\n  X: n",
        "forward": "  Y: tanh(W @ X)\n  L: sum(Y)",
        "tasks": "  - call: f(W, X)\n    returns:\n      dW: {gradient: L, wrt: W}",
        **parts,
    }
    return "schema: 1\ntitle: Test\n" + "".join(f"{name}:\n{text}\n" for name, text in sections.items() if text)


def loaded(**parts: str) -> Exercise:
    """Load the small exercise, with some of its sections replaced."""
    return parse_exercise(with_parts(**parts), "test")


def faults(text: str) -> tuple[Fault, ...]:
    """Return the faults of a text."""
    with pytest.raises(ExerciseError) as raised:
        parse_exercise(text, "test", "x.yaml")
    return raised.value.faults


def faults_with(**parts: str) -> str:
    """Return the faults of the small exercise with a section replaced."""
    return "\n".join(map(str, faults(with_parts(**parts))))


def target(text: str, **parts: str) -> Target:
    """Return the one target of the small exercise."""
    exercise = loaded(tasks=f"  - call: f(W, X)\n    returns:\n      d: {text}", **parts)
    return exercise.tasks[0].targets[0]


# What a right file becomes


TWO = {
    "forward": "  Z: W @ X\n  Y: tanh(Z)\n  L: sum(Y)",
    "upstream": "  dY: like Y\n  dZ: like Z",
    "tasks": "  - call: f(W, X, dY, dZ)\n    returns:\n      d: {vjp: [Y, Z], wrt: W, upstream: [dY, dZ]}",
}


def test_gradients_may_arrive_at_several_quantities() -> None:
    """As at h and c of an LSTM; a list of one is the same as a name; written back, it is the same."""
    exercise = loaded(**TWO)
    assert exercise.tasks[0].targets[0].kind == VJP(of="Y", wrt="W", upstream="dY", also=(("Z", "dZ"),))
    assert parse_exercise(dump(exercise), "test") == exercise
    assert target("{vjp: [Y], wrt: W, upstream: dY}", upstream="  dY: like Y").kind == VJP(of="Y", wrt="W", upstream="dY")


def test_one_of_several_quantities_may_be_the_variable_itself() -> None:
    """The whole gradient of Z: dZ, and what comes through Y."""
    by_z = TWO["tasks"].replace("wrt: W", "wrt: Z")
    assert loaded(**{**TWO, "tasks": by_z}).tasks[0].targets[0].kind == VJP(of="Y", wrt="Z", upstream="dY", also=(("Z", "dZ"),))


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


@pytest.mark.parametrize(
    ("text", "kind", "axes"),
    [
        ("{value: Y}", Value(of="Y"), ("m",)),
        ("{local: Y, wrt: W}", Local(of="Y", wrt="W"), ("m", "m", "n")),
        ("{local: L, wrt: Y, layout: denominator}", Local(of="L", wrt="Y"), ("m",)),
        ("{gradient: L, wrt: W}", Gradient(of="L", wrt="W"), ("m", "n")),
        ("{gradient: L, wrt: Y}", Gradient(of="L", wrt="Y"), ("m",)),
        ("{jacobian: Y, wrt: X}", Jacobian(of="Y", wrt="X"), ("m", "n")),
        ("{jacobian: Y, wrt: X, layout: denominator}", Jacobian(of="Y", wrt="X"), ("n", "m")),
        ("{hessian: L, wrt: X}", Hessian(of="L", wrt="X", other="X"), ("n", "n")),
        ("{hessian: L, wrt: X, and: W}", Hessian(of="L", wrt="X", other="W"), ("n", "m", "n")),
        ("{vjp: Y, wrt: W, upstream: dY}", VJP(of="Y", wrt="W", upstream="dY"), ("m", "n")),
        ("{jvp: Y, wrt: X, tangent: V}", JVP(of="Y", wrt="X", tangent="V"), ("m",)),
    ],
)
def test_every_kind_of_target_has_its_shape(text: str, kind: object, axes: tuple[str, ...]) -> None:
    """The axes of a target follow from its kind and layout."""
    parts = {"upstream": "  dY: like Y"} if "upstream" in text else {}
    inputs = "  W: m n\n  X: n" + ("\n  V: n" if "tangent" in text else "")
    found = target(text, inputs=inputs, **parts)
    assert (found.kind, found.axes) == (kind, axes)


@pytest.mark.parametrize(
    ("text", "draw"),
    [
        ("m m ~ uniform(-1, 1e-3)", Draw(law="uniform", parameters=(-1.0, 1e-3))),
        ("m m ~ integers(-2, 3)", Draw(law="integers", parameters=(-2.0, 3.0))),
        ("m m ~ choice(0.5, 1, 2)", Draw(law="choice", parameters=(0.5, 1.0, 2.0))),
        ("m m ~ mask(0.3)", Draw(law="mask", parameters=(0.3,))),
        ("m m ~ labels(n)", Draw(law="labels", parameters=("n",))),
        ("{shape: m m, draw: onehot}", Draw(law="onehot")),
        ("{shape: m m, draw: 'uniform(0, 1)'}", Draw(law="uniform", parameters=(0.0, 1.0))),
        ("{shape: m m}", Draw()),
        *((f"m m ~ {law}", Draw(law=law)) for law in PLAIN_LAWS),
    ],
)
def test_every_draw_is_read(text: str, draw: Draw) -> None:
    """In the short form and as a mapping."""
    exercise = loaded(inputs=f"  W: m n\n  X: n\n  Q: {text}", forward="  Y: Q @ W @ X\n  L: sum(Y)")
    assert exercise.inputs[2].axes == ("m", "m")
    assert exercise.inputs[2].draw == draw


def test_an_axis_may_follow_from_others() -> None:
    """Its expression is kept, and shapes are named after it."""
    exercise = loaded(
        dims="  H: 5..9\n  K: 2..3\n  P: H - K + 1",
        inputs="  X: H\n  W: K",
        forward="  Y: conv1d(X[None, None], W[None, None])[0, 0]\n  L: sum(Y)",
        tasks="  - call: f(X, W)\n    returns:\n      dX: {jacobian: Y, wrt: X}",
    )
    assert isinstance(exercise.axes[2], DerivedAxis)
    assert exercise.forward[0].axes == ("P",)
    assert exercise.tasks[0].targets[0].axes == ("P", "H")


def test_a_call_is_read_with_all_that_it_may_hold() -> None:
    """Nested tuples, numbers, texts, None, axes, dicts; written back as it was."""
    exercise = loaded(
        tasks="""\
  - call: "f(Y, (W, (X,)), n, -1, 0.5, 'same', None, True, {'stride': 1, 'pad': (0, m)})"
    returns:
      dW: {gradient: L, wrt: W}"""
    )
    task = exercise.tasks[0]
    assert task.call.arguments[:3] == (Name("Y"), Group((Name("W"), Group((Name("X"),)))), Name("n"))
    assert task.call.arguments[3:8] == (Constant(-1), Constant(0.5), Constant("same"), Constant(None), Constant(True))
    assert task.call.arguments[8] == Table((("stride", Constant(1)), ("pad", Group((Constant(0), Name("m"))))))
    assert str(task.call) == "f(Y, (W, (X,)), n, -1, 0.5, 'same', None, True, {'stride': 1, 'pad': (0, m)})"


def test_a_float_in_a_call_may_be_as_large_as_floats_are() -> None:
    """Only integers end at 2**53."""
    assert parse_call("f(x, 1e20, -1.0e308)") == Call(function="f", arguments=(Name("x"), Constant(1e20), Constant(-1.0e308)))


def test_a_task_may_be_given_what_the_student_makes() -> None:
    """`given` names a call and the entry of what it returns."""
    exercise = loaded(
        tasks="""\
  - call: back(dY, cache)
    given:
      state: start(X)
      cache: forward((W, X), state)[1]
    returns:
      dW: {vjp: Y, wrt: W, upstream: dY}""",
        upstream="  dY: like Y",
    )
    assert exercise.tasks[0].call.given == (
        Given(name="state", function="start", arguments=(Name("X"),)),
        Given(name="cache", function="forward", arguments=(Group((Name("W"), Name("X"))), Name("state")), item=1),
    )
    assert exercise.tasks[0].call.functions == ("start", "forward", "back")


def test_a_value_of_a_named_case_may_be_lists() -> None:
    """Nested in the shape of the input at that case's sizes; class indices stay whole."""
    exercise = loaded(
        inputs="  W: m n\n  X: n\n  T: m ~ labels(n)",
        forward="  Y: tanh(W @ X)\n  L: sum(take_along_axis(W, T[:, None], axis=1)) + sum(Y)",
        cases="  named:\n    small: {m: 1, n: 2, set: {W: [[1, 2.5]], X: 0, T: [1]}, scale: {X: 2}}",
    )
    assert exercise.named_cases[0].set == {"W": ((1.0, 2.5),), "X": 0.0, "T": (1,)}
    assert exercise.named_cases[0].scale == {"X": 2.0}


# Names of axes in shapes


@pytest.mark.parametrize(
    ("formula", "axes"),
    [
        ("W", ("m", "n")),
        ("W.T", ("n", "m")),
        ("sum(W, axis=0, keepdims=True)", ("1", "n")),
        ("sum(W)", ()),
        ("concatenate((W @ X, X))", ("m + n",)),
        ("ravel(W)", ("m * n",)),
        ("X[1:]", ("n - 1",)),
        ("X[:, None] * X", ("n", "n")),
        ("stack((X, X, X))", ("3", "n")),
        ("concatenate((X, X))", ("2 * n",)),
        ("kron(eye(n), W)", ("m * n", "n * n")),
        ("pad(X, 1)", ("n + 2",)),
        ("conv1d(X[None, None], ones((1, 1, m)))[0, 0]", ("n - m + 1",)),
        ("W[None]", ("1", "m", "n")),
        ("ones((k, n)) * X", ("k", "n")),
    ],
)
def test_the_shape_of_a_line_is_named(formula: str, axes: tuple[str, ...]) -> None:
    """Each size is an axis, an expression of axes, or a number that holds at all sizes."""
    exercise = loaded(
        dims="  n: 5..8\n  m: 2..4\n  k: 3",
        inputs="  W: m n\n  X: n\n  Q: k",
        forward=f"  Y: {formula}\n  L: sum(W) + sum(X) + sum(Q)",
    )
    assert exercise.forward[0].axes == axes


def test_a_size_is_not_named_after_an_axis_that_happens_to_have_it() -> None:
    """Three rows are three rows, also where an axis is always 3."""
    exercise = loaded(dims="  k: 3\n  n: 3..4", inputs="  W: k\n  X: n", forward="  Y: stack((X, X, X))\n  L: sum(W) + sum(X)")
    assert exercise.forward[0].axes == ("3", "n")


def test_a_literal_size_is_an_axis_where_only_that_fits() -> None:
    """A formula that holds for one size of an axis alone is right, as the axis has no other."""
    exercise = loaded(
        dims="  k: 4\n  n: 2..5",
        inputs="  W: k\n  X: n",
        forward="  Y: reshape(W, (2, 2))\n  Z: W + ones(4)\n  L: sum(W) + sum(X)",
    )
    assert [line.axes for line in exercise.forward] == [("2", "2"), ("k",), ()]


def test_an_axis_that_equals_another_is_told_by_what_the_line_uses() -> None:
    """Where p is n by definition, a line of p's is named p."""
    exercise = loaded(
        dims="  n: 2..6\n  p: n", inputs="  W: p\n  X: n", forward="  Y: tanh(W)\n  Z: tanh(X)\n  L: sum(W) + sum(X)"
    )
    assert [line.axes for line in exercise.forward] == [("p",), ("n",), ()]


# All faults at once


def pairs(name: str) -> list[tuple[str, str]]:
    """Each text of a data file with what is said of it."""
    found = [block.split("\n==>\n") for block in (DATA / name).read_text("utf-8").split("\n----\n")]
    return [(text.replace("NUL", "\0"), message.rstrip("\n")) for text, message in found]


# What stands in the right file, what stands there instead, and what is said of it.
FAULTS = [(*change.split("\n-->\n"), message) for change, message in pairs("faults.txt")]
EMPTY = "x.yaml: The file is empty.\n    An exercise starts with `schema: 1`."


@pytest.mark.parametrize(
    ("old", "new", "text"), FAULTS, ids=[re.sub(r"\W+", " ", new).strip()[:60] or "nothing" for _, new, _ in FAULTS]
)
def test_every_fault_says_where_what_and_what_to_do(old: str, new: str, text: str) -> None:
    """One change to a right file brings exactly this text."""
    assert old in BASE
    with pytest.raises(ExerciseError) as raised:
        parse_exercise(BASE.replace(old, new, 1), "x", "x.yaml")
    assert text == str(raised.value)


def test_every_fault_has_a_remedy() -> None:
    """No fault leaves its reader alone: those without advice are the formula language's, whose text says it all."""
    alone = [text for _, _, text in FAULTS for fault in re.split(r"\n(?=x\.yaml)", text) if "\n" not in fault]
    assert all(re.match(r"x\.yaml:\d+: (forward|mistakes)", text) for text in alone)


def test_all_faults_are_said_at_once_in_line_order() -> None:
    """Eight slips in eight places give eight faults, from top to bottom."""
    text = BASE
    for old, new in (
        ("title: A tanh layer", "title:"),
        ("  n: 2..6", "  n: 6..2"),
        ("~ uniform(-1, 1)", "~ unifrom(-1, 1)"),
        ("Y: tanh(Z)", "Y: tanh(Q)"),
        ("points: 2", "points: -2"),
        ("credit: 0.5", "credit: 5"),
        ("wrt: X", "wrt: x"),
        ("random: 12", "random: many"),
    ):
        text = text.replace(old, new, 1)
    found = faults(text)
    assert [int(fault.where.removeprefix("x.yaml:")) for fault in found] == [2, 4, 9, 12, 19, 24, 27, 30]
    assert all(fault.what and fault.remedy for fault in found)


def test_a_fault_brings_no_others_with_it() -> None:
    """What depends on a faulty line is not blamed."""
    assert len(faults(BASE.replace("Z: W @ X + B", "Z: W @ X +"))) == 1


def test_a_formula_that_fails_at_some_sizes_says_at_which() -> None:
    """The ranges allow a case in which the line has no shape."""
    assert faults_with(dims="  n: 2..6\n  m: 2..3", forward="  Y: tanh(W @ X)\n  L: X[4]") == (
        "x.yaml:11: forward.L: at n = 2, m = 2, X[4]: the index 4 is outside an axis of size 2: X is (2,)."
    )


def test_a_size_without_a_name_asks_for_one() -> None:
    """A shape has to be readable: the axis gets a name in dims."""
    text = faults_with(dims="  n: 4..9\n  m: 2..5", forward="  Y: tanh(W @ X)\n  A: X[::4]\n  L: sum(A) + sum(Y)")
    assert text == (
        "x.yaml:11: forward.A: the size of axis 0 of its shape has no name.\n"
        "    Add an axis to dims that says what it is, as `P: (H - K) // 2 + 1`."
    )


def test_an_upstream_gradient_needs_axes_with_names() -> None:
    """Its numbers are drawn, so its sizes must follow from dims."""
    text = faults_with(
        forward="  Y: concatenate((X, W @ X))\n  L: sum(Y)",
        upstream="  dY: like Y",
        tasks="  - call: f(dY)\n    returns:\n      dX: {vjp: Y, wrt: X, upstream: dY}",
    )
    assert (
        text
        == "x.yaml:17: upstream.dY: Y has an axis of size n + m, which dims does not name.\n    Name it in dims, as `p: n + m`."
    )


def test_an_upstream_gradient_stands_for_the_quantity_that_it_is_declared_of() -> None:
    """The statement says `dY` = ∂L/∂Y; with two gradients of one shape, a swap makes another key of it."""
    pair = "  - call: f(W, X, dY, dZ)\n    returns:\n      d: {vjp: [Y, Z], wrt: W, upstream: [dZ, dY]}"
    text = faults_with(forward="  Z: W @ X\n  Y: tanh(Z)", upstream="  dY: like Y\n  dZ: like Z", tasks=pair)
    assert "upstream is `dZ`, which is declared as ∂L/∂Z, and here stands for ∂L/∂Y." in text
    assert "Give dZ a shape in place of `like Z`, or say which it is: `dZ: like Y`." in text
    assert "upstream is `dY`, which is declared as ∂L/∂Y, and here stands for ∂L/∂Z." in text


def test_arrays_that_are_too_large_are_refused() -> None:
    """The largest sizes of the ranges decide."""
    text = faults_with(dims="  n: 2..600\n  m: 2..600", tasks="  - call: f(W, X)\n    returns:\n      dW: {jacobian: Y, wrt: W}")
    assert text == (
        "x.yaml: The target dW has 216000000 entries at n = 600, m = 600; at most 33554432 are compared.\n"
        "    Make the axes smaller."
    )


def test_a_named_case_is_tried_at_its_sizes() -> None:
    """A case may leave the ranges, but forward has to hold there."""
    text = faults_with(
        dims="  n: 3..6\n  m: 2..5",
        forward="  Y: tanh(W @ X)\n  L: sum(Y) + X[2]",
        cases="  named:\n    tiny: {n: 2}",
    )
    assert text == (
        "x.yaml:18: case tiny: forward.L: X[2]: the index 2 is outside an axis of size 2: X is (2,).\n    Choose other sizes."
    )


def test_an_integer_input_has_no_derivative() -> None:
    """Class indices cannot be moved by a little."""
    text = faults_with(
        inputs="  W: m n\n  X: n\n  T: m ~ labels(n)",
        forward="  Y: tanh(W @ X)\n  L: sum(Y[T])",
        tasks="  - call: f(W, X)\n    returns:\n      dT: {gradient: L, wrt: T}",
        dims="  n: 2..2\n  m: 2..5",
    )
    assert (
        text == "x.yaml:16: target dT: wrt is `T`, which holds class indices: they have no derivative.\n    Choose another input."
    )


def test_what_a_quantity_does_not_depend_on_is_no_variable() -> None:
    """The message lists what it does depend on."""
    text = faults_with(
        forward="  Y: tanh(W @ X)\n  A: sum(X)\n  L: sum(Y)",
        tasks="  - call: f(W, X)\n    returns:\n      dA: {gradient: L, wrt: A}",
    )
    assert text == "x.yaml:16: target dA: wrt is `A`, which does not influence L.\n    L depends on W, X, Y."


def test_a_task_is_not_handed_its_own_answer() -> None:
    """Nobody would have to compute anything."""
    text = faults_with(tasks="  - call: f(W, Y)\n    returns:\n      Y: {value: Y}")
    assert text == "x.yaml:13: f is handed Y, which is its own answer.\n    Leave Y out of the call."


# YAML


@pytest.mark.parametrize(("text", "message"), [("", EMPTY), *pairs("not_yaml.txt")])
@pytest.mark.parametrize("is_pure", [False, True], ids=["C parser", "pure parser"])
def test_yaml_that_is_no_exercise_is_one_clear_fault(
    text: str, message: str, is_pure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With either of PyYAML's parsers; never a traceback."""
    if is_pure:
        monkeypatch.setattr(tree, "_LOADER", yaml.SafeLoader)
    assert "\n".join(map(str, faults(text))) == message


_DIGITS = st.text("0123456789", max_size=4)


@given(st.tuples(st.sampled_from(["", "-", "+", "−", "–"]), _DIGITS, st.sampled_from(["", "."]), _DIGITS).map("".join))
@example("-.5e-3")
@example("1e5")
@example("−.5E3")
@example("+.5e+3")
def test_the_number_that_is_advised_is_the_one_that_was_meant(text: str) -> None:
    """A number in a spelling that YAML 1.1 reads otherwise: what we say to write instead is read, as that number."""
    written = text.replace("−", "-").replace("–", "-")
    if not re.search(r"\d", written):
        return

    def read_number(spelling: str) -> tuple[float | None, str]:
        found = Faults("x.yaml")
        node = tree.read(f"x: {spelling}", found)
        assert isinstance(node, YamlMapping)
        value = as_number(node.pairs[0][1], "x", found)
        return value, "" if value is not None else str(found.error())

    value, fault = read_number(text)
    if value is None and not re.search(r"base 8", fault):
        value = read_number(re.search(r"[Ww]rite (\S+)\.$", fault)[1])[0]  # type: ignore[index]
        assert float(written) == value


@pytest.mark.parametrize(("old", "new", "text"), [block for block in FAULTS if "YAML" in block[2]])
def test_the_pure_parser_says_the_same(old: str, new: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Advice rests on the line, not on how a parser words its error."""
    monkeypatch.setattr(tree, "_LOADER", yaml.SafeLoader)
    assert text == "\n".join(map(str, faults(BASE.replace(old, new, 1))))


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 20_000,
        "- " * 100_000,
        "\n".join(" " * depth + "a:" for depth in range(600)),
        "a: [" + "1," * 100_000 + "]",
        "a: &a [1,1,1,1,1,1,1,1,1]\n"
        + "\n".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]" for i in range(20)),
    ],
    ids=["lists", "mappings", "items", "blocks", "long", "billion laughs"],
)
def test_a_file_cannot_make_the_reader_work_for_long(text: str) -> None:
    """Nesting, length and aliases are bounded before anything is built."""
    assert "nested more than 24 deep" in str(faults(text)[0]) or "more than 20000 values" in str(faults(text)[0])


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("opening", ["[", "{", "{a: [", "[\n"], ids=["lists", "mappings", "both", "a line each"])
@pytest.mark.parametrize("times", [25, 999, 1_001, 30_000])
def test_brackets_that_are_too_deep_have_one_message(
    opening: str, times: int, parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever parses, however far it reads ahead: PyYAML 6.0.4 stops at its own limit, earlier ones have none."""
    monkeypatch.setattr(tree, "_LOADER", getattr(yaml, parser, yaml.SafeLoader))
    (fault,) = faults("schema: 1\ntitle: x\na: " + opening * times)
    line = 3 + (23 if opening == "[\n" else 0)
    assert str(fault) == f"x.yaml:{line}: It is nested more than 24 deep.\n    Close the brackets, or move the value out."


def test_aliases_are_welcome_in_moderation() -> None:
    """What is written once may be used twice."""
    exercise = loaded(
        tasks="""\
  - call: f(W, X)
    returns:
      dW: {gradient: L, wrt: W}
      dX: {gradient: L, wrt: X}
    mistakes:
      dW: &zero
        - returned: 0
          hint: It is not constant.
      dX: *zero"""
    )
    first, second = exercise.tasks[0].targets
    assert first.mistakes == second.mistakes != ()


def test_latex_in_single_quotes_and_blocks_is_left_alone() -> None:
    """Backslashes are YAML's only in double quotes, and there two of them are one."""
    exercise = parse_exercise(with_parts() + "source: \"a \\\\tanh b\"\nstatement: '$\\tanh \\nabla$'\n", "test")
    assert (exercise.source, exercise.statement) == ("a \\tanh b", "$\\tanh \\nabla$")


@pytest.mark.parametrize("text", ["\ufeff" + with_parts(), with_parts().replace("\n", "\r\n"), "%YAML 1.2\n---\n" + with_parts()])
def test_harmless_differences_do_not_matter(text: str, tmp_path: Path) -> None:
    """A byte order mark, Windows line ends, a document start."""
    file = tmp_path / "test.yaml"
    file.write_bytes(text.encode())
    assert load_exercise(file) == loaded()


@pytest.mark.parametrize("escape", ["\\x07", "\\u2028", "\\L", "\\e[31m", "\\ufeff"])
def test_an_escape_cannot_bring_in_what_nobody_sees(escape: str) -> None:
    """Control characters and odd line separators are refused however they are written."""
    assert faults(with_parts() + f'statement: "a{escape}"\n')


def test_white_space_that_means_nothing_is_dropped() -> None:
    """Tabs, spaces at line ends and empty lines around a text; a title is one line."""
    exercise = parse_exercise(
        with_parts().replace("title: Test", "title: >-\n  A  long\n\n  title") + "statement: |2\n\n    a \t\n   b\n\n", "test"
    )
    assert (exercise.title, exercise.statement) == ("A long title", "  a\n b")
    assert exercise == parse_exercise(dump(exercise), "test")


# Files


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("title: café\n".encode("latin-1"), "{}:1: It is not UTF-8: the byte 0xe9 in line 1.\n    Save it as UTF-8."),
        ("title: café\n".encode("utf-16"), "{}: It is UTF-16 text.\n    Save it as UTF-8."),
        (
            b"a" * 50_000_000,
            "{}: It holds 47.7 MiB; at most 256 KiB are read.\n    An exercise is a page of text: is this the right file?",
        ),
    ],
)
def test_a_file_that_is_no_text_is_refused(data: bytes, message: str, tmp_path: Path) -> None:
    """With the place of the first bad byte, and without reading 50 MB."""
    file = tmp_path / "test.yaml"
    file.write_bytes(data)
    with pytest.raises(ExerciseError) as raised:
        load_exercise(file)
    assert message.format(file) == str(raised.value)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    """Each in its own words."""
    with pytest.raises(ExerciseError, match="There is no such file"):
        load_exercise(tmp_path / "none.yaml")
    with pytest.raises(ExerciseError, match="It is a folder"):
        load_exercise(tmp_path)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no FIFOs")
def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Opening a FIFO would hang."""
    os.mkfifo(tmp_path / "test.yaml")
    with pytest.raises(ExerciseError, match="not a regular file"):
        load_exercise(tmp_path / "test.yaml")


def test_the_id_is_the_stem_of_the_file(tmp_path: Path) -> None:
    """And it has to be one that commands and columns can carry."""
    (tmp_path / "Tanh-Layer.yaml").write_text(with_parts(), "utf-8")
    with pytest.raises(ExerciseError, match="`Tanh-Layer` cannot be the id of an exercise"):
        load_exercise(tmp_path / "Tanh-Layer.yaml")


# Dump


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_dumped_exercise_loads_as_the_same(path: Path) -> None:
    """For every exercise of the catalogue, and dumping again changes nothing."""
    exercise = load_exercise(path)
    text = dump(exercise)
    assert exercise == parse_exercise(text, exercise.id)
    assert text == dump(parse_exercise(text, exercise.id))


CHARACTERS = st.characters(codec="utf-8", exclude_categories=["C", "Zl", "Zp"])
TEXTS = st.text(CHARACTERS, min_size=1, max_size=40).map(lambda text: " ".join(text.split())).filter(bool)
LINES = st.lists(TEXTS, min_size=1, max_size=4).map("\n".join)


@st.composite
def exercises(draw: st.DrawFn) -> Exercise:
    """Draw an exercise with odd texts, names and numbers in it."""
    exercise = load_exercise(EXERCISES / "tanh_layer.yaml")
    numbers = st.floats(1e-300, 1e5)
    hints = st.builds(
        lambda hint, credit: Mistake(returned=parse("einsum('ki,j->kij', eye(m), X)"), hint=hint, credit=credit),
        TEXTS,
        st.floats(0, 1),
    )
    task = exercise.tasks[0]
    weights = replace(task.targets[0], points=draw(numbers), mistakes=tuple(draw(st.lists(hints, max_size=3))))
    constants = st.one_of(TEXTS, st.floats(-1e9, 1e9), st.integers(-(10**9), 10**9), st.booleans(), st.none()).map(Constant)
    arguments = st.recursive(constants, lambda inner: st.lists(inner, max_size=3).map(tuple).map(Group), max_leaves=5)
    cases = st.builds(
        lambda name, n, factor, value: NamedCase(name=name, sizes={"n": n}, scale={"W": factor}, set={"X": (value,) * n}),
        TEXTS.filter(lambda text: not re.fullmatch(r"(small|random|probe) \d+", text)),
        st.integers(1, 5),
        st.floats(-1e12, 1e12),
        st.floats(-1e300, 1e300),
    )
    passed = (*task.call.arguments, *draw(st.lists(arguments, max_size=3)))
    return replace(
        exercise,
        title=draw(TEXTS),
        source=draw(st.none() | TEXTS),
        statement=draw(st.none() | LINES),
        tasks=(replace(task, targets=(weights,), call=replace(task.call, arguments=passed)),),
        named_cases=tuple(draw(st.lists(cases, max_size=3, unique_by=lambda case: case.name))),
        random_cases=draw(st.integers(1, 90)),
        rtol=draw(st.floats(1e-300, 0.1)),
        limits=Limits(seconds=draw(st.floats(1e-3, 3600)), memory_mib=draw(st.integers(64, 65536))),
        arrays=draw(st.sampled_from(["numpy", "torch"])),
    )


@given(exercises())
@settings(max_examples=60, deadline=None)
def test_whatever_an_exercise_holds_survives_dumping(exercise: Exercise) -> None:
    """load(dump(e)) == e for odd texts, numbers and arguments too."""
    assert exercise == parse_exercise(dump(exercise), exercise.id)


# Assignments


def assignment(tmp_path: Path, text: str) -> Assignment:
    """Load an assignment from a text."""
    file = tmp_path / "ps1.yaml"
    file.write_text(text, "utf-8")
    return load_assignment(file, lambda name: EXERCISES / f"{name}.yaml")


def assignment_faults(tmp_path: Path, text: str) -> str:
    """Return the faults of an assignment."""

    def find(name: str) -> Path:
        if not (EXERCISES / f"{name}.yaml").exists():
            raise ExerciseError(Fault("", f"There is no exercise `{name}`.", "Did you mean `chain_rule`?"))
        return EXERCISES / f"{name}.yaml"

    file = tmp_path / "ps1.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(ExerciseError) as raised:
        load_assignment(file, find)
    return str(raised.value).replace(str(file), "ps1.yaml")


def test_the_shipped_assignment_is_the_chapter() -> None:
    """Five exercises in the order of the book, with torch arrays."""
    chapter = load_assignment(EXERCISES / "assignments" / "autodiff_chapter.yaml", lambda name: EXERCISES / f"{name}.yaml")
    assert [exercise.id for exercise in chapter.exercises] == [
        "tanh_derivative",
        "chain_rule",
        "scalar_linear",
        "linear_layer",
        "tanh_layer",
    ]
    assert {exercise.arrays for exercise in chapter.exercises} == {"torch"}
    assert chapter.id == "autodiff_chapter"


def test_an_assignment_overrides_its_exercises(tmp_path: Path) -> None:
    """Arrays, limits and numerical for all; points for one, shared among its targets as before."""
    found = assignment(
        tmp_path,
        "schema: 1\ntitle: Set 1\nexercises: [chain_rule, tanh_layer]\narrays: torch\nnumerical: forbid\nlimits: {seconds: 3}\n"
        "points: {tanh_layer: 6}\ndue: 2026-10-01T23:59:00+02:00\n",
    )
    chain, layer = found.exercises
    assert (chain.arrays, chain.numerical, chain.limits) == ("torch", "forbid", Limits(seconds=3, memory_mib=1024))
    assert [target.points for _, target in layer.targets()] == [4.0, 2.0]
    assert chain.points == 4.0
    assert found.due == datetime.fromisoformat("2026-10-01T23:59:00+02:00")


def test_an_assignment_may_name_files(tmp_path: Path) -> None:
    """Paths are relative to the assignment's own file."""
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "mine.yaml").write_text(with_parts(), "utf-8")
    found = assignment(tmp_path, "schema: 1\ntitle: Set 1\nexercises: [own/mine.yaml]\n")
    assert [exercise.id for exercise in found.exercises] == ["mine"]


@pytest.mark.parametrize(("text", "message"), pairs("assignment_faults.txt"))
def test_every_fault_of_an_assignment_says_what_to_do(text: str, message: str, tmp_path: Path) -> None:
    """In the same three parts as those of exercises."""
    assert message == assignment_faults(tmp_path, f"schema: 1\ntitle: Set 1\n{text}\n")


HEAD = "schema: 1\ntitle: Set 1\n"
DUE = "exercises: [chain_rule]\ndue: 2026-10-01T23:59Z\n"


def test_a_late_rule_has_shares_times_and_a_ledger_beside_the_file(tmp_path: Path) -> None:
    """Shares as fractions, times in seconds, each student's own due time with its zone."""
    rule = assignment(
        tmp_path,
        f"{HEAD}{DUE}feedback: hints\nlate: {{per_day: 12.5%, grace: 15 minutes, free_days: 3, at_most: 50 %, "
        "extensions: {s03: 2026-11-30T12:00+01:00, '007': 2026-11-30T12:00Z}, ledger: free_days.csv}\n",
    ).late
    assert rule == LateRule(
        per_day=0.125,
        grace_seconds=900.0,
        free_days=3,
        at_most=0.5,
        extensions={"s03": datetime.fromisoformat("2026-11-30T12:00+01:00"), "007": datetime.fromisoformat("2026-11-30T12:00Z")},
        ledger=str(tmp_path / "free_days.csv"),
    )


def test_a_ledger_lies_in_a_folder_that_is_there(tmp_path: Path) -> None:
    """A slip in its path would give everybody all free days again."""
    text = f"{HEAD}{DUE}late: {{per_day: 10%, free_days: 1, ledger: corse/free.csv}}\n"
    assert f"ps1.yaml:5: late.ledger: there is no folder {tmp_path / 'corse'}." in assignment_faults(tmp_path, text)


def test_without_a_late_rule_nothing_is_lost_and_all_is_shown(tmp_path: Path) -> None:
    """The defaults."""
    found = assignment(tmp_path, "schema: 1\ntitle: Set 1\nexercises: [chain_rule]\n")
    assert (found.late, found.feedback, found.overrides) == (None, "full", ())


BY_HAND = "student,exercise,target,points,reason,by\n"


def overrides(tmp_path: Path, table: str | bytes) -> tuple[Override, ...]:
    """Read the points given by hand from a table."""
    (tmp_path / "by_hand.csv").write_bytes(table if isinstance(table, bytes) else table.encode())
    return assignment(tmp_path, f"{HEAD}exercises: [chain_rule, tanh_layer]\noverrides: by_hand.csv\n").overrides


def test_points_are_given_by_hand_in_a_table(tmp_path: Path) -> None:
    """Of one target or of a whole exercise; spaces around cells mean nothing, semicolons do as well."""
    right = BY_HAND + "s01,tanh_layer,dY_dW,2, told me the formula ,by03\n\ns02,chain_rule,,1.5,oral exam,by03\n"
    assert overrides(tmp_path, right) == overrides(tmp_path, right.replace(",", ";"))
    assert overrides(tmp_path, right)[0] == Override(
        student="s01", exercise="tanh_layer", target="dY_dW", points=2.0, reason="told me the formula", by="by03"
    )
    assert overrides(tmp_path, right)[1].target == ""


def test_a_student_is_called_in_a_table_of_overrides_as_in_grades_csv(tmp_path: Path) -> None:
    """With the ' that keeps a spreadsheet from running an id, or without it."""
    table = BY_HAND + "'=1+1,chain_rule,,1,oral exam,by03\n@s02,chain_rule,,1,oral exam,by03\n'Abd,chain_rule,,1,oral exam,by03\n"
    assert ["=1+1", "@s02", "'Abd"] == [one.student for one in overrides(tmp_path, table)]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("s01,chain,,1,r,b", "2: `chain` is not an exercise of this assignment.\n    Exercises here: chain_rule, tanh_layer."),
        (
            "s01,tanh_layer,dY,1,r,b",
            "2: tanh_layer has no target `dY`.\n    Its targets: dY_dW, dY_dB;",
        ),
        ("s01,chain_rule,,-1,r,b", '2: points is "-1".\n    Write a number from 0, as 2.5.'),
        ("s01,chain_rule,,nan,r,b", '2: points is "nan".\n    Write a number from 0, as 2.5.'),
        ("s01,chain_rule,,1,,b", "2: reason is empty.\n    Students see who gave the points and why."),
        (",chain_rule,,1,r,b", "2: student is empty.\n    Fill it in, or remove the row."),
        (
            "s01,tanh_layer,dY_dW,1,r,b\ns01,tanh_layer,dY_dW,2,r,b",
            "3: s01 has points for tanh_layer at line 2, too.\n    Keep one of the two rows.",
        ),
        (
            "s01,tanh_layer,dY_dW,1,r,b\ns01,tanh_layer,,2,r,b",
            "3: s01 has points for tanh_layer at line 2, too.\n    Keep one of the two rows. Points of a whole exercise",
        ),
    ],
)
def test_every_fault_of_a_table_of_overrides_says_what_to_do(rows: str, message: str, tmp_path: Path) -> None:
    """In the same three parts, with the line of the table."""
    with pytest.raises(ExerciseError) as raised:
        overrides(tmp_path, BY_HAND + rows + "\n")
    assert f"{tmp_path / 'by_hand.csv'}:{message}" in str(raised.value)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("student,exercise,points,reason\n", "by_hand.csv:1: The column `by` is missing."),
        (BY_HAND.replace("points", "score"), "by_hand.csv:1: The column `score` is not known."),
        (b"\xff\xfe", "by_hand.csv: It is not UTF-8 text."),
        ("x" * 131_073, "by_hand.csv:1: It is not CSV: field larger than field limit"),
    ],
)
def test_a_table_of_overrides_has_its_columns(table: str | bytes, message: str, tmp_path: Path) -> None:
    """In UTF-8."""
    with pytest.raises(ExerciseError) as raised:
        overrides(tmp_path, table)
    assert message in str(raised.value)


def test_a_table_of_overrides_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    """Never no overrides."""
    with pytest.raises(ExerciseError) as raised:
        assignment(tmp_path, f"{HEAD}exercises: [chain_rule]\noverrides: none.csv\n")
    assert "none.csv: The table of overrides cannot be opened: No such file" in str(raised.value)


def test_faults_of_the_exercises_are_said_with_those_of_the_assignment(tmp_path: Path) -> None:
    """One run shows all that has to be mended."""
    (tmp_path / "mine.yaml").write_text(with_parts().replace("title: Test", "title:"), "utf-8")
    text = assignment_faults(tmp_path, "schema: 1\ntitle: on\nexercises: [./mine.yaml]\n")
    assert "ps1.yaml:2: title is `on`, which YAML reads as true." in text
    assert f"{tmp_path / 'mine.yaml'}:2: title is empty." in text


# The seed course


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
