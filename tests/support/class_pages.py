"""Folders with results in them and their pages, without anything having been graded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from classroom import assignment, exercise, report

from grader.course.intake.files import Unplaced
from grader.course.intake.students import Student
from grader.course.pages.pages import refresh
from grader.course.results.database import open_results
from grader.course.results.decisions import Rules, write_rules
from grader.course.results.out import open_out
from grader.course.results.stored import Graded, Result
from grader.exercise.assignment import Assignment
from grader.exercise.model import Exercise
from grader.outcome import Counterexample, Diagnosis, Outcome, Report, Status

SEED = 8317465
EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
EXERCISES = assignment(exercise("tanh_layer", points=2.0), exercise("chain_rule", "dz_dy"))
TANH, CHAIN = EXERCISES.exercises
EXAMPLE = Counterexample(case="one feature", sizes={"n": 1}, inputs={"x": [1.0]}, index=(0, 0), expected=1.0, actual=3.25)
PUBLIC = Outcome(status=Status.WRONG_VALUE, correct=0, total=1, counterexample=EXAMPLE)
WRONG = replace(report(TANH, "", Status.WRONG_VALUE, seed=SEED, counterexample=EXAMPLE, public=PUBLIC), public_output="")
NAMED = report(CHAIN, "", Status.WRONG_VALUE, counterexample=EXAMPLE, diagnosis=Diagnosis(rule="sign", text="The sign is wrong."))


def right(one: Exercise) -> Report:
    """Full marks."""
    return report(one, "", Status.CORRECT)


def write(
    path: Path,
    reports: Mapping[str, Sequence[Report]],
    *,
    asked: Assignment = EXERCISES,
    students: Iterable[Student] = (),
    unplaced: tuple[Unplaced, ...] = (),
    rules: Rules | None = None,
) -> Path:
    """Write a folder with these reports, and its pages. `students` add facts, or students without reports."""
    with open_out(path, asked, seed=SEED) as folder:
        if rules is not None:
            write_rules(folder, rules)
        results = open_results(folder)
        known = {student: Student(id=student) for student in reports} | {one.id: one for one in students}
        results.put_students(tuple(known.values()))
        results.put_unplaced(unplaced)
        for student, ones in reports.items():
            for one in ones:
                results.put(
                    Result(student=student, exercise=one.exercise, key="", graded=Graded.loads(json.dumps(one.to_json())))
                )
        results.close()
    refresh(path, {})
    return path


def whole_class(path: Path) -> Path:
    """Write a class of thirteen; one student means harm, and one handed in nothing."""
    reports: dict[str, tuple[Report, ...]] = {f"s{n:02}": (right(TANH), NAMED if n % 3 else right(CHAIN)) for n in range(8)}
    reports |= {f"s{n:02}": (WRONG, report(CHAIN, "", Status.MISSING)) for n in range(8, 10)}
    reports |= {"s10": (report(TANH, "", Status.UNGRADED, detail="The grader failed."),)}
    evil = report(TANH, EVIL, Status.RAISED, detail=EVIL, traceback=EVIL)
    reports |= {EVIL: (replace(evil, flags=("mutates_inputs",), output=EVIL),)}
    students = [Student(id=student, name=f"{student} of {EVIL}") for student in (*reports, "s11")]
    return write(path, reports, students=students, unplaced=(Unplaced(path=EVIL, reason=EVIL),))
