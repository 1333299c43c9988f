"""
Write a class's results as one HTML page: no network, readable on a phone and on paper, sortable where scripts run.

Everything that came from outside is escaped; the only script is ours, named by its fingerprint in the page's policy.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from grader.course.pages.class_parts import (
    EXTRA_COLUMNS,
    folded,
    isolation_lines,
    kind_name,
    measure_cell,
    noticed,
    remark_on,
    rule_name,
    score_cell,
    scores_figure,
    share_cell,
    shares_figure,
    time_table,
    verdict_table,
)
from grader.course.pages.tables import MOST_ROWS, Address, TableCell, names, student_link, table
from grader.course.results.gradebook import Row, number
from grader.exercise.statement import notation
from grader.render import words
from grader.render.findings import entry
from grader.render.markup import Markup, prose, text
from grader.render.mathml import mathml
from grader.text import and_list

if TYPE_CHECKING:
    from grader.course.results.analysis import Analysis, Behaviour, Item, Notice, StudentGroup
    from grader.exercise.model import Exercise, Target
    from grader.exercise.statement import Notation
    from grader.outcome import TargetReport

FEW = 30  # students: below, a correlation is mostly chance
MOST_OPEN = 30  # mistakes by target that are shown without being asked for
_HERE = Path(__file__).parent


def class_page(analysis: Analysis, rows: Iterable[Row], exercises: Mapping[str, Exercise], address: Address) -> str:
    """Write the page. `exercises` by id lend it their notation; `address` finds a student's own page."""
    title = text(analysis.title)
    script = _file("class.js")
    fingerprint = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{fingerprint}'"
    sections = tuple(_ClassPage(analysis=analysis, exercises=exercises, address=address).sections(rows))
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}: the class</title>
<style>
{_file("class.css")}</style>
</head>
<body>
<header>
<h1>{title}</h1>
{_facts(analysis)}
<nav aria-label="On this page"><ul>{"".join(f'<li><a href="#{one.id}">{text(one.title)}</a></li>' for one in sections)}</ul></nav>
</header>
<main>
{"".join(one.markup() for one in sections)}
</main>
<script>{script}</script>
</body>
</html>
"""


def _facts(analysis: Analysis) -> str:
    totals = analysis.totals
    facts = [("students", str(analysis.students)), ("with a total", str(len(totals))), ("points", number(analysis.points))]
    if totals:
        facts += [("mean", f"{statistics.fmean(totals):.3g}"), ("median", f"{statistics.median(totals):.3g}")]
    if len(totals) > 1:
        facts.append(("standard deviation", f"{statistics.stdev(totals):.3g}"))
    cells = "".join(f"<div><dt>{text(name)}</dt><dd>{text(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{cells}</dl>'


@dataclass(frozen=True, slots=True, kw_only=True)
class _Section:
    title: str
    lead: str = ""
    content: str

    @property
    def id(self) -> str:
        return self.title.lower().replace(" ", "-")

    def markup(self) -> str:
        opening = f"<p>{prose(self.lead)}</p>" if self.lead else ""
        heading = f'<h2 id="{self.id}">{text(self.title)}</h2>'
        return f'<section aria-labelledby="{self.id}">{heading}{opening}{self.content}</section>\n'


_UNGRADED = (
    "These cost nobody a point, and the next run tries them again. Where it is not known which of several functions counts, "
    "somebody has to say so first; all else is our fault."
)
_MEASURES = Markup(
    '<dl class="words">'
    "<dt>Difficulty</dt><dd>the mean share of the points: 1 is easy, 0 is hard.</dd>"
    "<dt>Discrimination</dt><dd>that share among the 27% of students who did best in everything else, less that among the 27% "
    "who did worst. 0.3 and more tells strong from weak.</dd>"
    "<dt>Point-biserial</dt><dd>the correlation of that share with the share earned in everything else, from &#8722;1 to 1. "
    "Below 0, those who do well elsewhere do worse here: look at the exercise first.</dd>"
    "</dl>"
)
_MISTAKES = "A mistake is named only where it reproduces a student's numbers in every case. Each wrong answer is counted once."
_WITHOUT_CAUSE = "Where no cause is given, such a group may deserve a line under `mistakes` in the exercise."
_BY_ALL_NUMBERS = "The same verdict, and the same numbers, to nine digits, in all cases."
_BY_ONE_NUMBER = (
    "The same verdict, and to the last digit the same number where the smallest failing case is furthest out; other numbers may "
    "differ."
)
_UNUSUAL = (
    "No known mistake explains these numbers, and hardly anybody else has them. Students who learn together often go wrong "
    "together: this is a reason to talk, not a verdict."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ClassPage:
    analysis: Analysis
    exercises: Mapping[str, Exercise]
    address: Address

    def sections(self, rows: Iterable[Row]) -> Iterable[_Section]:
        found = self.analysis
        if found.ungraded:
            listed = self._notices("Answers that we could not grade", "reason", found.ungraded)
            yield _Section(title="Not graded", lead=_UNGRADED, content=listed)
        if found.totals:
            yield _Section(title="Scores", content=scores_figure(found))
        yield _Section(title="Targets", content=self._targets())
        yield _Section(title="Mistakes", lead=_MISTAKES if found.wrong else "", content=self._mistakes())
        yield _Section(
            title="Equal wrong answers", lead=self._lead(found.behaviours, _WITHOUT_CAUSE), content=self._equal_answers()
        )
        if found.unusual:
            yield _Section(
                title="Unusual answers shared by few", lead=self._lead(found.unusual, _UNUSUAL), content=self._unusual()
            )
        if found.flags:
            listed = self._notices("What was noticed", "flag", found.flags)
            yield _Section(title="Flags", lead="For staff; a flag itself costs no points.", content=listed)
        if strangers := [(TableCell(one.path), TableCell(one.reason, "text")) for one in found.unplaced if one.is_graded]:
            listed = table("Graded, and not on the roster", (TableCell("student"), TableCell("reason", "text")), strangers)
            yield _Section(title="Not on the roster", content=listed)
        if cells := [(TableCell(one.path), TableCell(one.reason, "text")) for one in found.unplaced if not one.is_graded]:
            listed = table("Handed in and not graded", (TableCell("path"), TableCell("reason", "text")), cells)
            yield _Section(title="Not placed", content=listed)
        yield _Section(title="Students", content=self._students(rows))
        yield _Section(
            title="Time and isolation", content=time_table(found.timings, self.address) + isolation_lines(found.isolation)
        )

    def _target(self, exercise: str, report: TargetReport) -> Target | None:
        targets = self.exercises[exercise].targets() if exercise in self.exercises else ()
        return next((target for task, target in targets if (task.function, target.name) == (report.call, report.name)), None)

    def _notation(self, exercise: str, report: TargetReport) -> Notation | None:
        target = self._target(exercise, report)
        return notation(self.exercises[exercise], target) if target else None

    # Targets

    def _targets(self) -> str:
        items = self.analysis.items
        few = self.analysis.students < FEW
        chance = f"<p>With fewer than {FEW} students the last two are mostly chance.</p>" if few else ""
        return shares_figure(items) + _MEASURES + chance + self._items(items) + verdict_table(items)

    def _items(self, items: Sequence[Item]) -> str:
        heads = (
            TableCell("exercise"),
            TableCell("target"),
            TableCell("asked"),
            TableCell("points", "number"),
            TableCell("answers", "number"),
        )
        measures = TableCell("difficulty", "number"), TableCell("discrimination", "number"), TableCell("point-biserial", "number")
        has_notes = any(map(remark_on, items))
        rows = []
        for item in items:
            target = self._target(item.exercise, item.target)
            rows.append(
                (
                    TableCell(item.exercise),
                    TableCell(item.target.name),
                    TableCell(mathml(item.target, target.kind if target else None)),
                    TableCell(number(item.target.points), "number"),
                    TableCell(str(item.answered), "number"),
                    *(measure_cell(value) for value in (item.difficulty, item.discrimination, item.point_biserial)),
                    *((TableCell(remark_on(item), "text"),) if has_notes else ()),
                )
            )
        return table("Every target", (*heads, *measures, *((TableCell("note", "text"),) if has_notes else ())), rows)

    # Mistakes

    def _mistakes(self) -> str:
        if not self.analysis.wrong:
            return '<p class="soft">No answer was wrong.</p>'
        rows = [
            (
                TableCell(kind_name(one)),
                TableCell(str(one.answers), "number"),
                share_cell(one.answers, self.analysis.wrong),
                TableCell(str(one.group.count), "number"),
                TableCell(student_link(one.example[0], self.address, one.example[1]), "name"),
                TableCell(one.example[1]),
            )
            for one in self.analysis.kinds
        ]
        heads = TableCell("mistake"), TableCell("answers", "number"), TableCell("of all wrong", "number")
        rest = TableCell("students", "number"), TableCell("for example"), TableCell("in")
        caption = f"Kinds of mistake, of {self.analysis.wrong} wrong answers"
        return table(caption, (*heads, *rest), rows) + self._named()

    def _named(self) -> str:
        heads = (
            TableCell("exercise"),
            TableCell("target"),
            TableCell("mistake"),
            TableCell("students", "number"),
            TableCell("of wrong", "number"),
        )
        rows = [
            (
                TableCell(one.exercise),
                TableCell(one.example.name),
                TableCell(rule_name(one.rule)),
                TableCell(str(one.group.count), "number"),
                share_cell(one.group.count, one.wrong),
                TableCell(prose(one.text), "text"),
                TableCell(self._entry(one.exercise, one.example), "text"),
                TableCell(student_link(one.group.students[0], self.address, one.exercise), "name"),
            )
            for one in self.analysis.mistakes
        ]
        last = TableCell("what students are told", "text"), TableCell("for example", "text"), TableCell("of")
        if not rows:
            return ""
        listed = table("By how many make them", (*heads, *last), rows)
        return folded("Mistakes by target", listed, len(rows), most_open=MOST_OPEN)

    # Equal answers

    @staticmethod
    def _lead(behaviours: Sequence[Behaviour], then: str) -> str:
        """Say what such answers have in common, and what that means."""
        if not behaviours:
            return ""
        return f"{_BY_ONE_NUMBER if any(one.is_by_one_number for one in behaviours) else _BY_ALL_NUMBERS} {then}"

    def _equal_answers(self) -> str:
        unusual = set(map(id, self.analysis.unusual))
        others = [one for one in self.analysis.behaviours if id(one) not in unusual]
        unexplained = [one for one in others if one.rule is None]
        explained = [one for one in others if one.rule is not None]
        content = self._behaviours("Wrong answers that several students share and no known mistake explains", unexplained)
        if explained:
            listed = self._behaviours("Wrong answers that several students share and a known mistake explains", explained)
            content += folded("Groups that a mistake explains", listed, len(explained), most_open=0)
        return content

    def _unusual(self) -> str:
        pairs = [
            (
                TableCell(Markup(" and ".join(student_link(student, self.address) for student in one.students)), "name"),
                TableCell(str(len(one.shared)), "number"),
                TableCell(and_list(one.unexplained), "", str(min(one.unexplained))),
                TableCell(", ".join(f"{target} of {exercise}" for exercise, target in one.shared), "text"),
            )
            for one in self.analysis.pairs
        ]
        heads = (
            TableCell("students"),
            TableCell("shared", "number"),
            TableCell("of their unexplained answers"),
            TableCell("where", "text"),
        )
        listed = self._behaviours("Unexplained wrong values that few share", self.analysis.unusual)
        return listed + (table("Two students who share more than one", heads, pairs) if pairs else "")

    def _behaviours(self, caption: str, behaviours: Sequence[Behaviour]) -> str:
        if not behaviours:
            return '<p class="soft">There are none.</p>'
        heads = (
            TableCell("exercise"),
            TableCell("target"),
            TableCell("students", "number"),
            TableCell("verdict"),
            TableCell("what", "text"),
        )
        rows = [
            (
                TableCell(one.exercise),
                TableCell(one.example.name),
                TableCell(str(one.group.count), "number"),
                TableCell(words.LABELS[one.example.status]),
                TableCell(self._what(one), "text"),
                TableCell(names(one.group, one.exercise, self.address), "text"),
            )
            for one in behaviours
        ]
        return table(caption, (*heads, TableCell("who", "text")), rows)

    def _what(self, one: Behaviour) -> str:
        if one.example.diagnosis:
            return prose(one.example.diagnosis.text)
        if entry := self._entry(one.exercise, one.example):
            return entry
        return prose(words.sentence(one.example, self._notation(one.exercise, one.example)))

    def _entry(self, exercise: str, report: TargetReport) -> str:
        """Show the entry furthest out in the smallest failing case."""
        found, example = entry(report, self._notation(exercise, report)), report.counterexample
        if found is None or example is None:
            return ""
        name, expected, actual = found
        return f'{name} is {actual} where {expected} is expected, in case "{example.case}"'

    # Students

    def _notices(self, caption: str, what: str, notices: Sequence[Notice]) -> str:
        merged: dict[tuple[str, StudentGroup], list[str]] = {}  # a notebook that prints does so in all of its exercises
        for one in notices:
            merged.setdefault((one.what, one.group), []).append(one.exercise)
        rows = [
            (
                TableCell(prose(noticed(told)), "text"),
                TableCell(", ".join(exercises), "name"),
                TableCell(str(group.count), "number"),
                TableCell(names(group, exercises[0], self.address), "text"),
            )
            for (told, group), exercises in merged.items()
        ]
        return table(
            caption,
            (TableCell(what, "text"), TableCell("exercise"), TableCell("students", "number"), TableCell("who", "text")),
            rows,
        )

    def _students(self, rows: Iterable[Row]) -> str:
        exercises = self.analysis.exercises
        shown = tuple(itertools.islice(rows, MOST_ROWS))
        extra = [column for column in EXTRA_COLUMNS if any(column.cell(row).content for row in shown)]
        cells = [
            (
                TableCell(student_link(row.student.id, self.address if row.scores else lambda _: ""), "name"),
                TableCell(row.student.name, "name"),
                TableCell(number(row.total), "number"),
                *(column.cell(row) for column in extra),
                *(score_cell(row, exercise) for exercise in exercises),
            )
            for row in shown
        ]
        heads = TableCell("student"), TableCell("name"), TableCell("total", "number"), *(column.head for column in extra)
        rest = (TableCell(exercise, "number") for exercise in exercises)
        listed = table("Points; an empty cell was not handed in", (*heads, *rest), cells, of=self.analysis.students)
        return listed + self._by_hand(shown)

    def _by_hand(self, rows: Iterable[Row]) -> str:
        cells = [
            (
                TableCell(student_link(row.student.id, self.address, one.override.exercise), "name"),
                TableCell(one.override.exercise),
                TableCell(one.override.target or "all of it"),
                TableCell(number(one.override.points), "number"),
                TableCell(number(one.found), "number"),
                TableCell(one.override.reason, "text"),
                TableCell(one.override.by, "name"),
            )
            for row in rows
            for one in row.by_hand
        ]
        heads = (
            TableCell("student"),
            TableCell("exercise"),
            TableCell("target"),
            TableCell("points", "number"),
            TableCell("found", "number"),
        )
        return table("Points given by hand", (*heads, TableCell("reason", "text"), TableCell("by")), cells) if cells else ""


def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
