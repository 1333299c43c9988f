"""
Which layout a folder or zip of submissions has, and each student's files in it.

A class must not pass for one student, nor a wrapping folder, a starter or a tool's folder for anybody.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from grader.batch.intake import File, Tree, Unplaced, fold, shown
from grader.batch.lms import CANVAS_FILE, MOODLE_FOLDER, gradescope_submissions, nbgrader_time
from grader.batch.roster import Student
from grader.errors import Fault, SubmissionError
from grader.exercise import Assignment

CODE = frozenset({".py", ".ipynb"})
_WORK = CODE | {".zip"}
# `answer (1)` as browsers, `answer-1` as Canvas names a file that is there already
COPY = re.compile(r"(?: ?\((\d+)\)|-(\d+))$")


@dataclass(slots=True)
class HandedIn:
    """One student's files, by their paths below the student's own folder."""

    student: Student
    files: list[tuple[str, File]] = field(default_factory=list)
    canvas: bool = False


def recognise(path: Path, tree: Tree, assignment: Assignment, unplaced: list[Unplaced]) -> tuple[str, list[HandedIn]]:
    """The layout's name and each student's files. The most telling signs are looked for first."""
    stem = path.resolve().name if path.is_dir() else path.stem
    rest = tree
    while True:
        for name, read in _LAYOUTS:
            handed_in = read(rest, assignment, unplaced)
            if handed_in is not None:
                return name, handed_in
        if _is_one_student(rest, assignment):
            return "one student", [HandedIn(_student(stem), [(file.path, file) for file in rest.files])]
        inner = _wrapped(rest, stem, assignment)
        if inner is None:
            return "students", _by_student(rest, assignment, unplaced)
        unplaced.extend(unread(file) for file in rest.files if "/" not in file.path)
        rest = inner


def _gradescope(tree: Tree, assignment: Assignment, unplaced: list[Unplaced]) -> list[HandedIn] | None:
    found = next((file for file in tree.files if file.path.count("/") <= 1 and file.name == "submission_metadata.yml"), None)
    if found is None:
        return None
    root = found.path.rpartition("/")[0]
    below = defaultdict(list)
    for file in tree.files:
        parts = file.path.removeprefix(f"{root}/" if root else "").split("/", 1)
        if file is not found:
            below[parts[0]].append((parts[-1], file))
    handed_in: list[HandedIn] = []
    for folder, students in gradescope_submissions(found, unplaced):
        files = below.pop(folder, [])
        handed_in.extend(HandedIn(student, list(files)) for student in students)
    for files in below.values():
        unplaced.extend(because(files, "submission_metadata.yml does not name whose it is."))
    return handed_in


def _moodle(tree: Tree, assignment: Assignment, unplaced: list[Unplaced]) -> list[HandedIn] | None:
    if not any(MOODLE_FOLDER.match(file.path.split("/")[0]) for file in tree.files):
        return None
    handed_in: dict[str, HandedIn] = {}
    for file in tree.files:
        top, _, below = file.path.partition("/")
        if (match := MOODLE_FOLDER.match(top)) is None:
            unplaced.append(Unplaced(path=shown(file.path), reason="Its folder is not named as Moodle names a student's."))
        elif match["kind"] != "file":
            unplaced.append(Unplaced(path=shown(file.path), reason="It is text typed into Moodle, not a file."))
        else:
            student = Student(id=f"{match['name']}_{match['id']}", name=match["name"], ids={"moodle": match["id"]})
            one = handed_in.setdefault(student.id, HandedIn(student))
            one.files.append((below or match["rest"], file))
    return list(handed_in.values())


def _canvas(tree: Tree, assignment: Assignment, unplaced: list[Unplaced]) -> list[HandedIn] | None:
    top = [file for file in tree.files if "/" not in file.path]
    matches = [(file, match) for file in top if (match := CANVAS_FILE.match(file.path))]
    if len(matches) < len(tree.files) / 2 or not matches:
        return None
    handed_in: dict[str, HandedIn] = {}
    for file, match in matches:
        name, user = match["name"], match["id"]
        # Canvas says only that it was late, not by how much.
        student = Student(id=f"{name}_{user}", ids={} if name == "anon" else {"canvas": user}, late=match["late"] is not None)
        handed_in.setdefault(student.id, HandedIn(student, canvas=True)).files.append((match["file"], file))
    known = {id(file) for file, _ in matches}
    others = (file for file in tree.files if id(file) not in known)
    unplaced.extend(because(((file.path, file) for file in others), "It is not named as Canvas names a submission."))
    return list(handed_in.values())


def _nbgrader(tree: Tree, assignment: Assignment, unplaced: list[Unplaced]) -> list[HandedIn] | None:
    """`submitted/STUDENT/ASSIGNMENT/...`, given the course's folder or `submitted` itself; other assignments are not ours."""
    prefix = "submitted/" if any(folder == "submitted" for folder in tree.folders) else ""
    handed_in: dict[str, HandedIn] = {}
    others: dict[str, list[str]] = {}  # assignments, by student
    loose: dict[str, list[File]] = {}
    for file in tree.files:
        if not file.path.startswith(prefix):
            continue
        student, _, below = file.path.removeprefix(prefix).partition("/")
        folder, _, inner = below.partition("/")
        if inner and fold(folder) == fold(assignment.id):
            handed_in.setdefault(student, HandedIn(_student(student))).files.append((inner, file))
        elif inner:
            others.setdefault(student, []).append(folder)
        else:
            loose.setdefault(student, []).append(file)
    if not handed_in and prefix and others and any(file.path in {"nbgrader_config.py", "gradebook.db"} for file in tree.files):
        there = ", ".join(map(shown, sorted({folder for folders in others.values() for folder in folders})))
        what = f"Nobody handed in {assignment.id} in this course of nbgrader's; there is {there}."
        raise SubmissionError(Fault("submitted", what, "Name an assignment file that is called as the assignment is there."))
    with_loose_code = [files for files in loose.values() if any(file.suffix in _WORK for file in files)]
    if not handed_in or (not prefix and len(with_loose_code) >= len(handed_in)):  # then it is just a folder's name
        return None
    for one in handed_in.values():
        for name, file in list(one.files):
            if name == "timestamp.txt":
                one.files.remove((name, file))
                one.student = replace(one.student, submitted_at=nbgrader_time(file))
    everybody = {folder.removeprefix(prefix).split("/")[0] for folder in tree.folders if folder.startswith(prefix)}
    for student in sorted(name for name in everybody - handed_in.keys() if name[0] != "."):
        handed_in[student] = HandedIn(_student(student))
        if not prefix and student in {*others, *loose}:  # in a course of nbgrader's there is nothing to be said of it
            reason = f"There is no folder {assignment.id} in it, which is what is graded."
            unplaced.append(Unplaced(path=shown(student), reason=reason))
    astray = [(file.path, file) for files in loose.values() for file in files]
    unplaced.extend(because(astray, "It lies in no folder of an assignment."))
    return list(handed_in.values())


def is_download(path: Path, tree: Tree, assignment: Assignment) -> bool:
    """Whether a learning management system made it."""
    return recognise(path, tree, assignment, [])[0] in {"Gradescope", "Moodle", "Canvas"}


_Layout = Callable[[Tree, Assignment, list[Unplaced]], "list[HandedIn] | None"]
_LAYOUTS: tuple[tuple[str, _Layout], ...] = (
    ("Gradescope", _gradescope),
    ("Moodle", _moodle),
    ("Canvas", _canvas),
    ("nbgrader", _nbgrader),
)


def _is_one_student(tree: Tree, assignment: Assignment) -> bool:
    """Whether answers lie at the top, and are not a starter that was left beside the students' folders and zips."""
    top = [file for file in tree.files if "/" not in file.path and file.suffix in CODE]
    return any(exercise_named(file.name, assignment) for file in top) and not _are_several(tree, assignment)


def _are_several(tree: Tree, assignment: Assignment) -> bool:
    """Whether the folders and zips hold what those of one student would not: one exercise twice, or more than there are."""
    holders: set[str] = set()
    answers: dict[str, set[str]] = defaultdict(set)
    for file in tree.files:
        top, slash, _ = file.path.partition("/")
        if file.suffix == ".zip" or (slash and file.suffix in CODE):
            holders.add(top)
        if slash and file.suffix in CODE and (exercise := exercise_named(file.name, assignment)):
            answers[exercise].add(top)
    return any(len(folders) > 1 for folders in answers.values()) or len(holders) > len(assignment.exercises)


def _wrapped(tree: Tree, stem: str, assignment: Assignment) -> Tree | None:
    """What is inside the one folder that all work lies in, where that folder is no student's."""
    beside = [file for file in tree.files if "/" not in file.path]
    tops = {path.split("/")[0] for path in (*tree.folders, *(file.path for file in tree.files if "/" in file.path))}
    if len(tops) != 1 or any(file.suffix in _WORK for file in beside):
        return None
    (top,) = tops
    inner = Tree(
        files=tuple(_below(file, top) for file in tree.files if "/" in file.path),
        folders=tuple(folder.removeprefix(f"{top}/") for folder in tree.folders if folder != top),
    )
    is_named_so = fold(top) in {fold(stem), fold(assignment.id), "submissions", "submitted"}
    loose = [file for file in inner.files if "/" not in file.path]
    holds_folders_only = bool(inner.folders) and not loose and not beside
    holds_a_class = not any(file.suffix in CODE for file in loose) and _are_several(inner, assignment)
    is_a_download = any(read(inner, assignment, []) is not None for _, read in _LAYOUTS)
    return inner if is_named_so or holds_folders_only or holds_a_class or is_a_download else None


def _below(file: File, top: str) -> File:
    return replace(file, path=file.path.removeprefix(f"{top}/"))


def _by_student(tree: Tree, assignment: Assignment, unplaced: list[Unplaced]) -> list[HandedIn]:
    """`STUDENT/...` and `STUDENT.py`, `STUDENT.ipynb`, `STUDENT.zip`."""
    folders = {folder: HandedIn(_student(folder)) for folder in tree.folders if "/" not in folder and folder[0] != "."}
    hidden = sorted({folder.split("/")[0] for folder in tree.folders if folder[0] == "."})
    reason = "A folder whose name begins with a dot is no student's."
    unplaced.extend(Unplaced(path=shown(folder), reason=reason) for folder in hidden)
    single: dict[str, HandedIn] = {}
    for file in tree.files:
        top, _, below = file.path.partition("/")
        if top in hidden:
            continue
        if below:
            folders.setdefault(top, HandedIn(_student(top))).files.append((below, file))
        elif file.suffix in CODE and exercise_named(top, assignment):
            reason = "It is named after an exercise and lies beside the students' folders: put it into its student's folder."
            unplaced.append(Unplaced(path=shown(top), reason=reason))
        elif file.suffix in _WORK:
            stem = PurePosixPath(top).stem
            single.setdefault(stem, HandedIn(_student(stem))).files.append((top, file))
        else:
            unplaced.append(unread(file))
    for stem in sorted(single.keys() & folders.keys()):
        reason = f"{shown(stem)} has a folder, too, and that counts: put the file into it."
        unplaced.extend(because(single.pop(stem).files, reason))
    return [*folders.values(), *single.values()]


def unread(file: File) -> Unplaced:
    """A file that is no work of anybody's, with the reason."""
    return Unplaced(path=shown(file.path), reason=sentence(file.fault) or "It is not a .py, .ipynb or .zip file.")


def _student(name: str) -> Student:
    return Student(id=name)


def exercise_named(file_name: str, assignment: Assignment) -> str | None:
    """The exercise whose id a file's name is, give or take capitals, hyphens and the number of a copy."""
    stem = fold(PurePosixPath(file_name).stem)
    ids = {exercise.id for exercise in assignment.exercises}
    for spelling in (stem, COPY.sub("", stem)):
        for name in (spelling, re.sub(r"[ -]+", "_", spelling)):
            if name in ids:
                return name
    return None


def sentence(fault: str) -> str:
    """A fault as a sentence of its own."""
    return fault[:1].upper() + fault[1:]


def because(files: Iterable[tuple[str, File]], reason: str) -> Iterator[Unplaced]:
    """These files, not placed for one reason."""
    return (Unplaced(path=shown(file.path), reason=reason) for _, file in files)
