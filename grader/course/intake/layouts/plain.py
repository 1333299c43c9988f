"""Read plain folders, files and zips that are named after students, or one student's own folder."""

from __future__ import annotations

from pathlib import PurePosixPath

from grader.course.intake.files import Unplaced
from grader.course.intake.layouts.level import (
    CODE,
    WORK,
    Level,
    Reading,
    StudentFiles,
    because,
    exercise_named,
    stem_of,
    student_named,
    unread,
)
from grader.course.intake.names import shown
from grader.text import counted

# One student may keep so many folders and zips beside answers, and so many files with helpers: more is a class.
_MOST_FOLDERS = 8
_MOST_HELPERS = 8


def one_student(level: Level) -> Reading:
    """Read everything as the files of one student, after whom the folder or zip is named."""
    handed_in = StudentFiles(student_named(stem_of(level.path), "students"), [(file.path, file) for file in level.tree.files])
    return level.reading("one-student", [handed_in], ())


def is_one_student(level: Level) -> bool:
    """
    Return whether answers lie at the top and are not a starter left beside the students' folders, files and zips.

    Raises SubmissionError where they may be either.
    """
    top = [file for file in level.files if file.suffix in CODE]
    answers = [file for file in top if exercise_named(file.name, level.assignment)]
    if not answers:
        return False
    beside = {file.path.partition("/")[0] for file in level.tree.files if "/" in file.path and file.suffix in WORK}
    beside |= {file.path for file in level.files if file.suffix == ".zip"}
    if len(beside) > max(_MOST_FOLDERS, len(level.assignment.exercises)):
        return False
    if not beside and len(top) - len(answers) <= _MOST_HELPERS:
        return True
    count = len(beside) or len(top) - len(answers)
    answer = shown(answers[0].path)
    alone = ("one-student", f"`{answer}` and everything beside it belong to one student.")
    whose = f"the work of {counted(count, 'student')}"
    raise level.doubt(
        alone, ("students", f"what lies beside `{answer}` is {whose}; that file, named after an exercise, belongs to nobody.")
    )


def by_student(level: Level) -> Reading:
    """Read `STUDENT/...` and `STUDENT.py`, `STUDENT.ipynb`, `STUDENT.zip`."""
    folders = {folder: StudentFiles(student_named(folder, "students")) for folder in level.folders}
    unplaced = list(level.hidden())
    single: dict[str, StudentFiles] = {}
    for file in level.tree.files:
        top, _, below = file.path.partition("/")
        if below and top[0] == ".":
            continue
        if below:
            folders[top].files.append((below, file))
        elif file.suffix in CODE and exercise_named(top, level.assignment):
            reason = "It is named after an exercise but lies beside the students' folders: put it into a student's folder."
            unplaced.append(Unplaced(path=shown(top), reason=reason))
        elif file.suffix in WORK:
            stem = PurePosixPath(top).stem
            single.setdefault(stem, StudentFiles(student_named(stem, "students"))).files.append((top, file))
        else:
            unplaced.append(unread(file))
    for stem in sorted(single.keys() & folders.keys()):
        reason = f"{shown(stem)} has a folder, too, and only that counts: put the file into it."
        unplaced.extend(because(single.pop(stem).files, reason))
    return level.reading("students", [*folders.values(), *single.values()], unplaced)
