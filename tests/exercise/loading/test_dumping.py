"""An exercise written as YAML loads as the same exercise."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from exercise_files import (
    SHIPPED,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from places import EXERCISES

from grader.exercise.formula import parse
from grader.exercise.loading import dump, load_exercise, parse_exercise
from grader.exercise.model import (
    Exercise,
    Mistake,
    NamedCase,
)
from grader.sandbox.limits import Limits
from grader.sandbox.wire.call import Constant, Group


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
