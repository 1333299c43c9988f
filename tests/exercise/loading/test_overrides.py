"""The table of points given by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from exercise_files import (
    HEAD,
    assignment,
)

from grader.errors import ExerciseError
from grader.exercise.assignment import Override

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
