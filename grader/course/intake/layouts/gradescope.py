"""Read Gradescope's export of submissions: a metadata file says whose each folder is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace

from grader.course.intake.files import Unplaced
from grader.course.intake.layouts.gradescope_metadata import METADATA, gradescope_submissions
from grader.course.intake.layouts.level import EACH_STUDENT, Level, Reading, StudentFiles, because, nearly_all
from grader.course.intake.names import fold, shown
from grader.course.intake.students import Student
from grader.errors import Fault, SubmissionError


def read_gradescope(level: Level, *, sure: bool) -> Reading | None:
    """Read the export; None where it is not Gradescope's. Raises SubmissionError where its metadata are faulty or in doubt."""
    found = next((file for file in level.files if file.path == METADATA), None)
    if found is None:
        return None
    if any(one.path == METADATA for one in level.tree.unplaced):
        raise SubmissionError(Fault(METADATA, "The archive holds this file twice.", "Export the submissions again."))
    unplaced: list[Unplaced] = []
    submissions = list(_told_apart(gradescope_submissions(found, unplaced), unplaced))
    named = {folder for folder, _ in submissions} | {one.path for one in unplaced}
    there = named.intersection(level.folders)
    if not sure and not (nearly_all(len(there), len(named)) and nearly_all(len(there), len(level.folders))):
        what = f"it names {len(named)} folders; of the {len(level.folders)} that are here, it names {len(there)}."
        raise level.doubt(("gradescope", f"{METADATA} says whose a folder is: {what}"), EACH_STUDENT)
    below = defaultdict(list)
    for file in level.tree.files:
        top, _, name = file.path.partition("/")
        if file is not found:
            below[top].append((name or top, file))
    handed_in: list[StudentFiles] = []
    for folder, students in submissions:
        files = below.pop(folder, [])
        for student in students:
            handed_in.append(StudentFiles(replace(student, origin=f"gradescope:{_account(student)}"), list(files)))
    for files in below.values():
        unplaced.extend(because(files, f"{METADATA} does not name whose it is."))
    return level.reading("gradescope", handed_in, unplaced)


def _account(student: Student) -> str:
    """Return the address of an account of Gradescope's: students may write the number and the name themselves."""
    return student.email or student.id


def _told_apart(
    submissions: Iterable[tuple[str, tuple[Student, ...]]], unplaced: list[Unplaced]
) -> Iterator[tuple[str, tuple[Student, ...]]]:
    """Yield the submissions; a number that several addresses have is nobody's, since students may write theirs themselves."""
    submissions = list(submissions)
    addresses: dict[str, set[str]] = defaultdict(set)
    for student in (student for _, students in submissions for student in students if student.email):
        addresses[fold(student.id)].add(fold(student.email))
    shared = {number for number, emails in addresses.items() if len(emails) > 1}
    for folder, students in submissions:
        for number in sorted({student.id for student in students if fold(student.id) in shared}):
            reason = f"Several addresses have the number {shown(number)}: it is graded under the address."
            unplaced.append(Unplaced(path=shown(folder), reason=reason))
        yield (
            folder,
            tuple(
                replace(student, id=student.email or student.name, ids={}) if fold(student.id) in shared else student
                for student in students
            ),
        )
