"""Read the metadata file of a Gradescope export, whatever its size, keeping only folders, people and times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import yaml

from grader.course.intake.files import File, Unplaced
from grader.course.intake.names import shown
from grader.course.intake.students import Student
from grader.errors import Fault, SubmissionError
from grader.judging.notebooks import MAX_NOTEBOOK_BYTES

METADATA = "submission_metadata.yml"
MAX_METADATA_BYTES = MAX_NOTEBOOK_BYTES  # the results of thousands of students are in it, and earlier submissions
_MAX_DEPTH = 50
_TOLD = (":sid", ":email", ":name")
_MAX_PEOPLE = 50_000  # submissions and their people


def gradescope_submissions(metadata: File, unplaced: list[Unplaced]) -> Iterator[tuple[str, tuple[Student, ...]]]:
    """
    Yield each submission's folder and its students (several hand in as a group), as `submission_metadata.yml` has them.

    A person without id, email and name is listed as unplaced. Raises SubmissionError when the file is not what Gradescope
    writes.
    """
    try:
        items = [(folder, [_gradescope_student(one, at) for one in people], at) for folder, people, at in _submissions(metadata)]
    except (yaml.YAMLError, ValueError, RecursionError, MemoryError) as error:
        what = f"It is not the metadata of a Gradescope export: {(str(error) or type(error).__name__).splitlines()[0]}."
        raise SubmissionError(Fault(shown(metadata.path), what, "Export the submissions again.")) from None
    for folder, everybody, _ in items:
        people = tuple(student for student in everybody if student is not None)
        if people:
            yield folder, people
        if not people or len(people) < len(everybody):
            who = "all who handed it in" if people else "who handed it in"
            unplaced.append(Unplaced(path=shown(folder), reason=f"{METADATA} does not say {who}."))


_Submitted = tuple[str, list[Mapping[str, str]], "datetime | None"]


def _submissions(metadata: File) -> list[_Submitted]:
    """Return folders with their submitters and times; nothing else of the file is kept, since it may be of any size."""
    if metadata.fault:
        raise ValueError(metadata.fault.rstrip("."))
    if metadata.size > MAX_METADATA_BYTES:
        raise ValueError(f"it is larger than {MAX_METADATA_BYTES >> 20} MiB")
    data = metadata.home.read(metadata.key, metadata.size + 1)
    if len(data) > metadata.size:
        raise ValueError("it is larger than it says")
    events = _Events(yaml.parse(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    if not isinstance(first := events.start(), yaml.MappingStartEvent):
        raise yaml.YAMLError(f"it is no table of submissions, but {_kind(first)}")
    found: dict[str, _Submitted] = {}
    count = 0  # submissions and people
    for folder, value in events.items():
        if folder in found:
            raise yaml.YAMLError(f"it has {shown(folder)} twice")
        people: list[Mapping[str, str]] = []
        at = None
        for key, inner in events.items(value):
            if key == ":submitters" and isinstance(inner, yaml.SequenceStartEvent):
                people.extend(islice(events.people(), _MAX_PEOPLE + 1))
                if count + len(people) > _MAX_PEOPLE:
                    break
            else:
                at = _time(inner) if key == ":created_at" else at
                events.skip(inner)
        found[folder] = folder, people, at
        count += 1 + len(people)
        if count > _MAX_PEOPLE:
            raise ValueError(f"it has more than {_MAX_PEOPLE} submissions and people")
    return list(found.values())


class _Events:
    """Reads a YAML file event by event, so that its size and depth cost no memory."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._depth = 0

    def start(self) -> Any:
        """Return the first event of the content."""
        return next((event for event in self if not isinstance(event, (yaml.StreamStartEvent, yaml.DocumentStartEvent))), None)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        event = next(self._events)
        if isinstance(event, yaml.AliasEvent):  # ten lines of them can stand for a terabyte
            raise yaml.YAMLError("it uses aliases")
        self._depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if self._depth > _MAX_DEPTH:
            raise yaml.YAMLError(f"it is more than {_MAX_DEPTH} levels deep")
        return event

    def items(self, of: Any = yaml.MappingStartEvent) -> Iterator[tuple[str, Any]]:
        """
        Yield the keys of a mapping that has begun, each with the event that its value begins with.

        Read each value to its end before you ask for the next one. Anything but a mapping has no keys.
        """
        if of is not yaml.MappingStartEvent and not isinstance(of, yaml.MappingStartEvent):
            self.skip(of)
            return
        for key in self:
            if isinstance(key, yaml.MappingEndEvent):
                return
            if not isinstance(key, yaml.ScalarEvent):
                raise yaml.YAMLError(f"a key of it is {_kind(key)}")
            yield key.value, next(self)

    def skip(self, event: Any) -> None:
        """Read to the end of what began with this event."""
        depth = 0
        while True:
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth <= 0:
                return
            event = next(self)

    def people(self) -> Iterator[Mapping[str, str]]:
        """Yield the texts of each mapping in a list that has begun; nothing for other items."""
        for event in self:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            told: dict[str, str] = {}
            for key, value in self.items(event):
                if key in _TOLD:
                    told[key] = _text(value)
                self.skip(value)
            yield told


def _text(event: Any) -> str:
    if not isinstance(event, yaml.ScalarEvent) or (event.implicit[0] and event.value in {"", "~", "null", "Null", "NULL"}):
        return ""
    return str(event.value).strip()


def _time(event: Any) -> datetime | None:
    if not isinstance(event, yaml.ScalarEvent) or not event.implicit[0] or len(event.value) > 80:
        return None
    try:
        at = yaml.safe_load(event.value)
    except (yaml.YAMLError, ValueError):
        return None
    return at.replace(tzinfo=at.tzinfo or UTC) if isinstance(at, datetime) else None


def _kind(event: Any) -> str:
    if isinstance(event, yaml.SequenceStartEvent):
        return "a list"
    return "a table" if isinstance(event, yaml.MappingStartEvent) else "a text"


def _gradescope_student(person: Mapping[str, str], at: datetime | None) -> Student | None:
    """Return the student; None for a person of whom nothing is known."""
    sid, email, name = (person.get(key, "") for key in _TOLD)
    if not (sid or email or name):
        return None
    return Student(id=sid or email or name, name=name, email=email, ids={"gradescope": sid} if sid else {}, submitted_at=at)
