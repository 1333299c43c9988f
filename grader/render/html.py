"""
Write reports as HTML: a fragment for notebooks and feedback pages, and a page around fragments.

Self-contained: no script, no network, no fonts. Readable on a phone and printed, light and dark, by keyboard and by ear.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from grader.outcome import Status
from grader.render.findings import Finding, findings
from grader.render.markup import prose, text
from grader.render.mathml import mathml
from grader.render.public import for_student
from grader.render.words import flag_lines, not_judged, points_of, total_line
from grader.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.exercise.assignment import Feedback, ShownCases
    from grader.exercise.model import Exercise
    from grader.outcome import Report

_HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Article:
    """What a page says about one exercise; `notes` are an instructor's words, `report` is None where nothing was graded."""

    id: str
    title: str
    report: Report | None
    exercise: Exercise | None
    score: float | None
    points: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Shown:
    """How much a student is shown, and of which cases."""

    feedback: Feedback
    cases: ShownCases


def fragment(
    report: Report,
    exercise: Exercise | None,
    *,
    feedback: Feedback = "full",
    cases: ShownCases = "public",
    level: int = 2,
) -> str:
    """
    Write one report as an element with its own style, under a heading of the given level.

    With feedback `hints` it holds no number of a counterexample and nothing that the code printed, which may be the inputs;
    what an exception says is shown. With `score` it holds no reason either. The seed is never in it.
    """
    title = report.title or report.exercise
    body = (*_report(report, exercise, _Shown(feedback, cases), level), _total(total_line(report)))
    return f"<style>{_style('report.css')}</style>{_article(title, body, level)}"


def bare(article: Article, *, feedback: Feedback, cases: ShownCases = "public", level: int) -> str:
    """
    Write one exercise for a system that puts it among its own text: no style, no formulas, nothing that it would strip.

    It is on one line, since such systems take each line end for a new line; `<br>` stands for those in quoted text.
    """
    return _whole(article, _Shown(feedback, cases), level, has_formulas=False).replace(">\n<", "><").replace("\n", "<br>")


def page(
    title: str,
    articles: Iterable[Article],
    *,
    feedback: Feedback = "full",
    cases: ShownCases = "public",
    lead: Iterable[str] = (),
) -> str:
    """Write a whole document, such as one student's feedback. `lead` are sentences under the title."""
    articles = tuple(articles)
    body = "\n".join(_whole(article, _Shown(feedback, cases)) for article in articles)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{text(title)}</title>
<style>
{_style("page.css")}{_style("report.css")}</style>
</head>
<body>
<header>
<h1>{text(title)}</h1>
{"".join(f"<p>{prose(line)}</p>" for line in lead)}
{_overview(articles) if len(articles) > 1 else ""}
</header>
<main>
{body}
</main>
</body>
</html>
"""


def _overview(articles: Iterable[Article]) -> str:
    """List the points for each exercise, with links to its place on the page."""
    lines = (
        f'<li><a href="#{text(one.id)}">{text(one.title)}</a> <span>{text(points_of(one.score, one.points))}</span></li>'
        for one in articles
    )
    return f'<nav aria-label="Exercises"><ol>{"".join(lines)}</ol></nav>'


def _whole(article: Article, shown: _Shown, level: int = 2, *, has_formulas: bool = True) -> str:
    notes = tuple(f'<p class="note">{prose(note)}</p>' for note in article.notes)
    said = _report(article.report, article.exercise, shown, level, has_formulas=has_formulas) if article.report else ()
    total = _total(points_of(article.score, article.points).capitalize() + ".")
    return _article(article.title, (*notes, *said, total), level, id=article.id)


def _article(title: str, body: Iterable[str], level: int, id: str = "") -> str:
    place = f' id="{text(id)}"' if id else ""
    parts = (f"<h{level}>{text(title)}</h{level}>", *body)
    return f'<article class="grader-report"{place} aria-label="{text(title)}">' + "\n".join(parts) + "</article>"


def _report(report: Report, exercise: Exercise | None, shown: _Shown, level: int, *, has_formulas: bool = False) -> Iterator[str]:
    """Write the sections of a report. Formulas are left out where other systems show it: they may strip the tags."""
    feedback = shown.feedback
    is_public = report.public_output is not None and shown.cases == "public"
    report = for_student(report, shown.cases)
    for finding in findings(report, exercise, feedback):
        command = _command(report, exercise, finding) if is_public else ""
        yield _section(finding, level + 1, has_formulas=has_formulas, command=command)
    if feedback != "score":
        for line in flag_lines(report):
            yield f"<p><strong>Note:</strong> {prose(line)}</p>"
    if feedback == "full" and report.output.strip():
        yield _details("What your code printed", f"<pre>{text(report.output)}</pre>")
    if absent := not_judged(report, exercise):
        yield f"<p>{text(absent)}</p>"


def _total(line: str) -> str:
    return f'<p class="total">{text(line)}</p>'


def _command(report: Report, exercise: Exercise | None, finding: Finding) -> str:
    """Write the command that shows a finding's case at home; nothing where it has no case."""
    if not finding.case or finding.status is Status.CORRECT:
        return ""
    arrays = " --arrays torch" if exercise is not None and exercise.arrays == "torch" else ""
    return f"grader check {report.exercise} FILE --case {quoted(finding.case)}{arrays}"


def _section(finding: Finding, level: int, *, has_formulas: bool, command: str) -> str:
    tone = {"✓": "right", "✗": "wrong"}.get(finding.glyph, "open")
    asked = f" {mathml(finding.asked, finding.kind)}" if has_formulas and finding.asked else ""
    head = (
        f'<h{level}><span class="status"><span aria-hidden="true">{finding.glyph}</span> {text(finding.label)}</span> '
        f'<code>{text(finding.heading)}</code>{asked} <span class="points">{text(finding.points)}</span></h{level}>'
    )
    return f'<section class="{tone}">{head}{"".join(_body(finding, command))}</section>'


def _body(finding: Finding, command: str) -> Iterator[str]:
    if finding.sentence:
        yield f"<p>{prose(finding.sentence)}</p>"
    if finding.traceback:
        yield f"<pre>{text(finding.traceback)}</pre>"
    if finding.entry:
        name, expected, actual = map(text, finding.entry)
        yield f"<p>{finding.such_a_case}, {text(finding.place)}:</p>"
        yield f"<dl><dt><code>{name}</code> expected</dt><dd>{expected}</dd><dt>you returned</dt><dd>{actual}</dd></dl>"
    elif finding.place and finding.status is not Status.CORRECT:
        yield f"<p>{finding.such_a_case}: {text(finding.place)}.</p>"
    if finding.cause:
        label = "Likely cause:" if finding.is_likely else "Seen:"
        aside = f' <span class="aside">({text(finding.explains)})</span>' if finding.explains else ""
        yield f"<p><strong>{label}</strong> {prose(finding.cause)}{aside}</p>"
    if finding.inputs:
        rows = "".join(f"<dt><code>{text(name)}</code></dt><dd>{text(value)}</dd>" for name, value in finding.inputs)
        yield _details("The inputs of this case", f"<dl>{rows}</dl>")
    if command:
        yield f"<p>See it at home: <code>{text(command)}</code></p>"


def _details(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>"


@cache
def _style(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
