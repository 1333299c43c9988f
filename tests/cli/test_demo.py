"""The example class: graded whole, and telling what it is meant to tell."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from grader import cli
from grader.cli import demo


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Grade the demo once; return its OUT folder."""
    folder = tmp_path_factory.mktemp("demo") / "OUT"
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert cli.run(["demo", "-o", str(folder)]) == 0
    (folder.parent / "table.txt").write_text(printed.getvalue(), encoding="utf-8")
    return folder


def reports(out: Path, student: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Read a student's targets by exercise and name."""
    files = (out / "reports" / student).glob("*.json")
    return {
        (report["exercise"], target["name"]): {**target, "flags": report["flags"]}
        for report in map(json.loads, (file.read_text(encoding="utf-8") for file in files))
        for target in report["targets"]
    }


def test_the_table(out: Path) -> None:
    """Twelve students; what each one's work comes to."""
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    totals = {student: row["total"] and float(row["total"]) for student, row in rows.items()}
    assert list(totals) == [f"s{number:02}" for number in range(1, 13)]
    assert list(totals.values()) == [15, 15, 12, 10, 10.5, 7, 10, 13, 11, 6, 13, ""]


def test_the_readme_shows_this_table(out: Path) -> None:
    """The table that is printed is the README's."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"$ grader demo\n{(out.parent / 'table.txt').read_text(encoding='utf-8')}```" in readme


@pytest.mark.parametrize(
    ("student", "exercise", "name", "status", "rule"),
    [
        ("s03", "tanh_layer", "dY_dW", "wrong_value", "declared"),
        ("s04", "linear_layer", "dY_dW", "wrong_shape", "flattening_order"),
        ("s04", "tanh_layer", "dY_dW", "wrong_shape", "transposed"),
        ("s05", "chain_rule", "dz_dy", "wrong_value", "sign"),
        ("s05", "tanh_layer", "dY_dB", "wrong_value", "declared"),
        ("s06", "chain_rule", "dy_dx", "missing", None),
        ("s06", "tanh_layer", "dY_dB", "missing", None),
        ("s07", "tanh_layer", "dY_dW", "raised", None),
        ("s08", "linear_layer", "dY_dW", "timed_out", None),
        ("s10", "chain_rule", "dz_dy", "wrong_type", None),
        ("s10", "chain_rule", "dz_dx", "not_implemented", None),
        ("s11", "linear_layer", "dY_dX", "wrong_value", "single_precision"),
        ("s11", "tanh_layer", "dY_dB", "wrong_shape", "extra_axis"),
    ],
)
def test_each_wrong_answer_is_named(student: str, exercise: str, name: str, status: str, rule: str | None, out: Path) -> None:
    """The status, and the likely mistake where the numbers tell it."""
    target = reports(out, student)[exercise, name]
    assert (target["status"], (target["diagnosis"] or {"rule": None})["rule"]) == (status, rule)


def test_a_loop_costs_one_function(out: Path) -> None:
    """The other functions of s08's file are right."""
    found = {name: target["status"] for (exercise, name), target in reports(out, "s08").items() if exercise == "linear_layer"}
    assert found == {"dY_dX": "correct", "dY_dW": "timed_out", "dY_dB": "correct"}


def test_printing_costs_nothing(out: Path) -> None:
    """What s09 prints is flagged, its right answers count."""
    target = reports(out, "s09")["tanh_derivative", "dY_dx"]
    assert (target["status"], target["flags"]) == ("correct", ["wrote_to_stdout"])


def test_a_clash_of_names_is_told_with_the_remedy(out: Path) -> None:
    """The file of s12 has functions of one name for two exercises, and no marks."""
    target = reports(out, "s12")["linear_layer", "dY_dW"]
    assert (target["status"], target["score"]) == ("ungraded", None)
    assert "# exercise:" in target["detail"]


def test_the_same_class_again_is_a_second(out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing changed, so nothing is graded again but what waits for somebody to say what is meant."""
    assert cli.run(["demo", "-o", str(out)]) == 0
    assert "56 unchanged since the last run" in capsys.readouterr().err


def test_an_installed_wheel_says_where_the_class_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Right answers are not shipped: `demo` then names the repository."""
    monkeypatch.setattr(demo, "EXAMPLES", tmp_path)
    assert cli.run(["demo"]) == 2
    assert "make demo" in capsys.readouterr().err
