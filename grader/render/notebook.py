"""Show a report in a notebook: as HTML, and as the terminal's text where HTML cannot be shown."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Protocol

from grader.outcome import Report
from grader.render import html, terminal

if TYPE_CHECKING:
    from grader.exercise.model import Exercise


class _Printer(Protocol):
    def text(self, text: str) -> None:
        """Write text to what IPython shows."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ShownReport(Report):
    """A report that displays itself: as HTML in a notebook, as text in a plain Python session."""

    asked: Exercise | None = field(default=None, compare=False)

    @classmethod
    def of(cls, report: Report, exercise: Exercise) -> ShownReport:
        """Make a report that shows itself in the exercise's notation."""
        return cls(**{item.name: getattr(report, item.name) for item in fields(Report)}, asked=exercise)

    def _repr_html_(self) -> str:
        return html.fragment(self, self.asked)

    def _repr_pretty_(self, printer: _Printer, cycle: bool) -> None:
        printer.text(repr(self))

    def __repr__(self) -> str:
        return terminal.render(self, self.asked).rstrip("\n")
