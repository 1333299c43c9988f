"""The pages of OUT: which are written when, and that people can use them in a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import reports
from browser import CHROMIUM, Page, browser
from class_pages import CHAIN, EXAMPLE, NAMED, TANH, WRONG, right, whole_class, write
from classroom import assignment, report

from grader.course.intake.students import Student
from grader.course.pages.decisions import duration, lead_lines
from grader.course.pages.pages import refresh
from grader.course.results.database import open_results
from grader.course.results.decisions import Rules, write_rules
from grader.course.results.gradebook import Row
from grader.course.results.out import existing_out, open_out
from grader.course.results.stored import Graded, Result
from grader.exercise.assignment import LateRule, Override
from grader.outcome import Status
from grader.render import html

DUE = datetime(2026, 11, 20, 12, tzinfo=UTC)
ASKED = replace(assignment(TANH, CHAIN), due=DUE)


def given(student: str, exercise: str, target: str, points: float, reason: str = "") -> Override:
    """Points given by hand."""
    return Override(student=student, exercise=exercise, target=target, points=points, reason=reason, by="staff")


def lead(out: Path, student: str) -> list[str]:
    """Return the sentences under the title of a student's page."""
    text = (out / f"feedback/{student}.html").read_text(encoding="utf-8")
    return re.findall(r"<p>(.*?)</p>", text[: text.index("<main>")])


def feedback(out: Path, student: str) -> str:
    """Read a student's page."""
    return (out / f"feedback/{student}.html").read_text(encoding="utf-8")


# What is written when


def test_only_changed_students_pages_are_written_again(tmp_path: Path) -> None:
    """And those that are not there."""
    out = write(tmp_path / "out", {f"s{n}": (right(TANH),) for n in (1, 2, 3)})
    first, second, third = (out / f"feedback/s{n}.html" for n in (1, 2, 3))
    for path in (first, second):
        path.write_text("old", encoding="utf-8")
    third.unlink()
    refresh(out, {}, changed={"s1"})
    assert [True, False, True] == ["<!DOCTYPE" in path.read_text(encoding="utf-8") for path in (first, second, third)]


def test_a_changed_rule_is_on_every_page(tmp_path: Path) -> None:
    """Though nobody's verdicts changed: points given by hand, taken back, another level of feedback."""
    out = write(tmp_path / "out", {"s1": (WRONG,), "s2": (right(TANH),)})

    def after(rules: Rules) -> str:
        with existing_out(out) as folder:
            write_rules(folder, rules)
        refresh(out, {}, changed=())
        return feedback(out, "s1")

    assert "Given by hand" in after(Rules(overrides=(given("s1", "tanh_layer", "", 2.0),)))
    assert "3.25" in after(Rules())
    assert "3.25" not in after(Rules(feedback="hints"))


def test_the_assignment_says_how_much_students_see(tmp_path: Path) -> None:
    """Unless the command says otherwise."""
    out = write(tmp_path / "out", {"s1": (WRONG, NAMED)}, rules=Rules(feedback="score"))
    assert "The sign is wrong." not in feedback(out, "s1")
    refresh(out, {}, feedback="hints")
    assert "The sign is wrong." in feedback(out, "s1")
    assert "3.25" not in feedback(out, "s1")


def test_what_is_no_longer_asked_is_on_no_page(tmp_path: Path) -> None:
    """Neither on the student's nor on the class's."""
    out = write(tmp_path / "out", {"s1": (right(TANH), NAMED)})
    with open_out(out, assignment(TANH)):
        pass
    refresh(out, {})
    assert "Chain rule" not in feedback(out, "s1")
    assert "chain_rule" not in (out / "report.html").read_text(encoding="utf-8")


def test_a_page_of_nobodys_result_takes_no_other_page(tmp_path: Path) -> None:
    """A result whose student is not in the class is passed over."""
    out = write(tmp_path / "out", {"s2": (WRONG,)})
    with existing_out(out) as folder:
        results = open_results(folder)
        results.put(Result(student="s1", exercise="tanh_layer", key="", graded=Graded(report=WRONG)))
        results.close()
    refresh(out, {})
    assert "3.25" in feedback(out, "s2")


# What the instructor decided


def test_a_total_that_waits_is_said_to_wait() -> None:
    """It read "not graded (5 points) in all"."""
    row = Row(student=Student(id="s10"), scores={"tanh_layer": 3.0, "chain_rule": None})
    assert ("s10: the total, of 5 points, waits for what is not graded.",) == lead_lines(row, [reports.report()])


def test_points_given_by_hand_are_shown_with_their_reason(tmp_path: Path) -> None:
    """For a target in place of what was found, for a whole exercise, and for one that was not handed in."""
    overrides = (
        given("s1", "tanh_layer", "d_tanh_layer", 1.5, "Right up to a typo."),
        given("s1", "chain_rule", "", 1.0, "Shown at the board"),
    )
    out = write(tmp_path / "out", {"s1": (WRONG,)}, asked=ASKED, rules=Rules(overrides=overrides))
    text = feedback(out, "s1")
    told = "1.5 points for <code>d_tanh_layer</code>, where the grader found 0. Right up to a typo. (staff)"
    assert f"Given by hand: {told}" in text
    assert "Given by hand: 1 point for this exercise. Shown at the board. (staff)" in text
    assert "s1: 2.5 of" in lead(out, "s1")[0]


@pytest.mark.parametrize(
    ("rule", "hours", "expected"),
    [
        (None, 3, ["Handed in 3 hours late."]),
        (LateRule(per_day=0.1), 0, []),
        (LateRule(per_day=0.1, grace_seconds=7200), 1, ["Handed in 1 hour late, which costs nothing."]),
        (
            LateRule(per_day=0.25),
            26,
            ["Handed in 1 day 2 hours late, which counts as 2 days. That costs 50% of the points earned: 2 less 1."],
        ),
        (
            LateRule(per_day=0.1, free_days=3),
            5,
            ["Handed in 5 hours late, which counts as 1 day, 1 of them free. That costs nothing."],
        ),
    ],
)
def test_what_being_late_costs_is_explained(tmp_path: Path, rule: LateRule | None, hours: int, expected: list[str]) -> None:
    """How late, how many days that counts as, and what that costs."""
    student = Student(id="s1", submitted_at=DUE + timedelta(hours=hours))
    out = write(tmp_path / "out", {"s1": (right(TANH),)}, asked=ASKED, students=[student], rules=Rules(late=rule))
    assert expected == lead(out, "s1")[1:]


def test_a_duration_has_two_units() -> None:
    """The largest ones."""
    assert ["2 days 1 hour", "1 hour", "59 minutes"] == [duration(49 * 3600 + 120), duration(3600), duration(3599)]


# In a browser

CONTRAST = """(() => {
  const parse = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.slice(0, 3).map((v) => v / 255).map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ground = (element) => {
    for (let e = element; e; e = e.parentElement) {
      const colour = parse(getComputedStyle(e).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const low = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script, style")) continue;
    seen += 1;
    const style = getComputedStyle(element);
    const ink = parse(element.closest("svg") && style.fill.startsWith("rgb") ? style.fill : style.color);
    const [a, b] = [light(ink), light(ground(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) low.add(`${element.tagName}.${element.className} ${ratio.toFixed(2)}`);
  }
  return [seen > 20, [...low]];
})()"""

FOCUSED = """(() => {
  const e = document.activeElement, style = getComputedStyle(e);
  return [e.tagName, e.textContent.slice(0, 40), style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 1];
})()"""

WIDTHS = """[document.documentElement.scrollWidth, window.innerWidth,
  [...document.querySelectorAll("svg text")].map((e) => e.getBoundingClientRect().height).sort((a, b) => a - b)[0] ?? 99]"""


def test_the_tests_browser_hears_complaints_and_sees_low_contrast(tab: Page, tmp_path: Path) -> None:
    """A page that means ill: otherwise silence would prove nothing."""
    bad = "<p style='color: #999'>faint</p>" * 30 + "<script>console.error('told'); nothing()</script><img src='there.png'>"
    (tmp_path / "bad.html").write_text(bad, encoding="utf-8")
    tab.complaints.clear()
    tab.requests.clear()
    tab.open(tmp_path / "bad.html")
    assert [True, ["P. 2.85"]] == tab.run(CONTRAST)
    assert len(tab.complaints) >= 2
    assert tab.requests[1:] == [(tmp_path / "there.png").as_uri()]


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """Open a page in a headless Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium here")
    with browser(tmp_path_factory.mktemp("chromium")) as page:
        yield page


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a class with its pages, one of which shows everything that a student's page can show."""
    path = whole_class(tmp_path_factory.mktemp("class") / "out")
    raised = report(
        TANH, "", Status.RAISED, detail="KeyError: 'x'", traceback="answer.py, line 3\n    y = x['x']", counterexample=EXAMPLE
    )
    everything = replace(raised, flags=("mutates_inputs",), output="hello")
    overrides = (given("s1", "chain_rule", "", 1.0, "Shown at the board."),)
    students = [Student(id="s1", submitted_at=DUE + timedelta(hours=30))]
    rules = Rules(late=LateRule(per_day=0.1), overrides=overrides)
    write(path.parent / "one", {"s1": (everything, NAMED)}, asked=ASKED, students=students, rules=rules)
    return path


PAGES = ["report.html", "feedback/s01.html", "../one/feedback/s1.html"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_browser_has_no_complaints_and_all_text_has_contrast(tab: Page, out: Path, page: str, dark: bool) -> None:
    """Nothing on the console, nothing fetched but the file; every text that is shown at least 4.5 to 1, as it is painted."""
    tab.complaints.clear()
    tab.requests.clear()
    tab.open(out / page, dark=dark)
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert [True, []] == tab.run(CONTRAST)
    assert [] == tab.complaints
    assert [(out / page).resolve().as_uri()] == tab.requests


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_no_page_is_wider_than_the_window(tab: Page, out: Path, page: str, width: int) -> None:
    """Tables scroll within themselves; figures stay large enough to be read."""
    tab.open(out / page, width=width)
    tab.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    wide, window, smallest = tab.run(WIDTHS)
    assert wide <= window
    assert smallest >= 8


def test_the_keyboard_sorts_a_table(tab: Page, out: Path) -> None:
    """Tab comes to a heading, which shows its focus; Enter sorts and says so, Space turns round; empty cells stay last."""
    tab.open(out / "report.html")
    for _ in range(200):
        tab.press("Tab")
        name, text, has_outline = tab.run(FOCUSED)
        assert has_outline
        if name == "BUTTON" and text == "total":
            break
    column = """(() => {
      const heading = document.activeElement.closest("th");
      const rows = [...heading.closest("table").tBodies[0].rows].map((row) => row.cells[heading.cellIndex].textContent);
      return [heading.getAttribute("aria-sort"), rows.join(" ").trim()];
    })()"""
    tab.press("Enter")
    assert ["ascending", "0 0 0 2 2 2 2 2 3 3 3"] == tab.run(column)
    tab.press(" ")
    assert ["descending", "3 3 3 2 2 2 2 2 0 0 0"] == tab.run(column)


def test_the_keyboard_opens_details(tab: Page, out: Path) -> None:
    """Inputs of a case, on a student's page."""
    tab.open(out / "../one/feedback/s1.html")
    for _ in range(20):
        tab.press("Tab")
        if tab.run(FOCUSED)[0] == "SUMMARY":
            break
    assert tab.run(FOCUSED)[2]
    tab.press("Enter")
    assert tab.run("document.activeElement.parentElement.open")


def test_minus_signs_sort_as_numbers(tab: Page, tmp_path: Path) -> None:
    """Discriminations below zero come before those above."""
    reports = {f"s{n}": ((WRONG, right(CHAIN)) if n % 2 else (right(TANH), NAMED)) for n in range(9)}
    tab.open(write(tmp_path / "out", reports) / "report.html")
    order = """(() => {
      const button = [...document.querySelectorAll("th button")].find((one) => one.textContent === "discrimination");
      button.click();
      const heading = button.closest("th");
      return [...heading.closest("table").tBodies[0].rows].map((row) => Number(row.cells[heading.cellIndex].dataset.key));
    })()"""
    found = tab.run(order)
    assert found == sorted(found)
    assert found[0] < 0


def test_pages_print_without_what_paper_cannot_do(tab: Page, out: Path) -> None:
    """Light, even on a dark screen; no arrows to sort by; a student's inputs are open."""
    tab.open(out / "report.html", dark=True, media="print")
    assert "rgb(255, 255, 255)" == tab.run("getComputedStyle(document.body).backgroundColor")
    assert '""' == tab.run("getComputedStyle(document.querySelector('th button'), '::after').content")
    tab.open(out / "../one/feedback/s1.html", dark=True, media="print")
    assert "rgb(255, 255, 255)" == tab.run("getComputedStyle(document.body).backgroundColor")
    assert tab.run("document.querySelector('details dl, details pre').checkVisibility({contentVisibilityAuto: true})")


JUPYTERLAB = """
  body { background: #111; color: #fff; }
  .jp-RenderedHTMLCommon :not(pre) > code { background-color: #eee; padding: 1px 5px; }
  .jp-RenderedHTMLCommon pre, .jp-RenderedHTMLCommon code { color: #fff; background: #111; }
  .jp-RenderedHTMLCommon dl dt { font-weight: bold; }
  [dir] .jp-RenderedHTMLCommon p { text-align: right; }
"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_notebook_shows_a_report_in_its_own_theme(tab: Page, tmp_path: Path, theme: str) -> None:
    """Whatever the system's scheme is, and whatever JupyterLab says of code, lists and paragraphs."""
    shown = html.fragment(report(TANH, "", Status.WRONG_VALUE, counterexample=EXAMPLE), None)
    is_light = str(theme == "light").lower()
    cell = f'<div data-jp-theme-light="{is_light}"><div class="jp-RenderedHTMLCommon">{shown}</div></div>'
    (tmp_path / "cell.html").write_text(f"<!DOCTYPE html><style>{JUPYTERLAB}</style>{cell * 5}", encoding="utf-8")
    tab.open(tmp_path / "cell.html", dark=theme == "light")
    assert [True, []] == tab.run(CONTRAST)
    style = """(() => {
      const of = (place) => getComputedStyle(document.querySelector(".grader-report " + place));
      return [getComputedStyle(document.querySelector(".grader-report")).backgroundColor, of("code").backgroundColor,
        of("dt").fontWeight, of("p").textAlign];
    })()"""
    paper = "rgb(255, 255, 255)" if theme == "light" else "rgb(22, 24, 27)"
    assert [paper, "rgba(0, 0, 0, 0)", "400", "left"] == tab.run(style)


def test_what_is_read_aloud_says_what_is_seen(tab: Page, out: Path) -> None:
    """The accessibility tree has the figures by their words, the tables by their captions, and the formulas."""
    tab.open(out / "report.html")
    nodes = tab.ask("Accessibility.getFullAXTree")["nodes"]
    named = {(node.get("role", {}).get("value"), node.get("name", {}).get("value")) for node in nodes if not node.get("ignored")}
    roles = {role for role, _ in named}
    assert {"navigation", "main", "region", "table", "columnheader", "MathMLFraction"} <= roles
    assert any(role == "group" and str(name).startswith("11 students have") for role, name in named)
    assert ("table", "Every target") in named
