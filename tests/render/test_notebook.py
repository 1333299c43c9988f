"""A report as a notebook shows it."""

from __future__ import annotations

from builders import tanh_linear
from reports import report

from grader.outcome import Report
from grader.render import terminal
from grader.render.notebook import ShownReport


def test_it_shows_itself_as_html() -> None:
    """Jupyter asks for `_repr_html_`: the same fragment as in feedback pages."""
    shown = ShownReport.of(report(), tanh_linear())._repr_html_()
    assert 'class="grader-report"' in shown
    assert "∂y[0]/∂x[0]" in shown


def test_it_shows_itself_as_text_in_a_plain_session() -> None:
    """`repr` and IPython's text form are the terminal's."""
    shown = ShownReport.of(report(), tanh_linear())
    assert repr(shown) == terminal.render(report(), tanh_linear()).rstrip("\n")
    written: list[str] = []
    shown._repr_pretty_(_Printer(written), cycle=False)
    assert "".join(written) == repr(shown)


def test_it_is_a_report() -> None:
    """Scores, points and JSON are those of the report that it shows."""
    shown = ShownReport.of(report(), tanh_linear())
    assert isinstance(shown, Report)
    assert (shown.score, shown.points) == (2.0, 5.0)
    assert shown.to_json() == report().to_json()


class _Printer:
    def __init__(self, written: list[str]) -> None:
        self.written = written

    def text(self, text: str) -> None:
        self.written.append(text)
