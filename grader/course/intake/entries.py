"""Choose which of one student's files count for which exercise. Nothing is decoded, parsed as Python or run here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from grader.course.intake.archives import OpenZip, unpack
from grader.course.intake.contents import MAX_STUDENT_BYTES
from grader.course.intake.files import MAX_FILES, File, Unplaced
from grader.course.intake.layouts.level import CODE, COPY, StudentFiles, because, exercise_named, sentence
from grader.course.intake.names import fold, shown
from grader.exercise.assignment import Assignment
from grader.exercise.model import Exercise
from grader.outcome import Status

MAX_SOURCES = 50  # files that count together for functions found by name


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionEntry:
    """
    One student's files for one exercise.

    `files` are graded; where there are none, `status` (missing or refused) and `detail` are what the report says. `by_name`
    means that functions are looked for by name in files that are not named after the exercise; `clashes` are then the
    other exercises that ask for a function of the same name in the same files. `siblings` are the student's
    other modules, which a file named after an exercise may import; `among` all exercises that a file may be divided into.
    """

    student: str
    exercise: str
    files: tuple[File, ...] = ()
    by_name: bool = False
    clashes: tuple[str, ...] = ()
    siblings: tuple[File, ...] = ()
    among: tuple[str, ...] = ()
    status: Status | None = None
    detail: str = ""


_Named = list[tuple[str, File]]


def entries_of(one: StudentFiles, assignment: Assignment, unplaced: list[Unplaced], opened: OpenZip) -> Iterator[SubmissionEntry]:
    """Yield the student's entries in the order of the assignment; none when nothing at all was handed in."""
    given = _first_files(one, assignment, unplaced)
    files = [(name, _if_filled(file, assignment)) for name, file in _unpacked(given, unplaced, opened)]
    own, general, other = _sort_out(files, assignment)
    unplaced.extend(Unplaced(path=shown(file.path), reason=sentence(file.fault)) for _, file in files if file.fault)
    unplaced.extend(because(((name, file) for name, file in other if not file.fault), "It is not a .py or .ipynb file."))
    if not files and not one.files:
        return
    chosen = {id: _last(candidates, f"for {id}", unplaced) for id, candidates in own.items()}
    by_name = [exercise for exercise in assignment.exercises if exercise.id not in chosen]
    sources = _by_name_sources(general, canvas=one.canvas, unplaced=unplaced)
    if sources and not by_name:
        reason = "Every exercise has a file of its own; this one counts only where one of them imports it."
        unplaced.extend(Unplaced(path=shown(file.path), reason=reason) for file in sources)
    modules = tuple(file for file in (*sources, *chosen.values()) if file.suffix == ".py" and not file.fault)
    refused = next((file for _, file in (*general, *other) if file.fault and file.suffix in CODE | {".zip"}), None)
    clashes = _clashes(by_name)
    among = tuple(exercise.id for exercise in assignment.exercises)
    for exercise in assignment.exercises:
        entry = SubmissionEntry(student=one.student.id, exercise=exercise.id, among=among)
        if exercise.id in chosen:
            file = chosen[exercise.id]
            yield replace(entry, files=(file,), siblings=modules) if not file.fault else _refused(entry, file)
        elif sources:
            yield replace(entry, files=sources, by_name=True, clashes=clashes.get(exercise.id, ()))
        elif refused is not None:
            yield _refused(entry, refused)
        else:
            yield replace(entry, status=Status.MISSING, detail=_nothing_for(exercise))


def _first_files(one: StudentFiles, assignment: Assignment, unplaced: list[Unplaced]) -> _Named:
    """Return as many of the student's files as are looked at: answers first, then code, nearest first."""
    if len(one.files) <= MAX_FILES:
        return one.files

    def order(named: tuple[str, File]) -> tuple[bool, bool, int, str]:
        name, file = named
        is_code = file.suffix in CODE
        return not (is_code and exercise_named(file.name, assignment)), not is_code, name.count("/"), name

    reason = f"There are {len(one.files)} files of this student; {MAX_FILES} of them were looked at, answers and code first."
    unplaced.append(Unplaced(path=shown(one.student.id), reason=reason))
    return sorted(one.files, key=order)[:MAX_FILES]


def _unpacked(files: Sequence[tuple[str, File]], unplaced: list[Unplaced], opened: OpenZip) -> Iterator[tuple[str, File]]:
    count, size = len(files), 0
    for name, file in files:
        if file.suffix != ".zip" or file.fault:
            yield name, file
            continue
        size += file.size
        if size > MAX_STUDENT_BYTES:
            yield name, replace(file, fault=f"the zips here are larger than {MAX_STUDENT_BYTES >> 20} MiB together.")
            continue
        if count > MAX_FILES:
            yield name, replace(file, fault=f"with what other zips hold there are more than {MAX_FILES} files here.")
            continue
        tree = unpack(file, opened)
        count += len(tree.files)
        unplaced.extend(tree.unplaced)
        yield from ((inner.path.removeprefix(f"{file.path}/"), inner) for inner in tree.files)


def _if_filled(file: File, assignment: Assignment) -> File:
    """Give a fault to an answer of no bytes, an upload that failed: an earlier one counts before it."""
    if file.size or file.fault or file.suffix not in CODE or not exercise_named(file.name, assignment):
        return file
    return replace(file, fault="it is empty: the upload failed, or nothing was saved.")


def _sort_out(files: _Named, assignment: Assignment) -> tuple[dict[str, _Named], _Named, _Named]:
    """Return files named after an exercise, by its id; other files of code; and the rest."""
    own: dict[str, _Named] = defaultdict(list)
    general: _Named = []
    other: _Named = []
    for name, file in files:
        base = name.rpartition("/")[2]
        if PurePosixPath(base).suffix.lower() not in CODE:
            other.append((name, file))
        elif exercise := exercise_named(base, assignment):
            own[exercise].append((name, file))
        else:
            general.append((name, file))
    return own, general, other


def _last(candidates: _Named, what: str, unplaced: list[Unplaced]) -> File:
    """Choose the file that counts: one that can be opened, nearest to the student's folder, then the latest."""
    order = sorted(candidates, key=_order)
    chosen = order[-1][1]
    for _, file in order[:-1]:
        if not file.fault:
            reason = f"There are several files {what}; {shown(chosen.path)} counts, the last one."
            unplaced.append(Unplaced(path=shown(file.path), reason=reason))
    return chosen


def _order(named: tuple[str, File]) -> tuple[bool, int, int, float, str]:
    name, file = named
    copy = COPY.search(PurePosixPath(name).stem)
    return not file.fault, -name.count("/"), int(copy[1] or copy[2]) if copy else 0, file.modified, name


def _by_name_sources(general: _Named, *, canvas: bool, unplaced: list[Unplaced]) -> tuple[File, ...]:
    """Return the files in which functions are looked for by name; where there are several versions of a file, the last."""
    versions: dict[str, _Named] = defaultdict(list)
    for name, file in general:
        if not file.fault:
            path = PurePosixPath(name)
            copy = COPY.search(path.stem)
            # A hyphen and a number mean a newer version only where Canvas wrote them: `week-2.py` is no copy of `week.py`.
            stem = path.stem[: copy.start()] if copy and (copy[1] or canvas) else path.stem
            versions[fold(str(path.with_name(f"{stem or path.stem}{path.suffix}")))].append((name, file))
    sources = [_last(candidates, "of this name", unplaced) for _, candidates in sorted(versions.items())]
    for file in sources[MAX_SOURCES:]:
        unplaced.append(Unplaced(path=shown(file.path), reason=f"There are more than {MAX_SOURCES} files of code here."))
    return tuple(sources[:MAX_SOURCES])


def _clashes(exercises: Iterable[Exercise]) -> Mapping[str, tuple[str, ...]]:
    """Return for each exercise the others that ask for a function of the same name."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for exercise in exercises:
        for function in exercise.functions:
            wanted[function].append(exercise.id)
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for ids in wanted.values():
        for id in ids:
            found[id].update(dict.fromkeys(other for other in ids if other != id))
    return {id: tuple(others) for id, others in found.items() if others}


def _refused(entry: SubmissionEntry, file: File) -> SubmissionEntry:
    return replace(entry, status=Status.REFUSED, detail=f"{shown(file.path)} was not opened: {file.fault}")


def _nothing_for(exercise: Exercise) -> str:
    functions = ", ".join(exercise.functions)
    files = f"{exercise.id}.py, {exercise.id}.ipynb"
    return f"Nothing was handed in for this exercise: neither {files} nor another file that defines {functions}."
