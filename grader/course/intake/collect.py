"""
Collect what students handed in for which exercise, from a folder or zip of submissions.

`layouts` says whose a file is, `entries` which of a student's files count for which exercise.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course.intake.archives import OpenZip
from grader.course.intake.entries import SubmissionEntry, entries_of
from grader.course.intake.files import NOT_ON_ROSTER, Tree, Unplaced
from grader.course.intake.layouts.gradescope_metadata import METADATA
from grader.course.intake.layouts.level import CODE, StudentFiles, because, stem_of, unread
from grader.course.intake.layouts.recognise import DOWNLOADS, recognise
from grader.course.intake.matching import match
from grader.course.intake.names import fold, shown, unreadable_name
from grader.course.intake.students import Student, time_of
from grader.course.intake.trees import tree_of
from grader.errors import Fault, SubmissionError
from grader.exercise.assignment import Assignment
from grader.judging.notebooks import MAX_CODE_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """
    Everything that was handed in: students, entries by student and exercise, and files without a place, with reasons.

    `name` is the name of the folder or zip, `layout` how students were told apart, `within` the folder around all of them;
    `renamed` are names of files whose students a roster knows by another id.
    """

    students: tuple[Student, ...]
    entries: tuple[SubmissionEntry, ...]
    unplaced: tuple[Unplaced, ...] = ()
    name: str = ""
    layout: str = ""
    within: str = ""
    renamed: tuple[str, ...] = ()


def collect(path: Path, assignment: Assignment, *, exclude: Path | None = None, layout: str = "") -> Collection:
    """
    Collect the submissions in a folder or zip; `exclude` is a folder in it that is nobody's, such as OUT.

    The layout is the one that was given, or the one that the names at the top show. Raises SubmissionError when the place
    cannot be read or holds nothing, and where two layouts fit. What cannot be graded comes back as `unplaced` (and, where it is a
    student's answer to an exercise, as a `refused` entry).
    """
    tree = _without(tree_of(path), path, exclude) if exclude else tree_of(path)
    if (download := _download(path, tree, assignment, layout)) is not None:
        path, tree = download
    if not tree.files and not tree.folders and not tree.unplaced:
        raise SubmissionError(Fault(str(path), "Nothing was handed in here.", "Name the folder or zip with the students' files."))
    reading = recognise(path, tree, assignment, layout)
    unplaced = [*tree.unplaced, *reading.unplaced]
    entries: list[SubmissionEntry] = []
    students: list[Student] = []
    opened = OpenZip()
    for one in _distinct(sorted(reading.handed_in, key=_by_id_and_time), unplaced):
        theirs = list(entries_of(one, assignment, unplaced, opened))
        # No score can be for the files of an empty folder: the next run may find this student's files anywhere.
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
    Return the class's zip that lies alone in its folder, where a layout of downloads was given.

    Raises SubmissionError where the zip looks like a class's and no layout was given: a student's zip may be made to look so.
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


def _without(tree: Tree, path: Path, exclude: Path) -> Tree:
    root, apart = path.resolve(), exclude.resolve()
    if root == apart or not apart.is_relative_to(root):
        return tree
    inside = apart.relative_to(root).as_posix()
    files = tuple(file for file in tree.files if not f"{file.path}/".startswith(f"{inside}/"))
    folders = tuple(folder for folder in tree.folders if not f"{folder}/".startswith(f"{inside}/"))
    return replace(tree, files=files, folders=folders)


def collect_one(path: Path, student: str, assignment: Assignment) -> Collection:
    """Collect the files in a folder that is one student's. Raises SubmissionError when it cannot be read."""
    tree = tree_of(path)
    unplaced = list(tree.unplaced)
    one = StudentFiles(Student(id=student), [(file.path, file) for file in tree.files])
    entries = tuple(entries_of(one, assignment, unplaced, OpenZip()))
    return Collection(students=(one.student,), entries=entries, unplaced=tuple(unplaced), layout="one-student")


def with_roster(collection: Collection, roster: Sequence[Student]) -> Collection:
    """
    Give the students their ids on the roster, and add students of the roster who handed in nothing.

    A student who handed in and is not on the roster keeps the name that the files have, and is listed.
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


def _distinct(handed_in: Iterable[StudentFiles], unplaced: list[Unplaced]) -> Iterator[StudentFiles]:
    """Yield each student once, if the name can be told from others on every file system; list what is left out."""
    latest: dict[str, StudentFiles] = {}
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


def _by_id_and_time(one: StudentFiles) -> tuple[str, float]:
    return one.student.id, time_of(one.student)
