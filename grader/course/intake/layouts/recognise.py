"""
Recognise the layout of a folder or zip of submissions, and find each student's files in it.

A layout is read off the names at the top, or in the one folder at the top where that is surely nobody's: those names are
given by whoever collected the work. Deeper names are a student's own, and do not say whose a file is. Where two layouts
fit, none is taken: the run is refused until somebody says which it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Protocol

from grader.course.intake.files import Tree
from grader.course.intake.layouts.canvas import CANVAS_FILE, read_canvas
from grader.course.intake.layouts.gradescope import read_gradescope
from grader.course.intake.layouts.gradescope_metadata import METADATA
from grader.course.intake.layouts.level import CODE, WORK, Level, Reading, exercise_named, stem_of
from grader.course.intake.layouts.moodle import MOODLE_NAME, read_moodle
from grader.course.intake.layouts.nbgrader import read_nbgrader
from grader.course.intake.layouts.plain import by_student, is_one_student, one_student
from grader.course.intake.names import shown
from grader.errors import Fault, SubmissionError
from grader.exercise.assignment import Assignment
from grader.judging.notebooks import MAX_CODE_BYTES
from grader.text import counted

LAYOUTS: Mapping[str, str] = {
    "students": "a folder, a file or a zip for each student",
    "wrapped": "the same in the one folder at the top, whatever its name",
    "one-student": "everything belongs to one student, after whom the folder or zip is named",
    "nbgrader": "submitted/STUDENT/ASSIGNMENT/, a course's folder or `submitted` itself",
    "moodle": "Moodle's download of all submissions",
    "canvas": "Canvas's download of all submissions",
    "gradescope": "Gradescope's export of submissions",
}
DOWNLOADS = frozenset({"moodle", "canvas", "gradescope"})


def recognise(path: Path, tree: Tree, assignment: Assignment, layout: str = "") -> Reading:
    """
    Find each student's files: by the layout that is given, else by the one that the names at the top show.

    Raises SubmissionError where two layouts fit, or the given one does not.
    """
    level = Level(path=path, name=stem_of(path), tree=tree, assignment=assignment)
    return _read_as(level, layout) if layout else _guess(level)


def _guess(level: Level) -> Reading:
    while True:
        for read in _READERS.values():
            if (reading := read(level, sure=False)) is not None:
                return reading
        if (inner := level.named_wrapper()) is None:
            break
        level = inner
    if top := level.only_folder():
        _refuse_class_in_folder(level, level.inside(top))
    return one_student(level) if is_one_student(level) else by_student(level)


def _read_as(level: Level, layout: str) -> Reading:
    if layout not in LAYOUTS:
        raise SubmissionError(Fault("--layout", f"There is no layout {layout}.", f"Choose one of {', '.join(LAYOUTS)}."))
    if read := _READERS.get(layout):
        at: Level | None = level
        while at is not None:
            if (reading := read(at, sure=True)) is not None:
                return reading
            at = at.inside(at.only_folder()) if at.only_folder() else None
        raise SubmissionError(Fault(str(level.path), f"Nothing here is {LAYOUTS[layout]}.", "Give another --layout, or none."))
    while (inner := level.named_wrapper()) is not None:
        level = inner
    if layout == "one-student":
        return one_student(level)
    if layout == "wrapped":
        if not level.only_folder():
            what = "There is no single folder at the top in which all submissions lie."
            raise SubmissionError(Fault(str(level.path), what, "Give --layout students, or none."))
        level = level.inside(level.only_folder())
    return by_student(level)


def _refuse_class_in_folder(level: Level, inner: Level) -> None:
    """Raise SubmissionError where a folder may be one student's or lie around a class: names in it can be made up."""
    alone = ("students", f"`{shown(inner.name)}` is one student, and everything in it belongs to that student.")
    metadata = next((file for file in inner.files if file.path == METADATA), None)
    if metadata is not None and inner.folders and metadata.size > MAX_CODE_BYTES:  # a student's would take minutes to read
        raise level.doubt(("gradescope", f"`{shown(inner.name)}` lies around submissions and a {METADATA}."), alone)
    for layout, read in _READERS.items():
        found: Reading | None = None
        with suppress(SubmissionError):  # a faulty download is nothing but a student's files
            found = read(inner, sure=False)
        if found is not None and found.handed_in:
            raise level.doubt((layout, f"`{shown(inner.name)}` lies around {_counted(found)}."), alone)
    if _holds_a_class(inner):
        raise level.doubt(("wrapped", f"`{shown(inner.name)}` lies around {_counted(by_student(inner))}."), alone)


def _counted(reading: Reading) -> str:
    names = [one.student.id for one in reading.handed_in]
    some = ", ".join(map(shown, names[:3]))
    return f"the work of {counted(len(names), 'student')} ({some}{', ...' if len(names) > 3 else ''})"


def _holds_a_class(level: Level) -> bool:
    """Return whether more folders here hold answers than one student has, and no answer lies beside them."""
    holders: set[str] = set()
    answers: dict[str, set[str]] = defaultdict(set)
    for file in level.tree.files:
        top, slash, _ = file.path.partition("/")
        if not slash and file.suffix in CODE:
            return False
        if file.suffix in WORK:
            holders.add(top)
        if exercise := exercise_named(file.name, level.assignment) if file.suffix in CODE else None:
            answers[exercise].add(top)
    return any(len(tops) > 1 for tops in answers.values()) or len(holders) > max(2, len(level.assignment.exercises))


class _ReadLayout(Protocol):
    """
    A function that reads the layout of one system; None where a level does not have it.

    `sure` means that somebody gave this layout: then fewer names have to fit.
    """

    def __call__(self, level: Level, *, sure: bool) -> Reading | None: ...


# In this order: a file in Moodle's download may be called as one of Canvas's, and not the other way round.
_READERS: Mapping[str, _ReadLayout] = {
    "gradescope": read_gradescope,
    "moodle": read_moodle,
    "canvas": read_canvas,
    "nbgrader": read_nbgrader,
}


def owner(path: str, layout: str, within: str = "") -> str:
    """Return the student to whom a path belongs in this layout, by the name at the top, as far as that can be told."""
    below = path.removeprefix(f"{within}/") if within else path
    below = below.removeprefix("submitted/") if layout == "nbgrader" else below
    top = below.partition("/")[0]
    match = {"canvas": CANVAS_FILE, "moodle": MOODLE_NAME}[layout].match(top) if layout in {"canvas", "moodle"} else None
    return f"{match['name']}_{match['id']}" if match else PurePosixPath(top).stem
