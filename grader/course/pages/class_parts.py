"""Parts of the class's page that need nothing but the analysis: figures, tables, cells."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from grader.course.pages import plots
from grader.course.pages.decisions import duration
from grader.course.pages.tables import Address, TableCell, student_link, table
from grader.course.results.gradebook import Row, number
from grader.outcome import Status
from grader.render import words
from grader.render.markup import text
from grader.text import counted

if TYPE_CHECKING:
    from grader.course.results.analysis import Analysis, Item, MistakeKind, Timing


class _Column(NamedTuple):
    """A column that is shown only where some cell of it has content."""

    head: TableCell
    cell: Callable[[Row], TableCell]


def _late(row: Row) -> TableCell:
    return (
        TableCell(duration(row.late_seconds), "number", str(row.late_seconds))
        if row.late_seconds
        else TableCell("", "number", "0")
    )


def _penalty(row: Row) -> TableCell:
    return TableCell(f"−{number(round(row.penalty, 4))}" if row.penalty else "", "number", str(row.penalty or ""))


EXTRA_COLUMNS = (
    _Column(TableCell("late by", "number"), _late),
    _Column(TableCell("penalty", "number"), _penalty),
)


def scores_figure(analysis: Analysis) -> str:
    """Draw the histogram of totals, with a sentence that says the same."""
    totals = analysis.totals
    quartiles = statistics.quantiles(totals, n=4, method="inclusive") if len(totals) > 1 else [totals[0]] * 3
    if len(totals) == 1:
        told = f"One student has {totals[0]:.3g} of {analysis.points:g} points."
    elif min(totals) == max(totals):
        told = f"All {len(totals)} students have {totals[0]:.3g} of {analysis.points:g} points."
    else:
        told = (
            f"{len(totals)} students have from {min(totals):.3g} to {max(totals):.3g} of {analysis.points:g} points; "
            f"half of them between {quartiles[0]:.3g} and {quartiles[2]:.3g}."
        )
    return _figure(plots.histogram(totals, analysis.points), told)


def shares_figure(items: Sequence[Item]) -> str:
    """Draw the mean share of each target's points, with a sentence on the hardest."""
    graded = [(f"{item.exercise}: {item.target.name}", item.difficulty) for item in items if item.difficulty is not None]
    if not graded:
        return ""
    hardest, least = min(graded, key=lambda one: one[1])
    told = f"The mean share of the points of {len(graded)} targets: least for {hardest}, with {least:.2f}."
    return _figure(plots.shares([name for name, _ in graded], [share for _, share in graded]), told)


def _figure(svg: str, told: str) -> str:
    return f'<figure role="group" aria-label="{text(told)}">{svg}<figcaption>{text(told)}</figcaption></figure>'


def remark_on(item: Item) -> str:
    """Return a remark on a target whose measures ask for one; '' for others."""
    if item.difficulty is None:
        return ""
    if item.point_biserial is not None and item.point_biserial < 0:
        return "Look at the exercise: those who do well elsewhere do worse here."
    if item.difficulty >= 0.95:
        return "Nearly everybody has it."
    if item.difficulty <= 0.25:
        return "Hardly anybody has it."
    if item.discrimination is not None and item.discrimination < 0.1:
        return "Hardly tells strong from weak."
    return ""


def verdict_table(items: Sequence[Item]) -> str:
    """Return a table with a row a target and a column for each verdict that was given."""
    given = sorted({status for item in items for status in item.statuses}, key=lambda status: -status.order)
    heads = TableCell("exercise"), TableCell("target"), *(TableCell(words.LABELS[status], "number") for status in given)
    rows = [
        (
            TableCell(item.exercise),
            TableCell(item.target.name),
            *(TableCell(str(item.statuses.get(status, "")), "number") for status in given),
        )
        for item in items
    ]
    return table("What came of the answers", heads, rows)


def score_cell(row: Row, exercise: str) -> TableCell:
    """Return the cell of one score."""
    if exercise in row.scores and row.scores[exercise] is None:
        return TableCell(words.LABELS[Status.UNGRADED], "number", "")
    return TableCell(number(row.scores.get(exercise)), "number")


def time_table(timings: Sequence[Timing], address: Address) -> str:
    """Return the table of grading times."""
    rows = [
        (
            TableCell(one.exercise),
            TableCell(str(one.answers), "number"),
            TableCell(f"{one.total_seconds:.2f}", "number"),
            TableCell(f"{one.total_seconds / one.answers:.3f}", "number"),
            TableCell(f"{one.longest_seconds:.3f}", "number"),
            TableCell(student_link(one.slowest, address, one.exercise), "name"),
        )
        for one in timings
    ]
    heads = (
        TableCell("exercise"),
        TableCell("submissions", "number"),
        TableCell("seconds in all", "number"),
        TableCell("mean", "number"),
    )
    return table("Grading time", (*heads, TableCell("longest", "number"), TableCell("of")), rows)


def isolation_lines(isolation: Mapping[str, int]) -> str:
    """Say how many submissions ran behind which layers of isolation."""
    told = "; ".join(f"{counted(count, 'submission')} ran behind {layers}" for layers, count in isolation.items())
    return f"<p>{text(told)}.</p>" if told else ""


def folded(summary: str, content: str, rows: int, *, most_open: int) -> str:
    """Return content that can be folded away, and is open where it is short."""
    is_open = " open" if rows <= most_open else ""
    return f"<details{is_open}><summary>{text(summary)} ({rows})</summary>{content}</details>"


def noticed(what: str) -> str:
    """Return a flag with its meaning, or a reason as it stands."""
    return f"{what.replace('_', ' ')}: {words.FLAGS[what]}" if what in words.FLAGS else what


def kind_name(one: MistakeKind) -> str:
    """Return the name of a kind of mistake."""
    if one.rule is not None or one.status is None:
        return rule_name(one.rule or "")
    return f"{words.LABELS[one.status]}, no cause named"


def rule_name(rule: str) -> str:
    """Return the name of a rule in words."""
    return "declared by the exercise" if rule == "declared" else rule.replace("_", " ")


def share_cell(count: int, of: int) -> TableCell:
    """Return a cell with a share in percent."""
    return TableCell(f"{count / of:.0%}", "number", str(count / of)) if of else TableCell("", "number")


def measure_cell(value: float | None) -> TableCell:
    """Return a cell with a measure to two digits."""
    if value is None:
        return TableCell("", "number")
    return TableCell(f"{round(value, 2) + 0.0:.2f}".replace("-", "−"), "number", str(value))
