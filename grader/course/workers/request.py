"""One submission of one exercise as it travels to the worker that grades it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from grader.course.intake.contents import Contents
from grader.course.intake.imports import add_imported, dotted, modules_imported_by, spellings_of
from grader.course.results.stored import Manifest
from grader.course.workers.fingerprints import key_of
from grader.errors import Fault, GraderError, SubmissionError
from grader.outcome import Status

if TYPE_CHECKING:
    from grader.course.intake.entries import SubmissionEntry
    from grader.course.intake.files import File
    from grader.course.results.database import Results
    from grader.course.results.stored import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingRequest:
    """The files of one submission of one exercise. `key` changes with everything that could change the verdict."""

    student: str
    exercise: str
    files: Mapping[str, bytes]
    key: str
    clashes: tuple[str, ...] = ()
    among: tuple[str, ...] = ()  # all exercises of the assignment: no part of `key`, or one more would grade all again
    left_out: Mapping[str, str] = field(default_factory=dict)  # files that could not be read, with the reason
    status: Status | None = None
    detail: str = ""

    @property
    def manifest(self) -> Manifest:
        """What was handed in, the files by their fingerprints."""
        return Manifest(
            files=tuple((name, hashlib.sha256(data).hexdigest()) for name, data in self.files.items()),
            clashes=self.clashes,
            left_out=self.left_out,
            status=self.status,
            detail=self.detail,
        )

    @property
    def sources(self) -> Mapping[str, bytes]:
        """The files by fingerprint."""
        return {hashlib.sha256(data).hexdigest(): data for data in self.files.values()}


def request_of(entry: SubmissionEntry, basis: str, contents: Contents | None = None) -> GradingRequest:
    """
    Read the files of an entry. `basis` is what `basis_of` returns for the exercise.

    Pass the same `contents` for all entries of one student: each file is read once.
    """
    request = GradingRequest(
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
        request = _with_files(request, entry, contents or Contents())
    except Exception as error:  # an archive, say, that breaks what unpacks it: it must not stop the class
        detail = f"Its files could not be read: {type(error).__name__}: {error}"
        request = replace(request, status=Status.UNGRADED, detail=detail)
    return with_key(request, basis)


def request_from_results(results: Results, result: Result, among: tuple[str, ...]) -> GradingRequest:
    """Rebuild the request that led to a result. Raises GraderError where its files are no longer kept."""
    manifest = result.manifest
    if manifest is None:
        raise _no_longer_kept(result)
    files = {}
    for name, sha256 in manifest.files:
        data = results.source(sha256)
        if data is None:
            raise _no_longer_kept(result)
        files[name] = data
    return GradingRequest(
        student=result.student,
        exercise=result.exercise,
        files=files,
        key=result.key,
        clashes=manifest.clashes,
        among=among,
        left_out=manifest.left_out,
        status=manifest.status,
        detail=manifest.detail,
    )


def with_key(request: GradingRequest, basis: str) -> GradingRequest:
    """Return the request with its key."""
    return replace(request, key=key_of(basis, request.student, request.exercise, request.manifest))


def first_fault(error: SubmissionError) -> str:
    """Return the first fault of an error in one line: where, and what."""
    return f"{error.faults[0].where}: {error.faults[0].what}"


def _no_longer_kept(result: Result) -> GraderError:
    what = f"The files of {result.student} for {result.exercise} are no longer kept."
    return GraderError(Fault("", what, "Run `grader grade` with the submissions again."))


def _with_files(request: GradingRequest, entry: SubmissionEntry, contents: Contents) -> GradingRequest:
    """Add the files that can be read; the request is refused only where none can."""
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
        return replace(request, status=Status.REFUSED, detail=refusal)
    names = _names_in_packages(files, places)
    files = {names.get(name, name): data for name, data in files.items()}
    add_imported(files, entry.siblings, left_out, contents)
    return replace(request, files=files, left_out=left_out)


def _names_in_packages(files: Mapping[str, bytes], places: Mapping[str, File]) -> Mapping[str, str]:
    """
    Return new names for files that others import as modules of a package: `utils/maths.py` where one imports utils.maths.

    The other files of such a folder get the folder's name as well.
    """
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
