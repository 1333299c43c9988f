"""What the wall clock ended is tried once more, alone, within a budget of time."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from classroom import Reader, assignment, exercise, hand_in, steps

from grader.course.grade import Options, Progress, grade_folder
from grader.course.regrade import regrade
from grader.errors import Fault, SandboxError
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report


def test_what_sleeps_is_tried_once_more_within_a_budget_of_the_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A class that sleeps would take days; whose only report counts is said, also by a run that finds nothing to do."""
    monkeypatch.setattr("grader.course.workers.retries.BUDGET_SECONDS", 0.05)  # less than one try takes
    folder = hand_in(tmp_path / "class", {f"s0{n}/tanh_layer.py": "waits" for n in range(1, 5)})
    reader = Reader()
    asked = assignment(exercise("tanh_layer"))
    told: list[Progress] = []
    for _ in range(2):
        summary = grade_folder(
            folder,
            asked,
            tmp_path / "out",
            options=Options(jobs=1),
            steps=steps(reader),
            progress=lambda at: told.append(replace(at)),
        )
        assert 5 == len(reader.graded)  # the second run pays for nothing again
        assert 4 == len((tmp_path / "out/grades.csv").read_text(encoding="utf-8").splitlines()[1:])
        assert 1 == len({name for name in ("s01", "s02", "s03", "s04") if name not in summary.notes[0]})
        assert "Not tried again: " in summary.notes[0]
        assert 4 == told[-1].done


def test_a_run_that_goes_on_tries_again_only_what_was_not_tried(tmp_path: Path) -> None:
    """The first report is kept at once, and says that it is to be tried; what was tried counts against the same budget."""

    class Ending(Reader):
        ends = True

        def grade(self, judge: Judge, submission: Submission) -> Report:
            if self.ends and (submission.student, judge.exercise.id) in self.graded and submission.student == "s02":
                raise SandboxError(Fault("", "There is no sandbox any more."))
            return super().grade(judge, submission)

    files = {"s01/tanh_layer.py": "waits", "s02/tanh_layer.py": "waits_once", "s03/tanh_layer.py": "correct"}
    folder = hand_in(tmp_path / "class", files)
    reader = Ending()
    asked = assignment(exercise("tanh_layer"))
    with pytest.raises(SandboxError):
        grade_folder(folder, asked, tmp_path / "out", options=Options(jobs=1), steps=steps(reader))

    def read(name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((tmp_path / f"out/reports/{name}/tanh_layer.json").read_bytes())
        return found

    assert read("s01")["tried_alone"] >= 0.1
    assert (None, "timed_out") == (read("s02")["tried_alone"], read("s02")["targets"][0]["status"])
    assert "tried_alone" not in read("s03")
    reader.ends = False
    tried = len(reader.graded)
    for _ in range(2):
        grade_folder(folder, asked, tmp_path / "out", options=Options(jobs=1), steps=steps(reader))
        assert [("s02", "tanh_layer")] == reader.graded[tried:]
        assert "correct" == read("s02")["targets"][0]["status"]


def test_a_regrade_that_was_ended_tries_again_only_what_was_not_tried(tmp_path: Path) -> None:
    """As a run of a class does; what was not agreed to yet is no reason to pay twice."""
    folder = hand_in(tmp_path / "class", {"s01/tanh_layer.py": "waits", "s02/tanh_layer.py": "waits"})
    reader = Reader()
    asked = assignment(exercise("tanh_layer"))
    grade_folder(folder, asked, tmp_path / "out", options=Options(jobs=1), steps=steps(reader))
    changed = assignment(replace(asked.exercises[0], rtol=1e-3))
    reader.graded.clear()
    for _ in range(2):
        plan = regrade(tmp_path / "out", changed, lambda _: False, options=Options(jobs=1), steps=steps(reader))
        assert (2, 4) == (plan.run_again, len(reader.graded))


def test_what_the_wall_clock_ended_is_tried_once_more_alone(tmp_path: Path) -> None:
    """After all others, with nothing beside it; the second report counts. What used up its CPU time is not tried again."""
    files = {
        "s01/tanh_layer.py": "waits",
        "s02/tanh_layer.py": "waits_once",
        "s03/tanh_layer.py": "timed_out",
        "s04/tanh_layer.py": "slow",
        "s05/tanh_layer.py": "slow",
    }
    reader = Reader()
    one = assignment(exercise("tanh_layer"))
    grade_folder(hand_in(tmp_path / "class", files), one, tmp_path / "out", options=Options(jobs=3), steps=steps(reader))
    tried = [student for student, _ in reader.graded]
    assert {"s01": 2, "s02": 2, "s03": 1, "s04": 1, "s05": 1} == {student: tried.count(student) for student in sorted(tried)}
    assert ["s01", "s02"] == sorted(tried[5:])
    assert 1 == reader.most_beside[-1] == reader.most_beside[-2]
    marks = (tmp_path / "out/grades.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ["s01,0,0", "s02,1,1", "s03,0,0", "s04,1,1", "s05,1,1"] == [",".join(line.split(",")[:3]) for line in marks]
