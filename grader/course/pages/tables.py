"""Make the tables of the class's page: cells, and links to students' pages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from grader.render.markup import Markup, text

if TYPE_CHECKING:
    from grader.course.results.analysis import StudentGroup

MOST_ROWS = 2000  # rows of one table: a page of a hundred thousand rows helps nobody, grades.csv has them all

Address = Callable[[str], str]  # finds a student's page; '' for none


class TableCell(NamedTuple):
    """The content, its class (`number`, or `text` and `name` for what may wrap), and the text it is sorted by if that differs."""

    content: str
    kind: str = ""
    key: str | None = None


def table(caption: str, heads: Sequence[TableCell], rows: Sequence[Sequence[TableCell]], of: int = 0) -> str:
    """Return a table that sorts by each column and scrolls where the page is too narrow; `of` counts rows left out, too."""
    of = max(of, len(rows))
    note = f" (the first {MOST_ROWS} of {of})" if of > MOST_ROWS else ""
    head = "".join(
        f'<th scope="col"{_class(one.kind)}><button type="button">{_breakable(one.content)}</button></th>' for one in heads
    )
    is_wordy = any(one.kind == "text" for one in heads)  # on a phone its rows are cards: each cell says what it is
    labels = [f' data-head="{text(one.content)}"' if is_wordy else "" for one in heads]
    body = "\n".join(f"<tr>{''.join(map(_td, row, labels))}</tr>" for row in rows[:MOST_ROWS])
    kind = _class("wordy" if is_wordy else "")
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(caption)}"><table{kind}>'
        f"<caption>{text(caption + note)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _breakable(content: str) -> str:
    """Return a heading; ids of exercises, wider than their columns' numbers, may be broken at their underscores."""
    return text(content).replace("_", "_<wbr>")


def _td(cell: TableCell, label: str) -> str:
    sorted_by = "" if cell.key is None else f' data-key="{text(cell.key)}"'
    return f"<td{_class(cell.kind)}{label}{sorted_by}>{text(cell.content)}</td>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def names(group: StudentGroup, exercise: str, address: Address) -> Markup:
    """Name a group's students, each with a link to the exercise on the student's page."""
    more = group.count - len(group.students)
    named = ", ".join(student_link(student, address, exercise) for student in group.students)
    return Markup(named + (f" and {more} more" if more > 0 else ""))


def student_link(student: str, address: Address, exercise: str = "") -> Markup:
    """Return a student's id with a link to the student's page."""
    page = address(student)
    place = f"#{exercise}" if exercise else ""
    return Markup(f'<a href="{text(page + place)}">{text(student)}</a>' if page else text(student))
