"""
OUT, the folder that a run leaves behind: its assignment, its seed, and files that are written whole or not at all.

Private to its owner. `state.json` says which assignment it belongs to and holds the seed.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from grader.course.results.stored import Graded
from grader.errors import Fault, GraderError
from grader.exercise.assignment import Assignment
from grader.files import DRAFT, write_whole
from grader.lock import locked

SCHEMA = 1
NBGRADERS_PLAN = "nbgrader.json"  # the file by which a folder is one of nbgrader's course cycle


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The facts of its assignment that a folder remembers."""

    assignment: str
    title: str
    exercises: tuple[str, ...]
    points: tuple[float, ...]  # one number an exercise
    seed: int
    run: str  # tells the results of several folders apart in one database
    path: str = ""  # the assignment file
    due: str = ""  # ISO 8601 with its zone
    schema: int = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Out:
    """An open folder."""

    path: Path
    state: State

    @property
    def database(self) -> Path:
        """The database of a run that names no other."""
        return self.path / "state.sqlite"

    @property
    def records(self) -> Path:
        """Cases and expected arrays at the secret seed."""
        return self.path / "records"

    def report(self, student: str, exercise: str) -> Path:
        """Return the path of the report on one submission of one exercise."""
        return self.path / "reports" / safe_name(student) / f"{exercise}.json"

    def feedback(self, student: str) -> Path:
        """Return the path of the student's page."""
        return self.path / "feedback" / f"{safe_name(student)}.html"

    def pages(self, student: str) -> tuple[Path, ...]:
        """Return the files that show what the student did."""
        mine = (*self.report(student, "any").parent.glob("*.json"), self.feedback(student))
        return tuple(page for page in mine if page.exists())

    def remove_pages(self, students: Iterable[str]) -> None:
        """Remove the files that show what these students did."""
        with disk_errors(self.path):
            for page in (page for student in students for page in self.pages(student)):
                page.unlink(missing_ok=True)
                if page.parent.parent.name == "reports" and not any(page.parent.iterdir()):
                    page.parent.rmdir()

    def write_report(self, student: str, exercise: str, graded: Graded) -> None:
        """Write the report's file, and remove the student's page: a run that ends here leaves no page with an old score."""
        with disk_errors(self.path):
            self.feedback(student).unlink(missing_ok=True)
        text = json.dumps(graded.to_json(), ensure_ascii=False, allow_nan=False, indent=1)
        self.write(self.report(student, exercise), text + "\n")

    def write(self, path: Path, text: str) -> None:
        """Write a text as a file in this folder, whole or not at all. Raises GraderError when the disk is full."""
        with disk_errors(self.path):
            write_whole(path, text.encode("utf-8", "replace"))


@contextmanager
def open_out(path: Path, assignment: Assignment, *, seed: int | None = None, fresh_seed: bool = False) -> Iterator[Out]:
    """
    Open the folder for this assignment, made where there is none, and hold it until the end of the block.

    The seed is drawn once; `seed` sets it, `fresh_seed` draws another. Raises GraderError when the path is a file, holds
    other things or another assignment, or when another run is writing there.
    """
    _make(path)
    with locked(path, remedy="Wait until it ends, or name another folder with -o."):
        old = read_state(path)
        if old is not None and old.assignment != assignment.id:
            what = f"This folder holds the results of another assignment, {old.assignment}."
            raise GraderError(Fault(str(path), what, "Name another folder with -o."))
        if seed is None:
            seed = old.seed if old and not fresh_seed else secrets.randbelow(2**53)  # as far as JSON's numbers are exact
        run = old.run if old else secrets.token_hex(16)
        yield _remembered(path, old, _state(assignment, seed=seed, run=run))


def renewed(out: Out, assignment: Assignment) -> Out:
    """Make the folder remember the assignment as it is by now."""
    return _remembered(out.path, out.state, _state(assignment, seed=out.state.seed, run=out.state.run))


def _state(assignment: Assignment, *, seed: int, run: str) -> State:
    return State(
        assignment=assignment.id,
        title=assignment.title,
        exercises=tuple(exercise.id for exercise in assignment.exercises),
        points=tuple(exercise.points for exercise in assignment.exercises),
        seed=seed,
        run=run,
        path=str(Path(assignment.path).resolve()) if assignment.path else "",
        due=assignment.due.isoformat() if assignment.due else "",
    )


def _remembered(path: Path, old: State | None, new: State) -> Out:
    out = Out(path=path, state=new)
    if new != old:
        out.write(path / "state.json", json.dumps(asdict(new), ensure_ascii=False, indent=1) + "\n")
    return out


@contextmanager
def existing_out(path: Path) -> Iterator[Out]:
    """Open the folder of an earlier run and hold it until the end of the block. Raises GraderError when it is none."""
    if not path.is_dir() or (state := read_state(path)) is None:
        remedy = "Name the folder that `grader grade ... -o OUT` wrote."
        raise GraderError(Fault(str(path), "There are no results of a run here.", remedy))
    with locked(path):
        yield Out(path=path, state=state)


def is_nbgraders(path: Path) -> bool:
    """Return whether the folder is one of nbgrader's course cycle, whose gradebook has penalties and points by hand."""
    return (path / NBGRADERS_PLAN).exists()


def refuse_nbgraders(path: Path) -> None:
    """Raise GraderError for a folder of nbgrader's course cycle."""
    if is_nbgraders(path):
        what = "These are the results of an assignment in nbgrader, whose gradebook would not get the new scores."
        remedy = f"Give, in the course's folder: grader nbgrader autograde {path.resolve().name} --force"
        raise GraderError(Fault(str(path), what, remedy))


def read_state(path: Path) -> State | None:
    """Read `state.json`; None where there is none. Raises GraderError when it cannot be used."""
    try:
        facts = json.loads((path / "state.json").read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise GraderError(Fault(str(path / "state.json"), f"It cannot be read: {error}.", "Grade into another folder.")) from None
    if not isinstance(facts, Mapping) or facts.get("schema") != SCHEMA:
        what = "It was written by another version of grader."
        raise GraderError(Fault(str(path / "state.json"), what, "Use that version, or grade into another folder."))
    try:
        return State(**{**facts, "exercises": tuple(facts["exercises"]), "points": tuple(facts["points"])})
    except (KeyError, TypeError) as error:
        what = f"It cannot be read: {type(error).__name__}: {error}."
        raise GraderError(Fault(str(path / "state.json"), what, "Grade into another folder.")) from None


def safe_name(student: str) -> str:
    """
    Return a file name for a student: the id itself where every file system takes it, else a likeness with a fingerprint.

    >>> safe_name("s01"), safe_name("../../x")
    ('s01', '.._.._x~9cdf6a50')
    """
    name = unicodedata.normalize("NFC", student)
    likeness = re.sub(r"[^\w .@+'()-]", "_", name)
    while len(likeness.encode()) > 120:
        likeness = likeness[:-1]
    is_plain = likeness == name and not name.startswith(".") and name == name.strip(" .") and name.upper() not in _RESERVED
    if is_plain and name:
        return name
    return f"{likeness}~{hashlib.sha256(student.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


_RESERVED = {"CON", "PRN", "AUX", "NUL", *(f"{port}{number}" for port in ("COM", "LPT") for number in range(1, 10))}


@contextmanager
def disk_errors(folder: Path) -> Iterator[None]:
    """Turn a full disk and other errors of writing into a GraderError that says that nothing is lost."""
    try:
        yield
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        what = "The disk is full." if full else f"It cannot be written: {error.strerror or error}."
        remedy = f"{'Free some space' if full else 'Mend that'} and give the same command again: what is graded is kept."
        raise GraderError(Fault(str(folder), what, remedy)) from None


def _make(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise GraderError(Fault(str(path), "It is a file, not a folder.", "Name a new folder with -o."))
    try:
        path.mkdir(parents=True, exist_ok=True)
        others = {entry.name for entry in os.scandir(path) if not re.fullmatch(DRAFT, entry.name)}
        if others - {"lock"} and "state.json" not in others:
            what = "The folder holds other things than results."
            raise GraderError(Fault(str(path), what, "Name a new folder with -o."))
        path.chmod(0o700)
    except OSError as error:
        what = f"The folder cannot be made: {error.strerror or error}."
        raise GraderError(Fault(str(path), what, "Name another folder with -o.")) from None
