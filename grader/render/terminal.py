"""
Write a report for a terminal: at most 80 columns, fewer where it is narrower; meaning in glyph and word, colour only on top.

Plain strings, no terminal library: `check` is what students wait for.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from grader.outcome import Status
from grader.render.findings import Finding, findings
from grader.render.public import for_student
from grader.render.words import flag_lines, not_judged, total_line
from grader.text import cleaned as plain
from grader.text import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from grader.exercise.assignment import ShownCases
    from grader.exercise.model import Exercise
    from grader.outcome import Report

WIDTH = 80
MAX_TRACEBACK_LINES = 12
MAX_OUTPUT_LINES = 10
_COLOURS = {"✓": "32", "✗": "31", "?": "33", "-": "33"}


def render(
    report: Report,
    exercise: Exercise | None,
    *,
    again: str = "",
    colour: bool = False,
    width: int = WIDTH,
    cases: ShownCases = "public",
) -> str:
    """
    Write the report as a student reads it, ending in a newline.

    `again` is the command that makes this report, from which the next step is made; without it no step is named. Of secret
    cases only the number of right ones is shown, unless `cases` says otherwise.
    """
    report = for_student(report, cases)
    lines = [*_wrapped(plain(report.title or report.exercise), 0, width), ""]
    for finding in findings(report, exercise):
        lines += [*_finding(finding, again, colour, width), ""]
    for line in flag_lines(report):
        lines += [*_wrapped(f"Note: {line}", 0, width), ""]
    if report.output.strip():
        lines += ["Your code printed:", *_quoted(report.output, MAX_OUTPUT_LINES, width, from_end=False), ""]
    if absent := not_judged(report, exercise):
        lines += [*_wrapped(absent, 0, width), ""]
    lines.append(total_line(report))
    return "\n".join(lines) + "\n"


def _finding(finding: Finding, again: str, colour: bool, width: int) -> Iterator[str]:
    yield from _headed(finding, colour, width)
    yield from _wrapped(finding.sentence, 6, width)
    if finding.traceback:
        yield from _quoted(finding.traceback, MAX_TRACEBACK_LINES, width, from_end=True)
    if finding.place and finding.entry:
        yield from _wrapped(f"{finding.such_a_case}, {finding.place}:", 6, width)
        yield ""
        yield from _entry(*finding.entry, width)
        yield ""
    elif finding.place and finding.status in {Status.RAISED, Status.WRONG_SHAPE}:
        yield from _wrapped(f"{finding.such_a_case}: {finding.place}.", 6, width)
    if finding.cause:
        label = "Likely cause: " if finding.is_likely else "Seen:         "
        yield from textwrap.wrap(plain(label + finding.cause), width, initial_indent=" " * 6, subsequent_indent=" " * 20)
        if finding.explains:
            yield from _wrapped(f"({finding.explains})", 20, width)
    if finding.case and again and finding.status is not Status.CORRECT:
        yield f"      See it:       {again} --case {quoted(finding.case)}"


def _headed(finding: Finding, colour: bool, width: int) -> Iterator[str]:
    """Write the call on the left and its points on the right; a long call gets lines of its own."""
    glyph = paint(finding.glyph, _COLOURS[finding.glyph], colour)
    *above, last = textwrap.wrap(plain(finding.heading), width - 5) or [""]
    for place, line in enumerate(above):
        yield f"  {' ' if place else glyph} {line}"
    lead = " " if above else glyph
    room = width - 4 - len(finding.points)
    if len(last) + 2 <= room:
        yield f"  {lead} {last.ljust(room)}{finding.points}"
    else:
        yield f"  {lead} {last}"
        yield finding.points.rjust(width)


def _entry(name: str, expected: str, actual: str, width: int) -> Iterator[str]:
    line = f"          {name}      expected  {expected}      you returned  {actual}"
    if len(line) <= width:
        yield line
    else:
        yield f"          {name}"
        yield f"              expected      {expected}"
        yield f"              you returned  {actual}"


def _wrapped(text: str, indent: int, width: int) -> list[str]:
    """Wrap paragraphs to the width; long words (paths) stay whole, so that they can be copied."""
    pad = " " * indent
    return [
        line
        for paragraph in plain(text).splitlines() or [""]
        for line in textwrap.wrap(
            paragraph, width, initial_indent=pad, subsequent_indent=pad, break_long_words=False, break_on_hyphens=False
        )
    ]


def _quoted(text: str, most: int, width: int, *, from_end: bool) -> Iterator[str]:
    lines = plain(text).strip("\n").splitlines()
    shown = lines[-most:] if from_end else lines[:most]
    left_out = f"          ... ({len(lines) - most} more lines)"
    if from_end and len(lines) > most:
        yield left_out
    for line in shown:
        yield ("          " + line)[: width - 3] + ("..." if len(line) + 10 > width - 3 else "")
    if not from_end and len(lines) > most:
        yield left_out


def paint(text: str, code: str, colour: bool) -> str:
    """Colour a text by an SGR code, if there are colours."""
    return f"\x1b[{code}m{text}\x1b[0m" if colour else text
