"""The HTML form: what is in it, what must not be, and that it can be read."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from builders import tanh_linear
from reports import HINT, ended, report, target_report

import grader
from grader.exercise.assignment import Feedback
from grader.exercise.model import Exercise
from grader.outcome import Diagnosis, Report, Status
from grader.render import html
from grader.render.html import Article
from grader.render.markup import prose

SEED = "8317465"


def article(one: Report, exercise: Exercise | None = None, **facts: Any) -> Article:
    """Make the article of a report."""
    told = {"id": one.exercise, "title": one.title, "score": one.score, "points": one.points} | facts
    return Article(report=one, exercise=exercise, **told)


def test_a_report_has_its_own_measures() -> None:
    """In nbgrader's feedback, which is Bootstrap 3, `rem` is 10 pixels: the report was 460 pixels wide."""
    style = (Path(html.__file__).parent / "report.css").read_text("utf-8")
    assert not re.search(r"\drem\b", style)


def test_a_report_says_what_the_terminal_says() -> None:
    """Call, status in words, points, the entry, the cause and the total are there."""
    shown = _text(html.fragment(report(), tanh_linear()))
    for part in ("dy_dx(x, W, b)", "wrong values", "0 of 3 points", "∂y[0]/∂x[0]", "−0.00602", "1.73767", HINT, "2 of 5 points."):
        assert part in shown


@pytest.mark.parametrize("feedback", ["full", "hints", "score"])
def test_the_seed_is_never_shown(feedback: Feedback) -> None:
    """Whatever feedback is asked for, the seed is not in the page."""
    assert SEED not in html.page("s01", [article(report(), tanh_linear())], feedback=feedback)


def test_hints_withhold_the_numbers_and_keep_the_cause() -> None:
    """With `hints` neither inputs nor values of the counterexample are shown."""
    shown = html.fragment(report(), tanh_linear(), feedback="hints")
    assert HINT in _text(shown)
    assert "1.73767" not in shown
    assert "0.00602" not in shown
    assert "<dl>" not in shown


@pytest.mark.parametrize(("feedback", "is_shown"), [("full", True), ("hints", False), ("score", False)])
def test_what_was_printed_is_shown_with_the_numbers_only(feedback: Feedback, is_shown: bool) -> None:
    """`print(X)` would show the inputs that `hints` withholds."""
    assert is_shown == ("-0.75" in html.fragment(report(output="X = -0.75"), tanh_linear(), feedback=feedback))


def test_score_withholds_the_reasons() -> None:
    """With `score` only status and points are shown, no cause, case, traceback or output."""
    raised = ended(Status.RAISED, "ValueError: told", "answer.py, line 7\n    told")
    shown = html.fragment(report(target_report(), raised, output="told"), tanh_linear(), feedback="score")
    assert "0 of 3 points" in shown
    assert "told" not in shown
    assert "You squared z" not in shown
    assert "one feature" not in shown


def test_everything_from_outside_is_escaped() -> None:
    """Markup in messages, names, tracebacks, output and titles stays text."""
    evil = '<script>alert(1)</script><img src=x onerror="alert(1)">&"'
    target = ended(Status.RAISED, evil, f"answer.py, line 1\n    {evil}", name=evil, call=evil)
    page = html.page(evil, [article(report(target, output=evil, title=evil), notes=(evil,)), article(report())], lead=[evil])
    assert _tags(page) & {"script", "img"} == set()
    assert "&lt;script&gt;" in page


def test_a_page_stands_alone() -> None:
    """No script, no network, well-formed nesting, a language and a viewport."""
    page = html.page("Feedback", [article(report(), tanh_linear()), article(report(), tanh_linear(), id="other")])
    assert re.findall(r"https?://|@import|url\(|<script", page) == []
    assert 'lang="en"' in page
    assert 'name="viewport"' in page
    _Nesting().check(page)


def test_a_page_of_several_exercises_begins_with_what_each_earned() -> None:
    """Every line leads to its exercise."""
    page = html.page("Feedback", [article(report(), tanh_linear()), article(report(), tanh_linear(), id="other", score=5.0)])
    (overview,) = re.findall(r"<nav.*?</nav>", page, re.DOTALL)
    lines = re.findall(r'href="#(\w+)".*?<span>(.*?)</span>', overview)
    assert [("tanh_linear", "2 of 5 points"), ("other", "5 of 5 points")] == lines
    assert ["tanh_linear", "other"] == re.findall(r'<article [^>]*id="(\w+)"', page)


def test_notes_of_an_instructor_stand_first_and_the_total_is_theirs() -> None:
    """Points given by hand, for one exercise that was graded and one that was not handed in."""
    noted = article(report(), tanh_linear(), score=4.0, notes=("Given by hand: 2 points for `dy_dx`.",))
    absent = Article(id="x", title="X", report=None, exercise=None, score=1.0, points=2.0, notes=("Ill that week.",))
    page = html.page("Feedback", [noted, absent])
    assert '<p class="note">Given by hand: 2 points for <code>dy_dx</code>.</p>' in page
    assert ["4 of 5 points.", "1 of 2 points."] == re.findall(r'<p class="total">(.*?)</p>', page)
    assert "Ill that week." in page


def test_a_traceback_is_open() -> None:
    """As in the terminal: a student has not to look for it."""
    raised = ended(Status.RAISED, "ValueError: told", "answer.py, line 7\n    told")
    shown = html.fragment(report(raised), tanh_linear())
    assert "<pre>answer.py, line 7\n    told</pre>" in shown
    assert "<details><summary>Traceback" not in shown


def test_code_in_sentences_is_shown_as_code() -> None:
    """What stands between backticks; markup in it stays text."""
    assert "It returned <code>&lt;b&gt;</code>, `not" == prose("It returned `<b>`, `not")


def test_functions_that_a_notebook_did_not_give_are_named() -> None:
    """Full marks for half of an exercise are not mistaken for all of it."""
    half = report(report().targets[1])
    assert "Not checked here: dy_dx." in _text(html.fragment(half, tanh_linear()))
    assert "Not checked here" not in html.fragment(report(), tanh_linear())


def test_a_page_says_as_a_formula_what_was_asked() -> None:
    """A fragment does not: what shows it may strip the tags, and leave letters that mean nothing."""
    one = article(report(), tanh_linear())
    assert "<mfrac><mrow><mo>∂</mo><mi>y</mi></mrow><mrow><mo>∂</mo><mi>x</mi></mrow></mfrac>" in html.page("s01", [one])
    assert "<math" not in html.fragment(report(), tanh_linear())


def test_headings_nest() -> None:
    """A page has one h1; each report is an h2 with h3 below it."""
    page = html.page("Feedback", [article(report(), tanh_linear())])
    assert re.findall(r"<h(\d)", page) == ["1", "2", "3", "3"]


def test_status_is_told_without_colour() -> None:
    """The status stands there in words, and the glyph is hidden from screen readers."""
    shown = html.fragment(report(), tanh_linear())
    assert '<span aria-hidden="true">✗</span> wrong values' in shown
    assert '<span aria-hidden="true">✓</span> right' in shown


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_is_enough(scheme: int) -> None:
    """Every ink on every ground has a contrast of at least 4.5 to 1 (WCAG AA)."""
    css = (Path(grader.__file__).parent / "render" / "report.css").read_text(encoding="utf-8")
    colours = {name: pair[scheme] for name, *pair in re.findall(r"--(\w+): light-dark\((#\w{6}), (#\w{6})\)", css)}
    assert {"ink", "soft", "right", "wrong", "open", "paper", "tint"} == set(colours)
    ratios = {
        (ink, ground): _contrast(colours[ink], colours[ground])
        for ink in ("ink", "soft", "right", "wrong", "open")
        for ground in ("paper", "tint")
    }
    assert {pair: ratio for pair, ratio in ratios.items() if ratio < 4.5} == {}


def test_a_fact_is_not_called_a_likely_cause() -> None:
    """`regime` is seen in the answers, not guessed."""
    shown = html.fragment(
        report(target_report(diagnosis=Diagnosis(rule="regime", text="Right only where m = n."))), tanh_linear()
    )
    assert "Likely cause" not in shown
    assert "Right only where m = n." in shown


def _contrast(first: str, second: str) -> float:
    light, dark = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    """WCAG 2's relative luminance."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _text(page: str) -> str:
    from html import unescape

    return re.sub(r"\s+", " ", unescape(re.sub(r"<style>.*?</style>|<[^>]+>", "", page, flags=re.DOTALL)))


def _tags(page: str) -> set[str]:
    nesting = _Nesting()
    nesting.check(page)
    return nesting.seen


class _Nesting(HTMLParser):
    """Fails where a tag is closed that is not the last opened one, or left open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def check(self, page: str) -> None:
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag
