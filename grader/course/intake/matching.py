"""Find who on a roster handed in what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from grader.course.intake.names import fold
from grader.course.intake.roster import ID_FIELDS
from grader.course.intake.students import Student


def match(handed_in: Sequence[Student], roster: Sequence[Student]) -> Mapping[str, Student]:
    """
    Find those who handed in on a roster: by email, by id, by an LMS's id, and by a name that only one has.

    The email comes first, since Gradescope proves an address, while students may write their number themselves. A name counts
    only where nothing else is known of a student. Students who are not on the roster are left out. Times are the roster's, else
    those of the submission.
    """
    by_id = _by_id(roster)
    found: dict[str, Student] = {}
    for one in handed_in:
        keys = [("email", fold(one.email)), ("id", fold(one.id)), *((what, fold(value)) for what, value in one.ids.items())]
        keys += [("", fold(value)) for value in (one.id, *one.ids.values())]
        who = next((by_id[key] for key in keys if key in by_id), None)
        if who is not None:
            found[one.id] = who
    found |= _by_name([one for one in handed_in if one.id not in found], roster, found)
    return {one.id: _joined(found[one.id], one) for one in handed_in if one.id in found}


def _joined(who: Student, one: Student) -> Student:
    """Return the student of the roster with what the submission adds."""
    return replace(
        who, submitted_at=who.submitted_at or one.submitted_at, late=one.late, ids={**one.ids, **who.ids}, origin=one.origin
    )


def _by_name(handed_in: Sequence[Student], roster: Sequence[Student], known: Mapping[str, Student]) -> Mapping[str, Student]:
    """
    Find students whose name only one has, on both sides.

    A name does not count where an id says that it is somebody else, nor where the student's own work was found by an id.
    """
    names: dict[str, list[Student]] = {}
    for student in roster:
        for name in {fold(student.name), _as_canvas(student.name)} - {""}:
            names.setdefault(name, []).append(student)
    named: dict[str, list[Student]] = {}
    for one in handed_in:
        name = one.name or (one.id.rpartition("_")[0] if "canvas" in one.ids else "")
        if len(same := names.get(fold(name), [])) == 1:
            named.setdefault(same[0].id, []).append(one)
    taken = {student.id for student in known.values()}
    people = {student.id: student for student in roster}
    return {
        namesakes[0].id: people[id]
        for id, namesakes in named.items()
        if len(namesakes) == 1 and id not in taken and not _contradict(namesakes[0].ids, people[id].ids)
    }


def _contradict(some: Mapping[str, str], others: Mapping[str, str]) -> bool:
    return any(fold(some[what]) != fold(others[what]) for what in some.keys() & others.keys())


def _by_id(roster: Sequence[Student]) -> Mapping[tuple[str, str], Student]:
    """
    Return students by kind and value of an id; and by the value alone, since files are named after any of them.

    A column of the roster's own in which two students have the same value is no id (a tutor's name, a year). A value that
    means two students means none.
    """
    counts = Counter((what, fold(value)) for student in roster for what, value in _known(student))
    shared = {what for (what, _), count in counts.items() if count > 1} - {"id", *ID_FIELDS}
    found: dict[tuple[str, str], dict[str, Student]] = {}
    for student in roster:
        for what, value in _known(student):
            for key in ((what, fold(value)), ("", fold(value))) if what not in shared else ():
                found.setdefault(key, {})[student.id] = student
    by_id = {key: next(iter(students.values())) for key, students in found.items() if len(students) == 1}
    # A student's own id is before anybody's other ids.
    return by_id | {key: student for student in roster for key in (("id", fold(student.id)), ("", fold(student.id)))}


def _known(student: Student) -> list[tuple[str, str]]:
    known = [("email", student.email), *student.ids.items(), ("id", student.id)]
    return [(what, value) for what, value in known if value]


def _as_canvas(name: str) -> str:
    """Return `Ana López` as Canvas writes it into file names: `lópezana`."""
    first, _, last = name.rpartition(" ")
    return "".join(letter for letter in fold(f"{last}{first}") if letter.isalnum())
