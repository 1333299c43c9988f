"""What learning management systems call things in their downloads, and what they say of times and people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml

from grader.batch.intake import File, Unplaced, shown
from grader.batch.roster import Student
from grader.errors import Fault, SubmissionError

MAX_METADATA_BYTES = 256 << 20  # with the autograder's results and every earlier submission of thousands of students

# Canvas: lib/content_zipper.rb writes NAME[_LATE]_USER_ATTACHMENT_FILE, the name without spaces, the file as it was called.
_CANVAS_USER = r"(?P<id>\d+|(?<=anon_)[A-Za-z0-9]{5})"
CANVAS_FILE = re.compile(rf"(?P<name>.+?)(?P<late>_LATE)?_{_CANVAS_USER}_(?P<attachment>\d+)_(?P<file>.+)", re.DOTALL)

# Moodle: NAME_PARTICIPANT_assignsubmission_file_/FILE, or the same in one name when folders are switched off.
MOODLE_FOLDER = re.compile(r"(?P<name>.+)_(?P<id>\d+)_assignsubmission_(?P<kind>[a-z]+)_?(?P<rest>[^/]*)", re.DOTALL)


class _Metadata(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """YAML without aliases: ten lines of them can stand for a terabyte."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("it uses aliases")
        return super().compose_node(parent, index)


def gradescope_submissions(metadata: File, unplaced: list[Unplaced]) -> Iterator[tuple[str, tuple[Student, ...]]]:
    """
    Each submission's folder and its students (several hand in as a group), as `submission_metadata.yml` has them.

    Who has neither an id nor an email nor a name there is listed. Raises SubmissionError when the file is not what
    Gradescope writes.
    """
    try:
        data = yaml.load(metadata.home.read(metadata.key, MAX_METADATA_BYTES), Loader=_Metadata)
        items = [(str(folder), [_gradescope_student(one, facts) for one in _submitters(facts)]) for folder, facts in data.items()]
    except (yaml.YAMLError, AttributeError, TypeError, ValueError, RecursionError) as error:
        what = f"It is not the metadata of a Gradescope export: {str(error).splitlines()[0]}."
        raise SubmissionError(Fault(shown(metadata.path), what, "Export the submissions again.")) from None
    for folder, everybody in items:
        people = tuple(student for student in everybody if student is not None)
        if people:
            yield folder, people
        if not people or len(people) < len(everybody):
            who = "all who handed it in" if people else "who handed it in"
            unplaced.append(Unplaced(path=shown(folder), reason=f"submission_metadata.yml does not say {who}."))


def _submitters(facts: Mapping[str, Any]) -> Sequence[Any]:
    found = facts.get(":submitters")
    return found if isinstance(found, list) else ()


def _gradescope_student(person: Any, facts: Mapping[str, Any]) -> Student | None:
    """The student, or None for one who is not told."""
    if not isinstance(person, Mapping):
        return None
    sid, email, name = (str(person.get(key) or "").strip() for key in (":sid", ":email", ":name"))
    if not (sid or email or name):
        return None
    at = facts.get(":created_at")
    return Student(
        id=sid or email or name,
        name=name,
        email=email,
        ids={"gradescope": sid} if sid else {},
        submitted_at=at.replace(tzinfo=at.tzinfo or UTC) if isinstance(at, datetime) else None,
    )


def nbgrader_time(file: File) -> datetime | None:
    """The time in nbgrader's `timestamp.txt`: `2026-02-02 15:58:23.948203 UTC`, the zone by name."""
    try:
        text = file.read().decode("ascii").strip()
        moment, _, zone = text.rpartition(" ")
        return datetime.fromisoformat(moment).replace(tzinfo=_zone(zone))
    except (SubmissionError, ValueError, ZoneInfoNotFoundError, OSError):
        return None


def _zone(name: str) -> tzinfo:
    return UTC if name == "UTC" else ZoneInfo(name)
