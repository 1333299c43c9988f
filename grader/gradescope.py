"""
Build an autograder for Gradescope, and run it in Gradescope's container: this package grades there as it does here.

The zip holds this package as a wheel, the exercises, and the records of a secret seed: NumPy exercises need no torch.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader import installed, wheel
from grader.course.intake.collect import collect_one
from grader.course.intake.contents import Contents
from grader.course.intake.entries import SubmissionEntry
from grader.course.results.gradebook import Row
from grader.course.results.out import disk_errors
from grader.course.workers.fingerprints import basis_of
from grader.course.workers.grading import Steps, grade_request, sandboxed
from grader.course.workers.request import request_of
from grader.errors import Fault, GraderError
from grader.exercise.loading import dump, dump_assignment, load_assignment
from grader.export.gradescope import results_json
from grader.files import write_whole
from grader.judging.judge import Judge
from grader.outcome import Report, Status
from grader.reference import prepare, store

if TYPE_CHECKING:
    from grader.exercise.assignment import Assignment
    from grader.exercise.model import Exercise
    from grader.sandbox import Isolation

ROOT = Path("/autograder")
STATE = "autograder.json"
_FOLDERS = ("exercises", "records")

SETUP = """#!/usr/bin/env bash
# Runs once, when Gradescope makes the image.
set -euo pipefail
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y --no-install-recommends bubblewrap python3 python3-venv

new_enough() {
    for python in python3 python3.14 python3.13 python3.12 python3.11; do
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
    done
    return 1
}
if ! python=$(new_enough); then
    apt-get install -y --no-install-recommends python3.11 python3.11-venv
    python=$(new_enough)
fi
"$python" -m venv /autograder/venv
cd /autograder/source
/autograder/venv/bin/pip install --no-cache-dir -r requirements.txt ||
    echo "Not every version of requirements.txt is offered for this Python: taking others that fit." >&2
/autograder/venv/bin/pip install --no-cache-dir "./WHEEL"
chmod -R go-rwx /autograder/source
"""

RUN = """#!/usr/bin/env bash
# Runs for every submission, each time in a new container.
root=$(dirname "$(readlink -f "$0")")
cd "$root"
export PYTHONDONTWRITEBYTECODE=1
exec venv/bin/python -m grader gradescope run --root "$root" --forget-seed
"""


def build(assignment: Assignment, *, seed: int | None = None, isolation: Isolation = "best") -> tuple[bytes, tuple[str, ...]]:
    """Build the zip, and notes for the instructor. Imports torch, unless the records are there already."""
    seed = secrets.randbelow(2**53) if seed is None else seed
    extra = "[torch]" if _has_tensors(assignment) else ""
    files = {"setup.sh": SETUP.replace("WHEEL", f"{wheel.NAME}{extra}").encode(), "run_autograder": RUN.encode()}
    files[wheel.NAME] = wheel.pack(with_catalogue=False)
    files["requirements.txt"] = "".join(f"{line}\n" for line in _requirements(assignment)).encode()
    files[STATE] = json.dumps({"assignment": assignment.id, "seed": seed, "isolation": isolation}).encode()
    paths = {one.id: f"exercises/{one.id}.yaml" for one in assignment.exercises}  # the container's catalogue is the zip's
    files[f"{assignment.id}.yaml"] = dump_assignment(assignment, paths).encode()
    for exercise in assignment.exercises:
        files[paths[exercise.id]] = dump(exercise).encode()
        for one in dict.fromkeys((seed, prepare.PUBLIC_SEED)):
            name = store.file_name(exercise.id, exercise.record_sha256, one, prepare.ENGINE)
            files[f"records/{name}"] = store.encode(prepare.make(exercise, one))
    return wheel.zipped(files, executable=("setup.sh", "run_autograder")), tuple(_notes(assignment))


def _has_tensors(assignment: Assignment) -> bool:
    return any(exercise.arrays == "torch" for exercise in assignment.exercises)


def _requirements(assignment: Assignment) -> Iterator[str]:
    """Pin the core's dependencies in the versions that are installed here."""
    for line in (*installed.CORE, *(installed.EXTRAS["torch"] if _has_tensors(assignment) else ())):
        name = line.partition(">")[0]
        try:
            yield f"{name}=={version(name).partition('+')[0]}"
        except PackageNotFoundError:
            yield line


def _notes(assignment: Assignment) -> Iterator[str]:
    if assignment.late is not None:
        yield "The zip has no late rule: Gradescope has due dates of its own; `grader grade` on its export applies the rule."
    if assignment.overrides:
        yield "The zip has no points given by hand: `grader export --format gradescope` has them."


# In the container


def run(root: Path = ROOT, *, forget_seed: bool = False, steps: Steps | None = None) -> tuple[str, ...]:
    """
    Grade `ROOT/submission` and write `ROOT/results/results.json`; return lines for staff about files that were not graded.

    While something could not be graded, nothing is written: Gradescope then says so, and shows no score. With `forget_seed`,
    seed, records and exercises are removed from the disk before any student code runs.
    """
    source = root / "source"
    facts = _state(source)
    assignment = load_assignment(source / f"{facts['assignment']}.yaml", _no_ids)
    prepared = [Judge(one, prepare.prepare_secret(one, facts["seed"], folder=source / "records")) for one in assignment.exercises]
    if forget_seed:
        _forget(source)
    steps = steps or sandboxed(facts["isolation"])
    collection = collect_one(root / "submission", _student(root), assignment)
    entries = {entry.exercise: entry for entry in collection.entries}
    worker = steps.open_worker()
    try:
        reports = []
        contents = Contents()
        for judge in prepared:
            exercise = judge.exercise
            entry = entries.get(exercise.id) or _nothing(exercise)
            request = request_of(entry, basis_of(exercise.sha256, facts["seed"]), contents)
            reports.append(_undecided_as_missing(grade_request(request, judge, worker)))
    finally:
        worker.close()
    return _written(root, assignment, reports, tuple(f"Not graded: {one.path}: {one.reason}" for one in collection.unplaced))


def _undecided_as_missing(report: Report) -> Report:
    """
    Count a target as not handed in where a person would have to say which function is meant.

    Here that person is the student, who reads the report at once and hands in again.
    """
    targets = tuple(
        replace(one, status=Status.MISSING, score=0.0, public=None) if one.is_undecided else one for one in report.targets
    )
    return replace(report, targets=targets)


def _written(root: Path, assignment: Assignment, reports: list[Report], unplaced: tuple[str, ...]) -> tuple[str, ...]:
    from grader.course.intake.students import Student

    row = Row(student=Student(id=""), scores={report.exercise: report.score for report in reports})
    data = results_json(row, reports, {one.id: one for one in assignment.exercises}, assignment.feedback, assignment.shown_cases)
    if data is None:
        ungraded = [target.detail for report in reports for target in report.targets if target.status is Status.UNGRADED]
        raise GraderError(Fault("results.json", f"It was not written: {'; '.join(dict.fromkeys(ungraded))}", "Run it again."))
    with disk_errors(root / "results"):
        text = json.dumps(data, ensure_ascii=False, allow_nan=False, indent=1)
        write_whole(root / "results" / "results.json", text.encode("utf-8", "replace"))
        (root / "results" / "results.json").chmod(0o644)
    return unplaced


def _nothing(exercise: Exercise) -> SubmissionEntry:
    return SubmissionEntry(student="", exercise=exercise.id, status=Status.MISSING, detail="Nothing was handed in.")


def _state(source: Path) -> dict[str, Any]:
    try:
        facts: dict[str, Any] = json.loads((source / STATE).read_bytes())
    except (OSError, ValueError):
        what = "This is not an autograder that grader built, or its container was used before."
        raise GraderError(Fault(str(source / STATE), what, "Build one with `grader gradescope build`, and upload it.")) from None
    return facts


def _no_ids(name: str) -> Path:
    raise GraderError(Fault("", f"{name} is no path.", "Build the autograder again."))


def _student(root: Path) -> str:
    """Read who submitted, for reports; points do not depend on it."""
    with suppress(OSError, ValueError, KeyError, IndexError, TypeError):
        users = json.loads((root / "submission_metadata.json").read_bytes())["users"]
        return str(users[0]["email"] or users[0]["name"])
    return "student"


def _forget(source: Path) -> None:
    """Remove what student code must not find, should it get out of its box."""
    for folder in _FOLDERS:
        for path in (source / folder).glob("*"):
            path.unlink()
    (source / STATE).unlink()
