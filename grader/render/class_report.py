"""
A class's results -> one HTML page: no network, readable on a phone and on paper, sortable where scripts run.

Everything that came from outside is escaped; the only script is ours, named by its fingerprint in the page's policy.
"""

from __future__ import annotations

import base64
import hashlib
import statistics
from collections.abc import Iterable, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from grader.gradebook import Analysis, Item, Row, number
from grader.render import plots
from grader.sandbox.text import cleaned as plain

if TYPE_CHECKING:
    from grader.gradebook import Behaviour, Mistake, Notice

MOST_ROWS = 2000  # of one table: a page of a hundred thousand rows helps nobody, grades.csv has them all
_HERE = Path(__file__).parent


def class_page(analysis: Analysis, rows: Iterable[tuple[Row, str]]) -> str:
    """The page. `rows` are the students with the addresses of their own pages ('' for none)."""
    title = _text(analysis.title)
    script = _file("class.js")
    fingerprint = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{fingerprint}'"
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
</header>
<main>
{"".join(_sections(analysis, rows))}
</main>
<script>{script}</script>
</body>
</html>
"""


def _facts(analysis: Analysis) -> str:
    totals = analysis.totals
    facts = [("students", str(analysis.students)), ("graded throughout", str(len(totals))), ("points", number(analysis.points))]
    if totals:
        facts += [("mean", f"{statistics.fmean(totals):.3g}"), ("median", f"{statistics.median(totals):.3g}")]
    if len(totals) > 1:
        facts.append(("standard deviation", f"{statistics.stdev(totals):.3g}"))
    cells = "".join(f"<div><dt>{_text(name)}</dt><dd>{_text(value)}</dd></div>" for name, value in facts)
    return f'<dl class="facts">{cells}</dl>'


def _sections(analysis: Analysis, rows: Iterable[tuple[Row, str]]) -> Iterable[str]:
    if analysis.ungraded:
        lead = "Our fault: these cost nobody a point, and the next run tries them again."
        yield _section("Not graded", lead, _notices("Answers that we could not grade", "reason", analysis.ungraded))
    if analysis.totals:
        yield _section("Scores", "", _scores(analysis))
    yield _section("Targets", _ITEMS, _shares(analysis.items) + _items(analysis.items))
    yield _section("Mistakes", _MISTAKES, _mistakes(analysis.mistakes))
    yield _section("Equal wrong answers", _ALIKE, _behaviours("Wrong answers that several students share", analysis.behaviours))
    if analysis.unusual:
        table = _behaviours("Unexplained wrong answers that few share", analysis.unusual)
        yield _section("Unusual answers shared by few", _UNUSUAL, table)
    if analysis.flags:
        yield _section("Flags", "For staff; they cost no points.", _notices("What was noticed", "flag", analysis.flags))
    if analysis.unplaced:
        cells = [((one.path, ""), (one.reason, "text")) for one in analysis.unplaced]
        table = _table("Handed in and not graded", (("path", ""), ("reason", "text")), cells)
        yield _section("Not placed", "", table)
    yield _section("Students", "", _students(analysis, rows))
    yield _section("Time and isolation", "", _time(analysis))


_ITEMS = (
    "Difficulty is the mean share of a target's points (1 is easy). Discrimination is how much larger that share is among the "
    "27% of students who did best in everything else than among the 27% who did worst; the point-biserial is the correlation of "
    "the two. Near zero or below, look at the exercise first."
)
_MISTAKES = "Named only where the mistake reproduces a student's numbers in every case."
_ALIKE = (
    "The same status, and the same number to its last digit. Most such groups are one mistake that many make; where no cause is "
    "given, it may deserve a line under `mistakes` in the exercise."
)
_UNUSUAL = (
    "No known mistake explains these numbers, and hardly anybody else has them. Students who learn together often go wrong "
    "together: this is a reason to talk, not a verdict."
)


def _section(title: str, lead: str, content: str) -> str:
    name = title.lower().replace(" ", "-")
    opening = f"<p>{_text(lead)}</p>" if lead else ""
    return f'<section aria-labelledby="{name}"><h2 id="{name}">{_text(title)}</h2>{opening}{content}</section>\n'


def _scores(analysis: Analysis) -> str:
    quartiles = statistics.quantiles(analysis.totals, n=4) if len(analysis.totals) > 1 else [analysis.totals[0]] * 3
    told = (
        f"{len(analysis.totals)} students have from {min(analysis.totals):.3g} to {max(analysis.totals):.3g} of "
        f"{analysis.points:g} points; half of them between {quartiles[0]:.3g} and {quartiles[2]:.3g}."
    )
    return _figure(plots.histogram(analysis.totals, analysis.points), told)


def _shares(items: Sequence[Item]) -> str:
    graded = [item for item in items if item.difficulty is not None]
    if not graded:
        return ""
    hardest = min(graded, key=lambda item: item.difficulty or 0.0)
    told = f"The hardest target is {hardest.name} of {hardest.exercise}, with {hardest.difficulty:.2f}."
    names = [f"{item.exercise}: {item.name}" for item in graded]
    return _figure(plots.shares(names, [item.difficulty or 0.0 for item in graded]), told)


def _figure(svg: str, told: str) -> str:
    return f'<figure role="group" aria-label="{_text(told)}">{svg}<figcaption>{_text(told)}</figcaption></figure>'


_Cell = tuple[str, str]  # text (or markup), class


def _items(items: Sequence[Item]) -> str:
    heads = ("exercise", ""), ("target", ""), ("derivative", ""), ("points", "number"), ("answers", "number")
    measures = ("difficulty", "number"), ("discrimination", "number"), ("point-biserial", "number"), ("verdicts", "text")
    rows = []
    for item in items:
        verdicts = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in item.statuses.items())
        rows.append(
            (
                (item.exercise, ""),
                (item.name, ""),
                (_Markup(_mathml(item)), ""),
                (number(item.points), "number"),
                (str(item.answered), "number"),
                *((_two(value), "number") for value in (item.difficulty, item.discrimination, item.point_biserial)),
                (verdicts, "text"),
            )
        )
    return _table("Every target", (*heads, *measures), rows)


def _mistakes(mistakes: Sequence[Mistake]) -> str:
    if not mistakes:
        return '<p class="soft">None was named.</p>'
    heads = ("students", "number"), ("of wrong", "number"), ("exercise", ""), ("target", ""), ("mistake", ""), ("text", "text")
    rows = [
        (
            (str(one.count), "number"),
            (f"{one.count / one.wrong:.0%}" if one.wrong else "", "number", str(one.count / one.wrong if one.wrong else "")),
            (one.exercise, ""),
            (one.target, ""),
            ("declared by the exercise" if one.rule == "declared" else one.rule.replace("_", " "), ""),
            (one.text, "text"),
            (one.example, ""),
        )
        for one in mistakes
    ]
    return _table("By how many make it", (*heads, ("see", "")), rows)


def _behaviours(caption: str, behaviours: Sequence[Behaviour]) -> str:
    if not behaviours:
        return '<p class="soft">There are none.</p>'
    heads = ("students", "number"), ("exercise", ""), ("target", ""), ("verdict", ""), ("what", "text"), ("who", "text")
    rows = [
        (
            (str(one.count), "number"),
            (one.exercise, ""),
            (one.target, ""),
            (one.status.replace("_", " "), ""),
            (one.what, "text"),
            (
                ", ".join(one.students) + (f" and {one.count - len(one.students)} more" if one.count > len(one.students) else ""),
                "text",
            ),
        )
        for one in behaviours
    ]
    return _table(caption, heads, rows)


def _notices(caption: str, what: str, notices: Sequence[Notice]) -> str:
    rows = [((one.student, ""), (one.exercise, ""), (one.what.replace("_", " "), "text")) for one in notices]
    return _table(caption, (("student", ""), ("exercise", ""), (what, "text")), rows)


def _students(analysis: Analysis, rows: Iterable[tuple[Row, str]]) -> str:
    exercises = list(dict.fromkeys(item.exercise for item in analysis.items))
    cells = []
    for row, address in rows:
        name = row.student.id
        link = f'<a href="{escape(address)}">{_text(name)}</a>' if address else _text(name)
        scores = ((number(row.scores.get(exercise)), "number") for exercise in exercises)
        cells.append(((_Markup(link), ""), (row.student.name, ""), *scores, (number(row.total), "number")))
    heads = (("student", ""), ("name", ""), *((exercise, "number") for exercise in exercises), ("total", "number"))
    return _table("Points; empty is not handed in, or not graded", heads, cells)


def _time(analysis: Analysis) -> str:
    rows = [
        ((id, ""), (f"{total:.2f}", "number"), (f"{longest:.3f}", "number")) for id, (total, longest) in analysis.seconds.items()
    ]
    heads = ("exercise", ""), ("seconds in all", "number"), ("longest answer", "number")
    layers = "; ".join(f"{count} answers behind {layers}" for layers, count in analysis.isolation.items())
    return _table("Grading time", heads, rows) + (f"<p>{_text(layers)}.</p>" if layers else "")


class _Markup(str):
    """Markup of our own; other text is escaped."""

    __slots__ = ()


def _table(caption: str, heads: Sequence[_Cell], rows: Iterable[Sequence[tuple[str, ...]]]) -> str:
    rows = list(rows)
    note = f" (the first {MOST_ROWS} of {len(rows)})" if len(rows) > MOST_ROWS else ""
    head = "".join(f'<th scope="col"{_class(kind)}><button type="button">{_text(name)}</button></th>' for name, kind in heads)
    body = "\n".join(f"<tr>{''.join(map(_td, row))}</tr>" for row in rows[:MOST_ROWS])
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{_text(caption)}"><table>'
        f"<caption>{_text(caption + note)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _td(cell: tuple[str, ...]) -> str:
    """A cell: what is shown, its class, and what it is sorted by where that differs."""
    content, kind, *key = cell
    told = str(content) if isinstance(content, _Markup) else _text(content)
    sorted_by = "".join(f' data-key="{_text(one)}"' for one in key)
    return f"<td{_class(kind)}{sorted_by}>{told}</td>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def _two(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _mathml(item: Item) -> str:
    """∂Y/∂W, with what is multiplied on; a quantity itself for a value."""
    of, wrt = (f"<mi>{_text(name)}</mi>" for name in (item.of, item.wrt or ""))
    if item.wrt is None:
        return _math(of)
    partial = "<mo>∂</mo>"
    if item.kind == "hessian":
        above, below = f"<mrow><msup>{partial}<mn>2</mn></msup>{of}</mrow>", f"<mrow>{partial}<msup>{wrt}<mn>2</mn></msup></mrow>"
        return _math(f"<mfrac>{above}{below}</mfrac>")
    fraction = f"<mfrac><mrow>{partial}{of}</mrow><mrow>{partial}{wrt}</mrow></mfrac>"
    upstream = f"<mfrac><mrow>{partial}<mi>L</mi></mrow><mrow>{partial}{of}</mrow></mfrac>"
    if item.kind == "vjp":
        return _math(upstream + fraction)
    return _math(fraction + ("<mi>v</mi>" if item.kind == "jvp" else ""))


def _math(content: str) -> str:
    return f'<math displaystyle="true">{content}</math>'


def _text(text: str) -> str:
    return escape(plain(text))


@cache
def _file(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
