"""
Report -> HTML: a fragment for notebooks and feedback pages, and a page around fragments.

Self-contained: no script, no network, no fonts. Readable on a phone and printed, light and dark, by keyboard and by ear.
"""

from __future__ import annotations

from functools import cache
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from grader.outcome import Status
from grader.render.words import Feedback, Finding, findings, flag_lines, total_line
from grader.sandbox.text import cleaned as plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from grader.exercise import Exercise
    from grader.outcome import Report

_HERE = Path(__file__).parent


def fragment(report: Report, exercise: Exercise | None, *, feedback: Feedback = "full", level: int = 2) -> str:
    """
    One report as an element with its own style; its heading is of the given level.

    With feedback `hints` no number of a counterexample is in it, with `score` no reason either. The seed never is.
    """
    return f"<style>{_style('report.css')}</style>{_report(report, exercise, feedback, level)}"


def page(title: str, reports: Iterable[tuple[Report, Exercise | None]], *, feedback: Feedback = "full", lead: str = "") -> str:
    """A whole document of several reports, such as one student's feedback. `lead` is a sentence under the title."""
    body = "\n".join(_report(report, exercise, feedback, 2) for report, exercise in reports)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{_text(title)}</title>
<style>
{_style("page.css")}{_style("report.css")}</style>
</head>
<body>
<h1>{_text(title)}</h1>
{f"<p>{_text(lead)}</p>" if lead else ""}
<main>
{body}
</main>
</body>
</html>
"""


def _report(report: Report, exercise: Exercise | None, feedback: Feedback, level: int) -> str:
    title = _text(report.title or report.exercise)
    parts = [f"<h{level}>{title}</h{level}>"]
    parts += [_section(finding, level + 1) for finding in findings(report, exercise, feedback)]
    if feedback != "score":
        parts += [f"<p><strong>Note:</strong> {_text(line)}</p>" for line in flag_lines(report)]
        if report.output.strip():
            parts.append(_details("What your code printed", f"<pre>{_text(report.output)}</pre>"))
    parts.append(f'<p class="total">{_text(total_line(report))}</p>')
    return f'<article class="grader-report" aria-label="{title}">' + "\n".join(parts) + "</article>"


def _section(finding: Finding, level: int) -> str:
    tone = {"✓": "right", "✗": "wrong"}.get(finding.glyph, "open")
    head = (
        f'<h{level}><span class="status"><span aria-hidden="true">{finding.glyph}</span> {_text(finding.label)}</span> '
        f'<code>{_text(finding.heading)}</code> <span class="points">{_text(finding.points)}</span></h{level}>'
    )
    return f'<section class="{tone}">{head}{"".join(_body(finding))}</section>'


def _body(finding: Finding) -> Iterator[str]:
    yield f"<p>{_text(finding.sentence)}</p>"
    if finding.entry:
        name, expected, actual = map(_text, finding.entry)
        yield f"<p>Smallest such case, {_text(finding.place)}:</p>"
        yield f"<dl><dt><code>{name}</code> expected</dt><dd>{expected}</dd><dt>you returned</dt><dd>{actual}</dd></dl>"
    elif finding.place and finding.status is not Status.CORRECT:
        yield f"<p>Smallest such case: {_text(finding.place)}.</p>"
    if finding.cause:
        label = "Likely cause:" if finding.is_likely else "Seen:"
        aside = f' <span class="aside">({_text(finding.explains)})</span>' if finding.explains else ""
        yield f"<p><strong>{label}</strong> {_text(finding.cause)}{aside}</p>"
    if finding.traceback:
        yield _details("Traceback", f"<pre>{_text(finding.traceback)}</pre>")
    if finding.inputs:
        rows = "".join(f"<dt><code>{_text(name)}</code></dt><dd>{_text(value)}</dd>" for name, value in finding.inputs)
        yield _details("The inputs of this case", f"<dl>{rows}</dl>")


def _details(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>"


def _text(text: str) -> str:
    return escape(plain(text))


@cache
def _style(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
