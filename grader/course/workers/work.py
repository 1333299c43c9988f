"""One submission of one exercise as it travels to whoever grades it, and the pools of workers that do."""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from grader.course.intake.contents import Contents
from grader.course.intake.entries import Entry
from grader.course.intake.files import MAX_DEPTH, File, Readable
from grader.errors import Fault, GraderError, SandboxError, SubmissionError
from grader.exercise.model import Exercise
from grader.judging.submission import Submission
from grader.outcome import CLASH, Report, Status
from grader.reference.prepare import ENGINE
from grader.sandbox.limits import Arrays
from grader.sandbox.wire.answer import Failure, LoadError, Phase, Reason
from grader.sandbox.wire.plan import Source
from grader.version import VERSION

if TYPE_CHECKING:
    from grader.course.results.database import Result, Results
    from grader.judging.judge import Judge
    from grader.sandbox import Isolation, Sandbox


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


def judges(exercise: Exercise, seed: int) -> str:
    """What stands for exercise, seed and version in a work's key."""
    return judged_by(exercise.sha256, seed)


def judged_by(exercise_sha256: str, seed: int) -> str:
    """The same for an exercise of which there is only the fingerprint."""
    return f"{exercise_sha256} {seed} {VERSION} {ENGINE}"


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
            refusal = refusal or _told(error)
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
    spellings = {name: [one for one in _names(places[name]) if "/" in one] for name in folders}
    known = {_dotted(one) for some in spellings.values() for one in some}
    imported = {module for name, data in files.items() for module in _imported(name, data) if module in known}
    packages: dict[str, str] = {}
    for name, folder in folders.items():
        for spelling in spellings[name]:
            if _dotted(spelling) in imported:
                packages[folder] = spelling.rpartition("/")[0]
    names = {name: f"{packages[folder]}/{places[name].name}" for name, folder in folders.items() if folder in packages}
    return names if len(set(names.values())) == len(names) else {}


def _told(error: SubmissionError) -> str:
    return f"{error.faults[0].where}: {error.faults[0].what}"


def with_key(work: Work, judged_by: str) -> Work:
    """The work with the key that it has under these judges."""
    return replace(work, key=key_of(judged_by, work.student, work.exercise, work.to_json()))


def key_of(judged_by: str, student: str, exercise: str, handed_in: Mapping[str, Any]) -> str:
    """The key of a work, from what its `to_json` says."""
    told = json.dumps([judged_by, student, exercise, handed_in])
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


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


_NAMED = r"\w[\w.]*+(?:\s++as\s++\w++)?+"
_LIST = rf"[\s\\(]++({_NAMED}(?:[\s\\]*+,[\s\\]*+{_NAMED})*+)"
# `import a.b, c as d`, `from .a import b`, `from . import (a, b)`; \ and ( as blanks. Nothing is tried twice (`*+`): a list
# of a megabyte takes the steps of its length, and no memory.
_IMPORTED = re.compile(rf"\b(?:from[\s.\\]++(?!import\b)(\w[\w.]*+)(?:[\s\\]++import{_LIST})?+|import{_LIST})")
_IN_LIST = re.compile(r"(\w[\w.]*+)(?:\s++as\s++\w++)?+[\s\\,]*+")
_LONGEST_MODULE = 512  # characters of a name with the packages that it is in
_DEEPEST_MODULE = MAX_DEPTH + 1


def add_imported(
    files: dict[str, bytes],
    siblings: Sequence[Readable],
    left_out: dict[str, str] | None = None,
    contents: Contents | None = None,
) -> None:
    """
    Adds the modules that these files name in an import, and those that they name in turn; looked for, not parsed.

    One that cannot be read raises SubmissionError, or goes to `left_out` with the reason.
    """
    contents = contents or Contents()
    modules: dict[str, tuple[str, Readable]] = {}
    for file in siblings:
        for name in _names(file) if file.name not in files else ():
            modules[_dotted(name)] = name, file
    look_at = list(files)
    while look_at and modules:
        at = look_at.pop()
        package = at.rpartition("/")[0].replace("/", ".")
        for imported in _imported(at, files[at]):
            if (found := modules.get(f"{package}.{imported}") or modules.get(imported)) is None:
                continue
            name, file = found
            modules = {key: (other, beside) for key, (other, beside) in modules.items() if beside is not file}
            try:
                files[name] = contents.code(file)
            except SubmissionError as error:
                if left_out is None:
                    raise
                left_out[name] = error.faults[0].what
            else:
                look_at.append(name)


def _names(file: Readable) -> Iterator[str]:
    """What a module may be imported by: `maths.py`, and `utils/maths.py` where it lies in a folder of that name."""
    parts = file.path.split("/")
    yield from ("/".join(parts[place:]) for place in reversed(range(len(parts))))


def _dotted(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _imported(name: str, data: bytes) -> Iterator[str]:
    """
    The modules that a file's imports may mean, with those that they are in; none of a notebook that cannot be read.

    `from a.b import c` gives a, a.b and a.b.c.
    """
    with suppress(SubmissionError):
        for source in Submission.from_bytes({name: data}).sources:
            for cell in source.cells:
                for found in _IMPORTED.finditer(cell.decode("utf-8", "replace")):
                    package = _parts(found[1]) if found[1] else []
                    if found[1] and not package:
                        continue
                    yield from (".".join(package[:end]) for end in range(1, len(package) + 1))
                    for one in _IN_LIST.finditer(found[2] or found[3] or ""):
                        module = [*package, *_parts(one[1])]
                        yield from (".".join(module[:end]) for end in range(len(package) + 1, len(module) + 1))


def _parts(module: str) -> list[str]:
    """The packages and the name of a module; none of one that no file can have, since it is too long or lies too deep."""
    if len(module) > _LONGEST_MODULE or module.count(".") >= _DEEPEST_MODULE:
        return []
    return module.split(".")


class Worker(Protocol):
    """Whoever grades one submission after the other."""

    def grade(self, judge: Judge, submission: Submission) -> Report:
        """The report. Raises SandboxError when that is not possible here at all."""

    def close(self) -> None:
        """Ends what is running, at once."""


class SandboxWorker:
    """Grades in sandboxes of its own, one for each kind of arrays; `ahead` as theirs."""

    def __init__(self, isolation: Isolation, *, ahead: bool = False) -> None:
        self._isolation = isolation
        self._ahead = ahead
        self._sandboxes: dict[Arrays, Sandbox] = {}

    def grade(self, judge: Judge, submission: Submission) -> Report:
        """The report, from a child of the sandbox."""
        from grader.sandbox import Sandbox

        arrays = judge.exercise.arrays
        if arrays not in self._sandboxes:
            self._sandboxes[arrays] = Sandbox(arrays, self._isolation, ahead=self._ahead)
        return judge.grade(submission, self._sandboxes[arrays])

    def close(self) -> None:
        """Closes the sandboxes; a submission that runs in one is begun once more, and ended by closing again."""
        for sandbox in list(self._sandboxes.values()):
            sandbox.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """The steps of grading that a batch takes; tests put others in their place."""

    prepare: Callable[[Exercise, int, Path], Judge]
    open_worker: Callable[[], Worker]
    isolation: Isolation | None = None  # of sandboxes that another process can open as well


def sandboxed(isolation: Isolation) -> Steps:
    """Grading as it is done: in sandboxes of this isolation."""
    from grader.judging.judge import Judge
    from grader.reference.prepare import prepare_secret

    return Steps(
        prepare=lambda exercise, seed, folder: Judge(exercise, prepare_secret(exercise, seed, folder=folder)),
        open_worker=lambda: SandboxWorker(isolation),
        isolation=isolation,
    )


def grade_work(work: Work, judge: Judge, worker: Worker) -> Report:
    """
    The report on one entry, whatever happens: what we fail at is `ungraded`.

    Raises SandboxError: then nothing can be graded here.
    """
    if work.status is not None:
        return judge.report_failure(work.student, Failure(reason=_REASONS[work.status], detail=work.detail))
    try:
        return _graded(work, judge, worker)
    except SandboxError:
        raise
    except Exception as error:  # a fault of ours must neither stop the class nor cost this student a point
        return ungraded(work, judge, f"The grader failed: {type(error).__name__}: {error}")


def _graded(work: Work, judge: Judge, worker: Worker) -> Report:
    exercise = judge.exercise
    sources: list[Source] = []
    left_out = dict(work.left_out)
    refusal = ""
    for name, data in work.files.items():
        try:
            sources.extend(Submission.from_bytes({name: data}).sources)
        except SubmissionError as error:
            left_out[name] = error.faults[0].what
            refusal = refusal or _told(error)
    if left_out and not sources:
        return judge.report_failure(work.student, Failure(reason=Reason.NOT_OPENED, detail=refusal))
    submission = Submission(student=work.student, sources=tuple(sources), name=", ".join(work.files)).among(work.among)
    if work.clashes:
        submission = submission.with_marks_of((exercise.id, *work.clashes))
    is_divided = not {exercise.id, *work.clashes}.isdisjoint(submission.marks)
    if work.clashes and not is_divided and _mentions(submission, exercise):
        clash = Failure(reason=Reason.SEVERAL_EXERCISES, detail=_clash(exercise, work.clashes, tuple(work.files)))
        return replace(judge.report_failure(work.student, clash), flags=(CLASH,))
    return _saying(left_out, worker.grade(judge, submission))


def _saying(left_out: Mapping[str, str], report: Report) -> Report:
    """The report with the files that were not run, and why."""
    if not left_out:
        return report
    errors = tuple(
        LoadError(source=name, reason=Reason.NOT_OPENED, phase=Phase.COMPILING, detail=why) for name, why in left_out.items()
    )
    flags = tuple(dict.fromkeys((*report.flags, "load_error")))
    return replace(report, flags=flags, load_errors=(*errors, *report.load_errors))


def ungraded(work: Work, judge: Judge, detail: str) -> Report:
    """Return the report on what we failed at: it costs no points."""
    return judge.report_failure(work.student, Failure(reason=Reason.OUR_FAULT, detail=detail))


# why nothing is called, by what is known of an entry before its files are looked into
_REASONS = {Status.MISSING: Reason.NOTHING_HANDED_IN, Status.REFUSED: Reason.NOT_OPENED, Status.UNGRADED: Reason.OUR_FAULT}


def _mentions(submission: Submission, exercise: Exercise) -> bool:
    """Whether one of the exercise's functions could be there: else nothing clashes, it was just not handed in."""
    names = [function.encode() for function in exercise.functions]
    return any(name in cell for source in submission.sources for cell in source.cells for name in names)


def _clash(exercise: Exercise, clashes: tuple[str, ...], files: tuple[str, ...]) -> str:
    both = " and ".join((exercise.id, *clashes))
    where = f"{' and '.join(files)} {'do' if len(files) > 1 else 'does'} not say which function is for which"
    return (
        f"{both} ask for functions of the same name, and {where}. Write a line `# exercise: {exercise.id}` above the "
        f"functions for this one (in a notebook: as the first line of a cell), or put them into a file {exercise.id}.py."
    )


class Pool(Protocol):
    """Several workers."""

    def reports(self, works: Iterable[Work]) -> Iterator[tuple[Work, Report]]:
        """Each work with its report, in the order in which they get done; `works` is read only a little ahead."""

    def close(self) -> None:
        """Ends the workers; what is in flight is lost."""


class Threads:
    """Workers in threads of this process: they wait for their sandboxes, which run beside it."""

    def __init__(self, jobs: int, steps: Steps, judges: Mapping[str, Judge]) -> None:
        self._jobs = jobs
        self._steps = steps
        self._judges = judges
        self._executor = ThreadPoolExecutor(jobs, thread_name_prefix="grade")
        self._local = threading.local()
        self._workers: list[Worker] = []
        self._pending: dict[Future[Report], Work] = {}

    def reports(self, works: Iterable[Work]) -> Iterator[tuple[Work, Report]]:
        """Each work with its report, in the order in which they get done."""
        for work in works:
            self._pending[self._executor.submit(self._grade, work)] = work
            if len(self._pending) >= 2 * self._jobs:
                yield from self._done()
        while self._pending:
            yield from self._done()

    def close(self) -> None:
        """Ends the workers; a submission in flight dies with its sandbox."""
        self._executor.shutdown(wait=False, cancel_futures=True)
        self._close_workers()
        while running := [future for future in self._pending if not future.done()]:
            wait(running, timeout=0.1)
            self._close_workers()
        self._executor.shutdown(wait=True)

    def _close_workers(self) -> None:
        for worker in self._workers:
            with suppress(GraderError, OSError):
                worker.close()

    def _grade(self, work: Work) -> Report:
        worker: Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            worker = self._local.worker = self._steps.open_worker()
            self._workers.append(worker)
        return grade_work(work, self._judges[work.exercise], worker)

    def _done(self) -> Iterator[tuple[Work, Report]]:
        done, _ = wait(self._pending, return_when=FIRST_COMPLETED)
        for future in [future for future in self._pending if future in done]:
            yield self._pending.pop(future), future.result()
