"""Read Moodle's download of all submissions."""

from __future__ import annotations

import re

from grader.course.intake.files import Unplaced
from grader.course.intake.layouts.level import Level, Reading, StudentFiles, fits, tops
from grader.course.intake.names import shown
from grader.course.intake.students import Student

# Moodle: NAME_PARTICIPANT_assignsubmission_file_/FILE, or the same in one name when folders are switched off. It makes blanks
# of the underscores in a name, so that the participant's number stands between the first two.
MOODLE_NAME = re.compile(r"(?P<name>[^_/]+)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<rest>[^/]*)", re.DOTALL)


def read_moodle(level: Level, *, sure: bool) -> Reading | None:
    """Read the download; None where it is not Moodle's."""
    named = {top: match for top in tops(level) if (match := MOODLE_NAME.match(top))}
    if not fits(level, "moodle", named, sure=sure):
        return None
    handed_in: dict[str, StudentFiles] = {}
    unplaced: list[Unplaced] = []
    for file in level.tree.files:
        top, _, below = file.path.partition("/")
        if (match := named.get(top)) is None:
            unplaced.append(Unplaced(path=shown(file.path), reason="Its folder is not named as Moodle names a student's."))
        elif match["kind"] != "file":
            unplaced.append(Unplaced(path=shown(file.path), reason="It is text typed into Moodle, not a file."))
        else:
            name, number = match["name"], match["id"]
            student = Student(id=f"{name}_{number}", name=name, ids={"moodle": number}, origin=f"moodle:{number}")
            one = handed_in.setdefault(student.id, StudentFiles(student))
            one.files.append((below or match["rest"], file))
    return level.reading("moodle", handed_in.values(), unplaced)
