"""Compare a run with the results of earlier ones: who is who, and whether a student's files are the same person's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from grader.course.intake.collect import Collection, with_roster
from grader.course.intake.matching import match
from grader.course.intake.names import MOST_NAMED, fold, shown, some_students
from grader.course.intake.students import Student
from grader.course.results.database import Results
from grader.errors import Fault, GraderError
from grader.text import and_list


def refuse_other_files(collection: Collection, results: Results, out: Path, *, layout_was_given: bool) -> None:
    """
    Raise GraderError where a score would become one for other files than those that it stands for.

    That is so where the files of a student with a score lie in another layout, or under another name, than the files that were
    graded; and where nobody in OUT has a score from this layout, and it was not given. It is not so where a student changes
    files, adds some, or hands in again under the same name.
    """
    with_score = {student for student, *_ in results.scores()}
    earlier = {one.id: one.origin for one in results.students() if one.id in with_score and one.origin}
    entered = {entry.student for entry in collection.entries}
    now = {one.id: one.origin for one in collection.students if one.id in entered and one.origin}
    moved = [(id, earlier[id], origin) for id, origin in now.items() if id in earlier and _is_elsewhere(earlier[id], origin)]
    if moved:
        told = "; ".join(f"{id}: {_place(was)} then, {_place(is_now)} now" for id, was, is_now in moved[:MOST_NAMED])
        more = f"; and {len(moved) - MOST_NAMED} more" if len(moved) > MOST_NAMED else ""
        what = f"The scores of these students are for other files. {told}{more}. Nothing was graded."
        remedy = (
            "Are these the same people's files? Then give the same command with --accept-other-files. If not, say the --layout "
            "that is meant, or grade into another folder."
        )
        raise GraderError(Fault(str(out), what, remedy))
    seen = {_kind(origin) for origin in earlier.values()}
    if now and seen and not layout_was_given and not seen & {_kind(origin) for origin in now.values()}:
        then = and_list(sorted(seen))
        what = f"Its scores are for files read as {then}; these are read as {collection.layout}. Nothing was graded."
        remedy = f"If these are other students of the same class, say so: --layout {collection.layout}."
        raise GraderError(Fault(str(out), what, remedy))


def _is_elsewhere(then: str, now: str) -> bool:
    """Return whether it is another layout, or another name in it."""
    return (_kind(then), fold(then.partition(":")[2])) != (_kind(now), fold(now.partition(":")[2]))


def _kind(origin: str) -> str:
    return origin.partition(":")[0]


def _place(origin: str) -> str:
    layout, _, name = origin.partition(":")
    return f"{layout}, as {shown(name)}" if name else layout


def with_earlier(collection: Collection, earlier: Sequence[Student]) -> tuple[Collection, Mapping[str, str]]:
    """
    Give students the ids by which an earlier run's roster knew them; return these ids by the names of the files, too.

    The time of handing in is what this collection says.
    """
    found = match(collection.students, earlier)
    known = {one.id: found[one.id].id for one in collection.students if one.id in found and found[one.id].id != one.id}
    if not known:
        return collection, known
    people = {found[name].id: replace(found[name], submitted_at=None) for name in known}
    theirs = {one.id for one in collection.students if one.id in found and found[one.id].id in people}
    renamed = with_roster(_only(collection, lambda id: id in theirs), tuple(people.values()))
    others = _only(collection, lambda id: id not in theirs)
    return replace(
        renamed,
        students=tuple(sorted((*others.students, *renamed.students), key=lambda one: one.id)),
        entries=tuple(sorted((*others.entries, *renamed.entries), key=lambda entry: entry.student)),
    ), known


def _only(collection: Collection, is_meant: Callable[[str], bool]) -> Collection:
    """Return the collection with some of the students, and with everything that has no place."""
    return replace(
        collection,
        students=tuple(one for one in collection.students if is_meant(one.id)),
        entries=tuple(entry for entry in collection.entries if is_meant(entry.student)),
    )


def notes_on_ids(known: Mapping[str, str]) -> Iterator[str]:
    """Say who is known from an earlier run by another id."""
    if known:
        who = some_students(f"{name} is {id}" for name, id in known.items())
        yield f"Known from an earlier run by other ids: {who}. If that is wrong, give a --roster."
