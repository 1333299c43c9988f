"""Read Canvas's download of all submissions."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping

from grader.course.intake.files import Unplaced
from grader.course.intake.layouts.level import Level, Reading, StudentFiles, fits
from grader.course.intake.names import shown
from grader.course.intake.students import Student

# Canvas: lib/content_zipper.rb writes NAME[_LATE]_USER_ATTACHMENT_FILE, the name in lower case and without blanks, the file as
# it was called; of students without a name, [LATE_]anon_FIVE_ATTACHMENT_FILE. The first numbers that fit are Canvas's: the
# file's name comes last, and students choose it.
CANVAS_FILE = re.compile(
    r"(?:(?:LATE_)?anon_(?P<anonymous>[A-Za-z0-9]{5})|(?P<name>.+?)(?:_LATE)?_(?P<id>\d+))_(?P<attachment>\d+)_(?P<file>.+)",
    re.DOTALL,
)


def read_canvas(level: Level, *, sure: bool) -> Reading | None:
    """Read the download; None where it is not Canvas's."""
    tops = {file.path: match for file in level.files if (match := CANVAS_FILE.match(file.path))}
    if not fits(level, "canvas", tops, sure=sure):
        return None
    handed_in: dict[str, StudentFiles] = {}
    unplaced: list[Unplaced] = []
    forged = _forged(tops)
    for file in level.tree.files:
        if (match := tops.get(file.path)) is None:
            unplaced.append(Unplaced(path=shown(file.path), reason="It is not named as Canvas names a submission."))
        elif file.path in forged:
            reason = f"Its name can be read in two ways, and {match['id']} is the number of {forged[file.path]}: whose is it?"
            unplaced.append(Unplaced(path=shown(file.path), reason=reason))
        else:
            # Canvas says only that it was late, not by how much.
            is_late = "_LATE_" in f"_{file.path[: match.start('attachment')]}"
            user = match["id"] or match["anonymous"]
            student = Student(
                id=f"{match['name'] or 'anon'}_{user}",
                ids={"canvas": user} if match["id"] else {},
                late=is_late,
                origin=f"canvas:{user}",
            )
            handed_in.setdefault(student.id, StudentFiles(student, canvas=True)).files.append((match["file"], file))
    return level.reading("canvas", handed_in.values(), unplaced)


def _forged(tops: Mapping[str, re.Match[str]]) -> Mapping[str, str]:
    """
    Return files whose name holds a number before the student's that is another student's.

    Names are made of what students call themselves: of `eve_12_3`, Canvas makes `eve_12_3_66_9001_answer.py`, which begins
    like a file of the student 12.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for match in tops.values():
        if match["id"] and not CANVAS_FILE.match(f"x_{match['file']}"):
            names[match["id"]].add(match["name"])
    return {
        path: shown(next(iter(names[match["id"]])))
        for path, match in tops.items()
        if match["id"] and CANVAS_FILE.match(f"x_{match['file']}") and names[match["id"]] - {match["name"]}
    }
