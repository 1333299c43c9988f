"""What was graded can be replayed, regraded and forgotten without the submissions' folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from classroom import Reader, assignment, exercise, hand_in, report, steps

from grader.batch.again import Change, purge, regrade, replay
from grader.batch.run import Options, grade_folder
from grader.errors import GraderError
from grader.outcome import Status

TWO = assignment(exercise("tanh_layer"), exercise("chain_rule"))
CORRECTED = assignment(exercise("tanh_layer"), exercise("chain_rule", points=2.0))


class Stricter(Reader):
    """Takes `s02` for wrong, and `doubtful` for right, in the corrected exercise."""

    def grade(self, exercise, submission, record):
        """The verdict of the day."""
        found = super().grade(exercise, submission, record)
        if exercise.points == 2.0 and submission.student == "s02":
            return report(exercise, "s02", Status.WRONG_VALUE, seed=record.seed)
        return found


@pytest.fixture
def out(tmp_path):
    """Three students, graded; the folder they came from is gone."""
    files = {f"s0{n}/{id}.py": "correct" for n in (1, 2, 3) for id in ("tanh_layer", "chain_rule")}
    folder = hand_in(tmp_path / "class", files | {"s03/chain_rule.py": "wrong_value"})
    grade_folder(folder, TWO, tmp_path / "out", options=Options(seed=7), steps=steps(Reader()))
    folder.rename(tmp_path / "away")
    return tmp_path / "out"


def grades(out: Path) -> list[str]:
    """The rows of grades.csv."""
    return [line.rstrip(",") for line in (out / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]]


def test_a_verdict_is_replayed_from_its_record(out):
    """The same report but for the time, with the same seed."""
    again = replay(out, "s03", TWO.exercises[1], steps=steps(Reader()))
    assert again.differences == ()
    assert replace(again.again, seconds=0.0) == replace(again.recorded, seconds=0.0)
    assert again.again.seed == 7


def test_a_replay_says_what_is_not_the_same(out):
    """Where the grader answers otherwise by now."""

    class Other(Reader):
        def grade(self, exercise, submission, record):
            return report(exercise, str(submission.student), Status.RAISED, seed=record.seed)

    assert ("targets",) == replay(out, "s03", TWO.exercises[1], steps=steps(Other())).differences


def test_a_replay_of_nothing_or_of_another_exercise_is_refused(out):
    """With what to do."""
    with pytest.raises(GraderError, match="There is no result of s09 for chain_rule"):
        replay(out, "s09", TWO.exercises[1], steps=steps(Reader()))
    with pytest.raises(GraderError, match="was changed since this was graded"):
        replay(out, "s01", CORRECTED.exercises[1], steps=steps(Reader()))


def test_a_regrade_says_whose_marks_change_before_it_writes(out):
    """Only the corrected exercise is graded again; a no leaves everything as it was."""
    seen: list[Change] = []
    before = grades(out)
    reader = Stricter()

    def refuse(changes):
        seen.extend(changes)
        return False

    assert () == regrade(out, CORRECTED, refuse, steps=steps(reader))
    assert [("s01", 1.0, 2.0), ("s02", 1.0, 0.0)] == [(one.student, one.before, one.after) for one in seen]
    assert [("s01", "chain_rule"), ("s02", "chain_rule"), ("s03", "chain_rule")] == sorted(reader.graded)
    assert before == grades(out)


def test_a_regrade_is_written_when_it_is_agreed_to(out):
    """Table, reports and database."""
    changes = regrade(out, CORRECTED, lambda changes: True, steps=steps(Stricter()))
    assert ["s01", "s02"] == [one.student for one in changes]
    assert ["s01,1,2,3", "s02,1,0,1", "s03,1,0,1"] == grades(out)
    assert 2.0 == json.loads((out / "reports/s01/chain_rule.json").read_bytes())["score"]
    assert () == regrade(out, CORRECTED, lambda changes: True, steps=steps(Stricter()))


def test_marks_that_would_fall_stay_on_request(out):
    """And a later run does not take them."""
    regrade(out, CORRECTED, lambda changes: True, only_up=True, steps=steps(Stricter()))
    assert "s02,1,1,2" in grades(out)
    grade_folder(out.parent / "away", CORRECTED, out, steps=steps(Stricter()))
    assert ["s01,1,2,3", "s02,1,1,2", "s03,1,0,1"] == grades(out)


def test_what_is_purged_is_gone_from_the_disk(out):
    """Rows, reports, pages and the bytes of the files; others stay."""
    (out / "report.html").write_text("s02", encoding="utf-8")
    assert 2 == purge(out, "s02")
    assert ["s01,1,1,2", "s03,1,0,1"] == grades(out)
    assert ["s01", "s03"] == sorted(path.name for path in (out / "reports").iterdir())
    assert all(b"s02" not in path.read_bytes() for path in out.rglob("*") if path.is_file())
    assert 4 == purge(out)
    assert [] == grades(out)
    assert all(b"s01" not in path.read_bytes() for path in out.rglob("*") if path.is_file())
