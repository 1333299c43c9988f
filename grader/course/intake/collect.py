"""
A folder or zip of submissions -> who handed in what for which exercise.

`layouts` says whose a file is; here is said which of a student's files count for which exercise. Nothing is decoded, parsed
as Python or run here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from grader.course.intake.files import (
    MAX_FILES,
    MAX_STUDENT_BYTES,
    NOT_ON_ROSTER,
    File,
    Tree,
    Unplaced,
    fold,
    shown,
    tree_of,
    unpack,
    unreadable_name,
)
from grader.course.intake.layouts import (
    CODE,
    COPY,
    DOWNLOADS,
    HandedIn,
    because,
    exercise_named,
    recognise,
    sentence,
    stem_of,
    unread,
)
from grader.course.intake.lms import METADATA
from grader.course.intake.roster import Student, match, time_of
from grader.errors import Fault, SubmissionError
from grader.exercise.model import Assignment, Exercise
from grader.judging.notebooks import MAX_CODE_BYTES
from grader.outcome import Status

MAX_SOURCES = 50  # files that count together for functions found by name


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    What one student handed in for one exercise.

    `files` are graded; when there are none, `status` (missing or refused) and `detail` say what the report says.
    `by_name` tells that functions are found by their names in files that are not named after the exercise; `clashes`
    are then the other exercises that ask for a function of the same name in the same files. `siblings` are the student's
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """
    Everything that was handed in: students, entries by student and exercise, and what has no place, with reasons.

    `name` is what the place is called, `layout` how students were told apart, `within` the folder that all of them lie in;
    `renamed` are names of the files whose students a roster knows by another id.
    """

    students: tuple[Student, ...]
    entries: tuple[Entry, ...]
    unplaced: tuple[Unplaced, ...] = ()
    name: str = ""
    layout: str = ""
    within: str = ""
    renamed: tuple[str, ...] = ()


def collect(path: Path, assignment: Assignment, *, but: Path | None = None, layout: str = "") -> Collection:
    """
    What lies in a folder or zip of submissions, except for what is `but`: where OUT lies there, it is nobody's.

    By this `layout`, or by the one that is seen. Raises SubmissionError when the place cannot be read or holds nothing, and
    where two layouts fit. Whatever is in it and cannot be graded comes back as `unplaced` (and, where it is a student's
    answer to an exercise, as a `refused` entry).
    """
    tree = _without(tree_of(path), path, but) if but else tree_of(path)
    if (download := _download(path, tree, assignment, layout)) is not None:
        path, tree = download
    if not tree.files and not tree.folders and not tree.unplaced:
        raise SubmissionError(Fault(str(path), "Nothing was handed in here.", "Name the folder or zip with the students' files."))
    reading = recognise(path, tree, assignment, layout)
    unplaced = [*tree.unplaced, *reading.unplaced]
    entries: list[Entry] = []
    students: list[Student] = []
    for one in _distinct(sorted(reading.handed_in, key=_by_id_and_time), unplaced):
        theirs = list(_entries(one, assignment, unplaced))
        # An empty folder is no place that a mark of the student's is for.
        students.append(one.student if theirs else replace(one.student, origin=""))
        entries.extend(theirs)
    unplaced.sort(key=lambda item: item.path)
    return Collection(
        students=tuple(students),
        entries=tuple(entries),
        unplaced=tuple(unplaced),
        name=stem_of(path),
        layout=reading.layout,
        within=reading.within,
    )


def _download(path: Path, tree: Tree, assignment: Assignment, layout: str) -> tuple[Path, Tree] | None:
    """
    The class's zip in the folder that it was saved to, where somebody said what it is.

    Raises SubmissionError where nobody did: one student's zip may be made to look like a class's.
    """
    work = [file.path for file in tree.files if file.suffix in CODE | {".zip"}]
    if not path.is_dir() or tree.folders or len(work) != 1 or not work[0].lower().endswith(".zip"):
        return None
    if layout and layout not in DOWNLOADS:
        return None
    beside = tuple(unread(file) for file in tree.files if file.path not in work)
    inside = path / work[0]
    if inside.is_symlink():
        return None
    try:
        found = tree_of(inside)
        is_long = any(file.name == METADATA and file.size > MAX_CODE_BYTES for file in found.files)  # it may be a student's
        seen = "gradescope" if is_long and not layout else recognise(inside, found, assignment, layout).layout
    except SubmissionError:
        return None
    if layout:
        return inside, replace(found, unplaced=(*found.unplaced, *beside))
    if seen in DOWNLOADS:
        what = f"{shown(work[0])} may be a class's download (as `{seen}`), or the zip of one student (as `students`)."
        remedy = f"Say which it is: name the zip itself, or say --layout {seen}; or say --layout students."
        raise SubmissionError(Fault(str(path), what, remedy))
    return None


def _without(tree: Tree, path: Path, but: Path) -> Tree:
    root, apart = path.resolve(), but.resolve()
    if root == apart or not apart.is_relative_to(root):
        return tree
    inside = apart.relative_to(root).as_posix()
    files = tuple(file for file in tree.files if not f"{file.path}/".startswith(f"{inside}/"))
    folders = tuple(folder for folder in tree.folders if not f"{folder}/".startswith(f"{inside}/"))
    return replace(tree, files=files, folders=folders)


def collect_one(path: Path, student: str, assignment: Assignment) -> Collection:
    """What lies in a folder that is one student's. Raises SubmissionError when it cannot be read."""
    tree = tree_of(path)
    unplaced = list(tree.unplaced)
    one = HandedIn(Student(id=student), [(file.path, file) for file in tree.files])
    entries = tuple(_entries(one, assignment, unplaced))
    return Collection(students=(one.student,), entries=entries, unplaced=tuple(unplaced), layout="one-student")


def with_roster(collection: Collection, roster: Sequence[Student]) -> Collection:
    """
    The collection with the roster's students: known by the roster's ids, those who handed in nothing among them.

    Who handed in and is not on the roster keeps the name that the files have, and is listed.
    """
    known = match(collection.students, roster)
    taken: dict[str, str] = {}
    unplaced = list(collection.unplaced)
    filled = {entry.student for entry in collection.entries}
    for student in sorted(collection.students, key=lambda one: (one.id in filled, time_of(one))):
        if student.id not in known:
            unplaced.append(Unplaced(path=shown(student.id), reason=NOT_ON_ROSTER))
            continue
        if (earlier := taken.get(known[student.id].id)) is not None:
            reason = f"It is the same student of the roster as {shown(student.id)}, which counts."
            unplaced.append(Unplaced(path=shown(earlier), reason=reason))
        taken[known[student.id].id] = student.id
    counts = {name: known[name] for name in taken.values()}
    students = {student.id: student for student in (*roster, *counts.values())}
    students |= {student.id: student for student in collection.students if student.id not in known}
    entries = (
        replace(entry, student=counts[entry.student].id if entry.student in counts else entry.student)
        for entry in collection.entries
        if entry.student in counts or entry.student not in known
    )
    return replace(
        collection,
        students=tuple(students[id] for id in sorted(students)),
        entries=tuple(sorted(entries, key=lambda entry: entry.student)),  # stable: the exercises keep their order
        unplaced=tuple(sorted(unplaced, key=lambda item: item.path)),
        renamed=tuple(student.id for student in collection.students if student.id not in students),
    )


def _distinct(handed_in: Iterable[HandedIn], unplaced: list[Unplaced]) -> Iterator[HandedIn]:
    """Students whose names can be kept apart on every file system, each once; what is left out is listed."""
    latest: dict[str, HandedIn] = {}
    for one in handed_in:
        if (earlier := latest.get(one.student.id)) is not None:
            unplaced.extend(because(earlier.files, f"{shown(one.student.id)} handed in again; the last submission counts."))
        latest[one.student.id] = one
    seen: dict[str, str] = {}
    for name, one in latest.items():
        if fault := unreadable_name(name):
            unplaced.append(Unplaced(path=shown(name), reason=f"Whose it is cannot be said: {fault}"))
        elif (other := seen.setdefault(fold(name), name)) != name:
            what = "in capitals, accents or unseen characters only"
            reason = f"Its name differs from `{shown(other)}` {what}: rename one of the two."
            unplaced.append(Unplaced(path=shown(name), reason=reason))
        else:
            yield one


def _by_id_and_time(one: HandedIn) -> tuple[str, float]:
    return one.student.id, time_of(one.student)


# One student's files


_Named = list[tuple[str, File]]


def _entries(one: HandedIn, assignment: Assignment, unplaced: list[Unplaced]) -> Iterator[Entry]:
    """The student's entries, in the order of the assignment; none when nothing at all was handed in."""
    given = _first_files(one, assignment, unplaced)
    files = [(name, _if_filled(file, assignment)) for name, file in _unpacked(given, unplaced)]
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
        entry = Entry(student=one.student.id, exercise=exercise.id, among=among)
        if exercise.id in chosen:
            file = chosen[exercise.id]
            yield replace(entry, files=(file,), siblings=modules) if not file.fault else _refused(entry, file)
        elif sources:
            yield replace(entry, files=sources, by_name=True, clashes=clashes.get(exercise.id, ()))
        elif refused is not None:
            yield _refused(entry, refused)
        else:
            yield replace(entry, status=Status.MISSING, detail=_nothing_for(exercise))


def _first_files(one: HandedIn, assignment: Assignment, unplaced: list[Unplaced]) -> _Named:
    """As many of the student's files as are looked at: answers first, then code, the nearest to the student's folder first."""
    if len(one.files) <= MAX_FILES:
        return one.files

    def order(named: tuple[str, File]) -> tuple[bool, bool, int, str]:
        name, file = named
        is_code = file.suffix in CODE
        return not (is_code and exercise_named(file.name, assignment)), not is_code, name.count("/"), name

    reason = f"There are {len(one.files)} files of this student; {MAX_FILES} of them were looked at, answers and code first."
    unplaced.append(Unplaced(path=shown(one.student.id), reason=reason))
    return sorted(one.files, key=order)[:MAX_FILES]


def _unpacked(files: Sequence[tuple[str, File]], unplaced: list[Unplaced]) -> Iterator[tuple[str, File]]:
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
        tree = unpack(file)
        count += len(tree.files)
        unplaced.extend(tree.unplaced)
        yield from ((inner.path.removeprefix(f"{file.path}/"), inner) for inner in tree.files)


def _if_filled(file: File, assignment: Assignment) -> File:
    """An answer of no bytes is an upload that failed: an earlier one counts before it, and the reason is said."""
    if file.size or file.fault or file.suffix not in CODE or not exercise_named(file.name, assignment):
        return file
    return replace(file, fault="it is empty: the upload failed, or nothing was saved.")


def _sort_out(files: _Named, assignment: Assignment) -> tuple[dict[str, _Named], _Named, _Named]:
    """Files named after an exercise, by its id; other files of code; and the rest."""
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
    """The file that counts: one that can be opened, the nearest to the student's folder, then the latest."""
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
    """The files in which functions are looked for by name; of several versions of one file, the last."""
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
    """For each exercise, the others among these that ask for a function of the same name."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for exercise in exercises:
        for function in dict.fromkeys(name for task in exercise.tasks for name in task.functions):
            wanted[function].append(exercise.id)
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for ids in wanted.values():
        for id in ids:
            found[id].update(dict.fromkeys(other for other in ids if other != id))
    return {id: tuple(others) for id, others in found.items() if others}


def _refused(entry: Entry, file: File) -> Entry:
    return replace(entry, status=Status.REFUSED, detail=f"{shown(file.path)} was not opened: {file.fault}")


def _nothing_for(exercise: Exercise) -> str:
    functions = ", ".join(dict.fromkeys(name for task in exercise.tasks for name in task.functions))
    files = f"{exercise.id}.py, {exercise.id}.ipynb"
    return f"Nothing was handed in for this exercise: neither {files} nor another file that defines {functions}."
