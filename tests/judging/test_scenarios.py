"""
Whole stories: a submission, the report as data, the report as the student reads it.

`GRADER_UPDATE=1 pytest tests/judging/test_scenarios.py` writes the golden files anew; read the difference before you commit it.
"""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from places import TESTS

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report
from grader.reference import prepare
from grader.render import terminal
from grader.sandbox import Sandbox
from grader.sandbox.limits import Limits

STORIES = sorted(path for path in (TESTS / "scenarios").iterdir() if path.is_dir())


def readable(data: object, indent: str = "") -> str:
    """Write JSON with a line for each key, and numbers that belong together on one line: Git then shows which array changed."""
    inner = f"{indent} "
    match data:
        case {} if not all(isinstance(value, int | float) for value in data.values()):
            lines = [f"{inner}{json.dumps(key)}: {readable(value, inner)}" for key, value in data.items()]
            return "{\n" + ",\n".join(lines) + f"\n{indent}}}"
        case [{}, *_]:
            return "[\n" + ",\n".join(f"{inner}{readable(item, inner)}" for item in data) + f"\n{indent}]"
        case _:
            return json.dumps(data, ensure_ascii=False)


def golden(report: Report) -> str:
    """Write the report as JSON, with eight digits and without facts that differ from machine to machine."""
    data = report.to_json()
    for key in ("versions", "seconds", "layers", "isolation", "source_sha256", "exercise_sha256"):
        del data[key]
    for target in data["targets"]:
        target.pop("answers_sha256", None)  # of differences the ninth digit is noise
    rounded = json.loads(json.dumps(data, allow_nan=False), parse_float=lambda text: float(f"{float(text):.8g}"))
    return readable(rounded) + "\n"


@pytest.mark.parametrize("story", STORIES, ids=lambda path: path.name)
def test_a_story_ends_as_it_is_written(story: Path, sandbox: Sandbox) -> None:
    """Status, score, diagnosis, counterexample, flags; and the words."""
    submission = Submission.from_bytes({"submission.py": (story / "submission.py").read_bytes()})
    exercise = replace(load_exercise(catalogue.find(submission.sections[0]).path), limits=Limits(seconds=2.0))
    report = Judge(exercise, prepare.prepare(exercise)).grade(submission, sandbox)
    data, text = (
        golden(report),
        terminal.render(report, exercise, again=f"grader check {exercise.id} submission.py", colour=False),
    )
    if os.environ.get("GRADER_UPDATE"):
        (story / "report.json").write_text(data, "utf-8")
        (story / "report.txt").write_text(text, "utf-8")
    assert (story / "report.json").read_text("utf-8") == data
    assert (story / "report.txt").read_text("utf-8") == text
