"""Every fault of a file at once: where it is, what is wrong, what to do."""

from __future__ import annotations

import re

import pytest
from exercise_files import (
    BASE,
    FAULTS,
    faults,
)

from grader.errors import ExerciseError
from grader.exercise.loading import parse_exercise


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
