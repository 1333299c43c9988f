"""Find model answers and run them: they must earn full points, and the starter none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from grader.audit.findings import Findings
from grader.errors import GraderError
from grader.exercise import starter
from grader.exercise.model import Exercise
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report, Status
from grader.reference.model import Record
from grader.sandbox.limits import Arrays

if TYPE_CHECKING:
    from grader.sandbox import Sandbox


def find_solutions(exercise: Exercise, folders: Sequence[Path]) -> tuple[Path, ...]:
    """Find model answers: NAME.py and NAME.FORM.py in the folders, and in their subfolder for torch arrays."""
    places = [place for folder in folders for place in (folder, folder / "torch")]
    found = (path for place in places for path in (place / f"{exercise.id}.py", *sorted(place.glob(f"{exercise.id}.*.py"))))
    return tuple(dict.fromkeys(path for path in found if path.is_file()))


def solution_folders(exercise: Exercise) -> tuple[Path, ...]:
    """Return the usual folders of model answers: `solutions` beside the exercise, or beside its folder."""
    folder = Path(exercise.path).resolve().parent
    return (folder / "solutions", folder.parent / "solutions")


def try_model_answers(
    exercise: Exercise,
    solutions: Sequence[Path],
    records: Sequence[Record],
    sandbox_for: Callable[[Arrays], Sandbox],
    findings: Findings,
) -> None:
    """Grade each model answer with every record; each target that is not right is a fault."""
    if not solutions:
        findings.fault(
            "There is no model answer to try.", f"Write solutions/{exercise.id}.py with the functions that are asked for."
        )
    for path in solutions:
        asked = replace(exercise, arrays="torch" if path.parent.name == "torch" else "numpy")
        try:
            submission = Submission.from_file(path)
        except GraderError as error:
            findings.faults.extend(error.faults)
            continue
        for record in records:
            report = Judge(asked, record).grade(submission, sandbox_for(asked.arrays))
            _look_at(report, path.name, exercise, record.seed, findings)
        findings.model_answers += 1


def _look_at(report: Report, name: str, exercise: Exercise, seed: int, findings: Findings) -> None:
    for target in report.targets:
        if target.status is Status.CORRECT:
            continue
        case = f' in the case "{target.counterexample.case}"' if target.counterexample else ""
        reason = target.detail or (target.diagnosis.text if target.diagnosis else "")
        judged = f"is judged {target.status.value} for {target.name}{case} at seed {seed}"
        findings.fault(
            f"The model answer {name} {judged}. {reason}".strip(),
            "Correct the model answer, or the exercise if the answer is right.",
        )
    if exercise.numerical == "forbid" and "inexact" in report.flags:
        what = f"The model answer {name} loses its digits at the probe that makes numerical differentiation visible."
        findings.fault(what, "Write it in another form, or write numerical: flag in the exercise.")


def try_starter(exercise: Exercise, record: Record, sandbox_for: Callable[[Arrays], Sandbox], findings: Findings) -> None:
    """Grade the starter: a target that is not judged `not_implemented` is a fault."""
    source = starter.as_script(exercise).encode()
    submission = Submission.from_bytes({f"{exercise.id}.py": source})
    report = Judge(exercise, record).grade(submission, sandbox_for(exercise.arrays))
    for target in report.targets:
        if target.status is not Status.NOT_IMPLEMENTED:
            findings.fault(
                f"The starter is judged {target.status.value} for {target.name}, not not_implemented.",
                "This is a fault of the grader.",
            )
