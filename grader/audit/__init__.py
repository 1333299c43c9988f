"""
Prove exercises right before students meet them.

Model answers earn full points at several seeds, starters none; every declared mistake and every built-in wrong answer is
caught and named; references agree with central differences and with symbolic derivatives; no case is ill-conditioned; the
cases show each branch of each function; no entry is too small to be judged.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from grader.audit.answers import find_solutions, solution_folders, try_model_answers, try_starter
from grader.audit.coverage import try_coverage, try_probes
from grader.audit.findings import Audit, Findings
from grader.audit.mistakes import try_mistakes
from grader.audit.references import try_differences, try_symbolic
from grader.audit.rounding import try_small_entries
from grader.errors import ExerciseError
from grader.exercise.model import Exercise
from grader.reference import prepare
from grader.sandbox.limits import Arrays

if TYPE_CHECKING:
    from grader.sandbox import Sandbox

__all__ = ["SEEDS", "Audit", "audit", "find_solutions", "solution_folders"]

SEEDS = (prepare.PUBLIC_SEED, 1, 2)


def audit(
    exercise: Exercise, solutions: Sequence[Path], sandbox_for: Callable[[Arrays], Sandbox], *, seeds: Sequence[int] = SEEDS
) -> Audit:
    """
    Try to prove one exercise right; return what was tried and what is wrong.

    `solutions` are model answers in the forms that students may choose; `sandbox_for` gives the sandbox of an array library.
    """
    from grader.reference.torch.threads import one_thread

    findings = Findings(where=exercise.path or exercise.id)
    try:
        records = [
            prepare.prepare(exercise, seed) if seed == prepare.PUBLIC_SEED else prepare.make(exercise, seed) for seed in seeds
        ]
    except ExerciseError as error:
        return Audit(exercise=exercise.id, faults=error.faults)
    try_model_answers(exercise, solutions, records, sandbox_for, findings)
    try_starter(exercise, records[0], sandbox_for, findings)
    with one_thread():
        for record in records:
            try_coverage(exercise, record, findings)
            try_mistakes(exercise, record, findings)
            try_differences(exercise, record, findings)
            try_small_entries(exercise, record, findings)
        try_symbolic(exercise, records[0], findings)
    if exercise.numerical == "forbid":
        try_probes(exercise, records[0], findings)
    return findings.audit(exercise, records[0])
