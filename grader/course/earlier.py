"""Hold a run against the results of earlier ones: the same students, and the same people's files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from grader.course.intake.collect import Collection, with_roster
from grader.course.intake.matching import match
from grader.course.intake.names import fold, shown
from grader.course.intake.students import Student
from grader.course.results.database import Results
from grader.course.results.settling import named
from grader.errors import Fault, GraderError

_MOST_TOLD = 10  # students in a message


def refuse_other_files(collection: Collection, results: Results, out: Path, *, is_said: bool) -> None:
    """
    Raises GraderError where a student's mark would become one for other files than those that it stands for.

    That is: where the files of a student with a mark are seen in another layout, or under another name, than those that the
    mark is for; and where nobody in OUT has a mark from this layout, and nobody said it. What a student changes, adds or hands
    in again under the same name is no such thing.
    """
    marked = {student for student, *_ in results.scores()}
    earlier = {one.id: one.origin for one in results.students() if one.id in marked and one.origin}
    entered = {entry.student for entry in collection.entries}
    now = {one.id: one.origin for one in collection.students if one.id in entered and one.origin}
    moved = [(id, earlier[id], origin) for id, origin in now.items() if id in earlier and _is_elsewhere(earlier[id], origin)]
    if moved:
        told = "; ".join(f"{id}: {_told(was)} then, {_told(is_now)} now" for id, was, is_now in moved[:_MOST_TOLD])
        more = f"; and {len(moved) - _MOST_TOLD} more" if len(moved) > _MOST_TOLD else ""
        what = f"These students have marks for files that were seen elsewhere. {told}{more}. Nothing was graded."
        remedy = (
            "Are these the same people's files? Then give the same command with --accept-other-files. If not, say the --layout "
            "that is meant, or grade into another folder."
        )
        raise GraderError(Fault(str(out), what, remedy))
    seen = {_kind(origin) for origin in earlier.values()}
    if now and seen and not is_said and not seen & {_kind(origin) for origin in now.values()}:
        then = " and ".join(sorted(seen))
        what = f"Its marks are for files read as {then}; these are read as {collection.layout}. Nothing was graded."
        remedy = f"If these are other students of the same class, say so: --layout {collection.layout}."
        raise GraderError(Fault(str(out), what, remedy))


def _is_elsewhere(then: str, now: str) -> bool:
    """Whether it is another layout, or another name in it."""
    return (_kind(then), fold(then.partition(":")[2])) != (_kind(now), fold(now.partition(":")[2]))


def _kind(origin: str) -> str:
    return origin.partition(":")[0]


def _told(origin: str) -> str:
    layout, _, name = origin.partition(":")
    return f"{layout}, as {shown(name)}" if name else layout


def with_earlier(collection: Collection, earlier: Sequence[Student]) -> tuple[Collection, Mapping[str, str]]:
    """
    The collection, in which those whom an earlier run's roster knew by other ids have these; and who they are, by their files.

    When they handed in is what this collection says.
    """
    found = match(collection.students, earlier)
    known = {one.id: found[one.id].id for one in collection.students if one.id in found and found[one.id].id != one.id}
    if not known:
        return collection, known
    people = {found[name].id: replace(found[name], submitted_at=None) for name in known}
    theirs = {one.id for one in collection.students if one.id in found and found[one.id].id in people}
    found_again = with_roster(_of(collection, lambda id: id in theirs), tuple(people.values()))
    others = _of(collection, lambda id: id not in theirs)
    return replace(
        found_again,
        students=tuple(sorted((*others.students, *found_again.students), key=lambda one: one.id)),
        entries=tuple(sorted((*others.entries, *found_again.entries), key=lambda entry: entry.student)),
    ), known


def _of(collection: Collection, is_meant: Callable[[str], bool]) -> Collection:
    """Some of the students, with everything that has no place."""
    return replace(
        collection,
        students=tuple(one for one in collection.students if is_meant(one.id)),
        entries=tuple(entry for entry in collection.entries if is_meant(entry.student)),
    )


def notes_on_ids(known: Mapping[str, str]) -> Iterator[str]:
    """Say who is known from an earlier run by another id."""
    if known:
        who = named([f"{name} is {id}" for name, id in known.items()])
        yield f"Known from an earlier run by other ids: {who}. If that is wrong, give a --roster."
