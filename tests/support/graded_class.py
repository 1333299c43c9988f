"""A class of three that was graded without a sandbox, for tests of what may be done with its results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from classroom import Reader, assignment, exercise, hand_in, report, steps

from grader.course.grade import Options, grade_folder
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report, Status

TWO = assignment(exercise("tanh_layer"), exercise("chain_rule"))
CORRECTED = assignment(exercise("tanh_layer"), replace(exercise("chain_rule"), rtol=1e-4))


class Stricter(Reader):
    """Takes `s02` for wrong, and `s03` for right, in the corrected exercise."""

    def grade(self, judge: Judge, submission: Submission) -> Report:
        """Judge as a corrected exercise would."""
        found = super().grade(judge, submission)
        if judge.exercise.rtol == 1e-4 and submission.student in {"s02", "s03"}:
            status = Status.WRONG_VALUE if submission.student == "s02" else Status.CORRECT
            return report(judge.exercise, str(submission.student), status, seed=judge.record.seed)
        return found


def grade_three(folder: Path) -> Path:
    """Grade three students into `out`; the folder that they came from is moved to `away`."""
    files = {f"s0{n}/{id}.py": "correct" for n in (1, 2, 3) for id in ("tanh_layer", "chain_rule")}
    submissions = hand_in(folder / "class", files | {"s03/chain_rule.py": "wrong_value"})
    grade_folder(submissions, TWO, folder / "out", options=Options(seed=7), steps=steps(Reader()))
    submissions.rename(folder / "away")
    return folder / "out"


def grades(out: Path) -> list[str]:
    """Return the rows of grades.csv."""
    return [line.rstrip(",") for line in (out / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]]
