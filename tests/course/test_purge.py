"""What students handed in can be forgotten, with their scores or without."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from classroom import Reader, hand_in, report, steps
from graded_class import CORRECTED, TWO, grade_three, grades

from grader.course.grade import Options, grade_folder
from grader.course.intake.files import Unplaced
from grader.course.purge import Removal, purge
from grader.course.regrade import regrade
from grader.course.replay import replay
from grader.course.results.database import open_results
from grader.course.results.out import existing_out
from grader.errors import GraderError
from grader.exercise.assignment import Override
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report, Status


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Grade three students; the folder they came from is gone."""
    return grade_three(tmp_path)


def test_what_a_regrade_came_to_and_nobody_agreed_to_is_purged(out: Path) -> None:
    """It is told of the answers, too."""

    class Telling(Reader):
        def grade(self, judge: Judge, submission: Submission) -> Report:
            return report(judge.exercise, str(submission.student), Status.RAISED, seed=judge.record.seed, detail="Xyxx Yzyy")

    regrade(out, CORRECTED, lambda plan: False, steps=steps(Telling()))
    assert leftovers(out, b"Xyxx Yzyy")
    purge(out, lambda removal: True)
    assert [] == leftovers(out, b"Xyxx Yzyy")


@pytest.mark.parametrize(
    ("student", "gone"),
    [
        ("s1", ["s1/notes.txt", "s1.docx", "s7/a.txt", "s8/b.txt"]),
        ("py", []),
        ("ann_7", ["ann_7_21_notes.txt", "x/ann_7/y.txt"]),
    ],
)
def test_a_purge_forgets_what_had_no_place_of_that_student_alone(student: str, gone: list[str], out: Path) -> None:
    """By parts of the path and whole words of the reason: `s1` is not s10, and `py` no ending of a file."""
    listed = {
        "s1/notes.txt": "It is not a .py or .ipynb file.",
        "s1.docx": "It is not a .py, .ipynb or .zip file.",
        "s10/notes.txt": "It is not a .py or .ipynb file.",
        "s7/a.txt": "Its name differs from `s1` in capitals.",
        "s8/b.txt": "It is the same student of the roster as s1, which counts.",
        "s9/c.txt": "There are several files for it; s10/c.py counts, the last one.",
        "ann_7_21_notes.txt": "It is not a .py or .ipynb file.",
        "ann_78_2_notes.txt": "It is not a .py or .ipynb file.",
        "x/ann_7/y.txt": "It is not a .py or .ipynb file.",
    }
    with existing_out(out) as folder, closing(open_results(folder)) as results:
        results.put_unplaced(tuple(Unplaced(path=path, reason=reason) for path, reason in listed.items()))
        results.forget(student)
        assert [path for path in listed if path not in gone] == [one.path for one in results.unplaced()]


def leftovers(out: Path, word: bytes) -> list[str]:
    """Return the files that still hold a word."""
    return [path.name for path in out.rglob("*") if path.is_file() and word in path.read_bytes()]


def test_what_is_purged_is_gone_from_the_disk_but_for_the_marks(out: Path) -> None:
    """Reports, pages and the bytes of the files of one student; the others stay."""
    (out / "report.html").write_text("s02", encoding="utf-8")
    seen: list[Removal] = []

    def agree(removal: Removal) -> bool:
        seen.append(removal)
        return True

    assert purge(out, agree, "s02")
    assert [Removal(students=1, results=2, files=1, pages=3)] == seen
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,0,1"] == grades(out)
    assert ["s01", "s03"] == sorted(path.name for path in (out / "reports").iterdir())
    assert not (out / "report.html").exists()
    with pytest.raises(GraderError, match="files of s02 for chain_rule are no longer kept"):
        replay(out, "s02", TWO.exercises[1], steps=steps(Reader()))
    assert () == replay(out, "s01", TWO.exercises[1], steps=steps(Reader())).differences


def test_names_addresses_and_reasons_go_even_where_the_marks_stay(tmp_path: Path) -> None:
    """From every file of the folder; times of handing in stay, since being late counts."""
    folder = hand_in(tmp_path / "class", {"s01/chain_rule.py": "correct", "s02.txt": "no code"})
    (tmp_path / "roster.csv").write_text(
        "id,name,email,canvas_id,submitted_at\ns01,Xyxx Yzyy,xyxx@example.org,77077,2026-01-01T12:00Z\n", encoding="utf-8"
    )
    by_hand = Override(student="s01", exercise="chain_rule", target="", points=1.0, reason="was ill", by="by01")
    problems = replace(TWO, overrides=(by_hand,))
    grade_folder(folder, problems, tmp_path / "out", options=Options(roster=tmp_path / "roster.csv"), steps=steps(Reader()))
    assert leftovers(tmp_path / "out", b"xyxx@example.org")
    purge(tmp_path / "out", lambda removal: True)
    gone = (b"Xyxx", b"xyxx@example.org", b"77077", b"was ill", b"by01", b"s02.txt")
    assert [[]] * len(gone) == [leftovers(tmp_path / "out", word) for word in gone]
    assert "s01,0,1,1,2026-01-01T12:00:00+00:00,," in (tmp_path / "out" / "grades.csv").read_text("utf-8")


def test_with_the_marks_a_student_is_gone_altogether(out: Path) -> None:
    """And with everybody, everything but the assignment's name and its seed."""
    purge(out, lambda removal: True, "s02", keep_scores=False)
    assert ["s01,1,1,2", "s03,1,0,1"] == grades(out)
    assert [] == leftovers(out, b"s02")
    purge(out, lambda removal: True, keep_scores=False)
    assert [] == grades(out)
    assert [] == leftovers(out, b"s01")


def test_a_purge_that_is_not_agreed_to_changes_nothing(out: Path) -> None:
    """Not even the lock's neighbours."""
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file() and "sqlite" not in path.name}
    assert not purge(out, lambda removal: False)
    assert before == {path: path.read_bytes() for path in before}


def test_after_a_purge_the_submissions_can_be_graded_anew(out: Path) -> None:
    """Then everything is there again."""
    purge(out, lambda removal: True)
    assert ["s01,1,1,2", "s02,1,1,2", "s03,1,0,1"] == grades(out)
    assert [] == [*(out / "reports").glob("*"), *(out / "feedback").glob("*")]
    grade_folder(out.parent / "away", TWO, out, steps=steps(Reader()))
    assert () == replay(out, "s02", TWO.exercises[1], steps=steps(Reader())).differences
