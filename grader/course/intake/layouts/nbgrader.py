"""Read the `submitted` folder of an nbgrader course."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from grader.course.intake.files import File, Unplaced
from grader.course.intake.layouts.level import (
    EACH_STUDENT,
    WORK,
    Level,
    Reading,
    StudentFiles,
    because,
    nearly_all,
    student_named,
)
from grader.course.intake.names import fold, shown
from grader.errors import Fault, SubmissionError


def read_nbgrader(level: Level, *, sure: bool) -> Reading | None:
    """
    Read `submitted/STUDENT/ASSIGNMENT/...`, given the course's folder or `submitted` itself; None where it is not that.

    Other assignments in it are ignored.
    """
    prefix = "submitted/" if "submitted" in level.folders else ""
    one = _SubmittedFolder(level, prefix)
    is_named = bool(prefix) or fold(level.name) == "submitted"
    if not sure and not is_named:
        # Outside `submitted` a student may have packed such a folder, and a time, too.
        timed = [student for student, folders in one.timed.items() if fold(level.assignment.id) in map(fold, folders)]
        if nearly_all(len(timed), len(one.students)):
            what = f"in each folder, {shown(level.assignment.id)} holds what was handed in, at the time in its timestamp.txt."
            raise level.doubt(("nbgrader", what), ("students", "each folder belongs to a student, with everything in it."))
        return None
    is_course = bool(prefix) and any(file.path in {"nbgrader_config.py", "gradebook.db"} for file in level.files)
    if not one.handed_in and one.others and is_course:
        there = ", ".join(map(shown, sorted({folder for folders in one.others.values() for folder in folders})))
        what = f"Nobody handed in {level.assignment.id} in this course of nbgrader's; there is {there}."
        raise SubmissionError(Fault("submitted", what, "Name an assignment file that has the name of the assignment there."))
    if not one.handed_in or not (sure or is_course or one.is_likely()):
        return None
    with_work = {file.path.partition("/")[0] for file in level.tree.files if "/" in file.path and file.suffix in WORK}
    if prefix and not (sure or is_course) and (others := sorted(with_work - _COURSE_FOLDERS)):
        what = f"what lies in `submitted` belongs to the students, and {', '.join(map(shown, others[:3]))} beside it to nobody."
        raise level.doubt(("nbgrader", what), EACH_STUDENT)
    return level.reading("nbgrader", one.read(), one.unplaced(course_is_known=not prefix))


# The folders that nbgrader makes in a course
_COURSE_FOLDERS = frozenset({"source", "release", "submitted", "autograded", "feedback", "downloaded", "archive"})


class _SubmittedFolder:
    """The files in nbgrader's `submitted` folder, if it is that."""

    def __init__(self, level: Level, prefix: str) -> None:
        self.prefix = prefix
        self.assignment = level.assignment
        self.handed_in: dict[str, StudentFiles] = {}
        self.others: dict[str, list[str]] = {}  # assignments, by student
        self.loose: dict[str, list[File]] = {}
        self.timed: dict[str, set[str]] = {}  # assignments with a time, by student
        for file in level.tree.files:
            if file.path.startswith(prefix):
                self._take(file)
        folders = [folder.removeprefix(prefix).split("/") for folder in level.tree.folders if folder.startswith(prefix)]
        mine = fold(level.assignment.id)
        self.with_folder = {parts[0] for parts in folders if len(parts) > 1 and fold(parts[1]) == mine} | self.handed_in.keys()
        self.students = sorted({*(parts[0] for parts in folders if parts[0] and parts[0][0] != "."), *self.handed_in})

    def _take(self, file: File) -> None:
        student, _, below = file.path.removeprefix(self.prefix).partition("/")
        folder, _, inner = below.partition("/")
        if inner and fold(folder) == fold(self.assignment.id):
            self.handed_in.setdefault(student, StudentFiles(student_named(student, "nbgrader"))).files.append((inner, file))
        elif inner:
            self.others.setdefault(student, []).append(folder)
        else:
            self.loose.setdefault(student, []).append(file)
        if inner == "timestamp.txt":
            self.timed.setdefault(student, set()).add(folder)

    def is_likely(self) -> bool:
        """
        Return whether it is more than a folder of this name.

        nbgrader leaves no work outside an assignment's folder, and writes times.
        """
        with_loose_work = {student for student, files in self.loose.items() if any(file.suffix in WORK for file in files)}
        with_work = {*self.with_folder, *self.others, *with_loose_work}
        tidy = self.with_folder - with_loose_work
        return 2 * len(tidy) > len(with_work) or nearly_all(len(self.timed), len(with_work))

    def read(self) -> Iterator[StudentFiles]:
        """Yield each student's files, and when they were handed in."""
        for student in self.students:
            one = self.handed_in.get(student, StudentFiles(student_named(student, "nbgrader")))
            for name, file in list(one.files):
                if name == "timestamp.txt":
                    one.files.remove((name, file))
                    one.student = replace(one.student, submitted_at=nbgrader_time(file))
            yield one

    def unplaced(self, *, course_is_known: bool) -> Iterator[Unplaced]:
        """List files in no assignment's folder; in a course that is known, also students without this assignment."""
        for student in self.students if course_is_known else ():
            if student not in self.handed_in and student in {*self.others, *self.loose}:
                reason = f"It has no folder {self.assignment.id}, and only that is graded."
                yield Unplaced(path=shown(student), reason=reason)
        yield from because(
            ((file.path, file) for files in self.loose.values() for file in files), "It lies in no folder of an assignment."
        )


def nbgrader_time(file: File) -> datetime | None:
    """Read the time in nbgrader's `timestamp.txt`: `2026-02-02 15:58:23.948203 UTC`, the zone by name."""
    try:
        text = file.read().decode("ascii").strip()
        moment, _, zone = text.rpartition(" ")
        return datetime.fromisoformat(moment).replace(tzinfo=_zone(zone))
    except (SubmissionError, ValueError, ZoneInfoNotFoundError, OSError):
        return None


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)
