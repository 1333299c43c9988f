"""One submission of one exercise as it travels to whoever grades it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from grader.course.intake.contents import Contents
from grader.course.intake.entries import Entry
from grader.course.intake.files import File
from grader.course.intake.imports import add_imported, dotted, modules_imported_by, spellings_of
from grader.course.workers.keys import key_of
from grader.errors import Fault, GraderError, SubmissionError
from grader.outcome import Status

if TYPE_CHECKING:
    from grader.course.results.database import Result, Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What one worker needs of one entry; `key` changes with everything that could change the verdict."""

    student: str
    exercise: str
    files: Mapping[str, bytes]
    key: str
    clashes: tuple[str, ...] = ()
    among: tuple[str, ...] = ()  # all exercises of the assignment: no part of `key`, or one more would grade all again
    left_out: Mapping[str, str] = field(default_factory=dict)  # files that could not be read, with the reason
    status: Status | None = None
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """What was handed in as JSON data; the files are told by their fingerprints."""
        prints = [[name, hashlib.sha256(data).hexdigest()] for name, data in self.files.items()]
        told = {"files": prints, "clashes": list(self.clashes), "status": self.status, "detail": self.detail}
        return {**told, "left_out": dict(self.left_out)} if self.left_out else told

    @property
    def sources(self) -> Mapping[str, bytes]:
        """The files by fingerprint."""
        return {hashlib.sha256(data).hexdigest(): data for data in self.files.values()}


def work_of(entry: Entry, judged_by: str, contents: Contents | None = None) -> Work:
    """
    The entry with its files read. `judged_by` stands for exercise, seed and version in the key.

    All entries of one student are given the same `contents`.
    """
    work = Work(
        student=entry.student,
        exercise=entry.exercise,
        files={},
        key="",
        clashes=entry.clashes,
        among=entry.among,
        status=entry.status,
        detail=entry.detail,
    )
    try:
        work = _with_files(work, entry, contents or Contents())
    except Exception as error:  # of an archive, say, that breaks what unpacks it: it must not stop the class
        work = replace(work, status=Status.UNGRADED, detail=f"Its files could not be read: {type(error).__name__}: {error}")
    return with_key(work, judged_by)


def _with_files(work: Work, entry: Entry, contents: Contents) -> Work:
    """The work with what could be read; it is refused only where nothing could."""
    files: dict[str, bytes] = {}
    left_out: dict[str, str] = {}
    places: dict[str, File] = {}
    refusal = ""
    for file in entry.files:
        name = file.name if file.name not in places else file.path
        places[name] = file
        try:
            files[name] = contents.code(file)
        except SubmissionError as error:
            left_out[name] = error.faults[0].what
            refusal = refusal or first_fault(error)
    if left_out and not files:
        return replace(work, status=Status.REFUSED, detail=refusal)
    names = _in_packages(files, places)
    files = {names.get(name, name): data for name, data in files.items()}
    add_imported(files, entry.siblings, left_out, contents)
    return replace(work, files=files, left_out=left_out)


def _in_packages(files: Mapping[str, bytes], places: Mapping[str, File]) -> Mapping[str, str]:
    """New names: `utils/maths.py`, and those of the other modules beside it, where one of several files imports utils.maths."""
    folders = {name: file.path.rpartition("/")[0] for name, file in places.items() if file.suffix == ".py" and name in files}
    if len({file.path.rpartition("/")[0] for file in places.values()}) == 1:
        return {}
    spellings = {name: [one for one in spellings_of(places[name]) if "/" in one] for name in folders}
    known = {dotted(one) for some in spellings.values() for one in some}
    imported = {module for name, data in files.items() for module in modules_imported_by(name, data) if module in known}
    packages: dict[str, str] = {}
    for name, folder in folders.items():
        for spelling in spellings[name]:
            if dotted(spelling) in imported:
                packages[folder] = spelling.rpartition("/")[0]
    names = {name: f"{packages[folder]}/{places[name].name}" for name, folder in folders.items() if folder in packages}
    return names if len(set(names.values())) == len(names) else {}


def first_fault(error: SubmissionError) -> str:
    """Return the first fault of an error in one line: where, and what."""
    return f"{error.faults[0].where}: {error.faults[0].what}"


def with_key(work: Work, judged_by: str) -> Work:
    """The work with the key that it has under these judges."""
    return replace(work, key=key_of(judged_by, work.student, work.exercise, work.to_json()))


def kept_work(results: Results, result: Result, among: tuple[str, ...]) -> Work:
    """The work that a result came of. Raises GraderError where its files are no longer kept."""
    told = result.work
    files = {}
    for name, sha in told.get("files", [("", "")]):
        data = results.source(sha)
        if data is None:
            what = f"The files of {result.student} for {result.exercise} are no longer kept."
            raise GraderError(Fault("", what, "Run `grader grade` with the submissions again."))
        files[name] = data
    return Work(
        student=result.student,
        exercise=result.exercise,
        files=files,
        key=result.key,
        clashes=tuple(told["clashes"]),
        among=among,
        left_out=told.get("left_out", {}),
        status=told["status"] and Status(told["status"]),
        detail=told["detail"],
    )
