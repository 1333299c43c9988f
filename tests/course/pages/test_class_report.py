"""The class's page and the students' pages: what is in them, and that browsers, printers and readers can use them."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from class_pages import CHAIN, NAMED, TANH, WRONG, right, whole_class, write
from classroom import assignment, exercise, report

from grader.course.intake.students import Student
from grader.course.pages import class_report
from grader.course.pages.plots import bins
from grader.course.results.decisions import Rules
from grader.exercise.assignment import LateRule, Override
from grader.exercise.model import VJP, Gradient, Hessian
from grader.outcome import Status
from grader.render.mathml import mathml


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a class with its pages."""
    return whole_class(tmp_path_factory.mktemp("class") / "out")


def page(out: Path) -> str:
    """Read the class's page."""
    return (out / "report.html").read_text(encoding="utf-8")


def test_the_page_holds_what_staff_ask_for(out: Path) -> None:
    """Scores, targets, mistakes, equal answers, unusual ones, flags, what is not graded or placed, students, time."""
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", page(out))
    expected = [
        "Not graded",
        "Scores",
        "Targets",
        "Mistakes",
        "Equal wrong answers",
        "Unusual answers shared by few",
        "Flags",
        "Not placed",
        "Students",
        "Time and isolation",
    ]
    assert expected == headings
    assert "The sign is wrong." in page(out)
    assert "d_tanh_layer[0,0] is 3.25 where 1 is expected, in case &quot;one feature&quot;" in page(out)
    assert re.search(r">s08</a>, <a [^>]*>s09</a>", page(out))


def test_the_page_stands_alone(out: Path) -> None:
    """No address outside of it, no script but ours; the policy names that one by its fingerprint."""
    for text in (page(out), (out / "feedback/s01.html").read_text(encoding="utf-8")):
        addresses = re.findall(r'(?:src|href|action|data)="([^"]*)"|url\(([^)]*)\)', text)
        assert all(not "".join(one).startswith(("http", "//", "data:", "javascript:")) for one in addresses)
        assert "default-src 'none'" in text
    assert page(out).count("<script>") == 1


def test_what_students_wrote_stays_text(out: Path) -> None:
    """Names, messages, paths and output with markup in them."""
    pages = [page(out), *(path.read_text(encoding="utf-8") for path in (out / "feedback").iterdir())]
    assert all("<img" not in text and "alert(1)</script>" not in text for text in pages)
    assert "&lt;script&gt;alert(1)" in pages[0]


def test_the_seed_is_on_no_page(out: Path) -> None:
    """Students get one of them, and the other one is forwarded."""
    assert all("8317465" not in path.read_text(encoding="utf-8") for path in (*out.glob("*.html"), *out.glob("feedback/*")))


def test_every_link_leads_to_a_page(out: Path) -> None:
    """Students' pages are named so that every file system takes them."""
    links = {link.split("#")[0] for link in re.findall(r'href="(feedback/[^"]*)"', page(out))}
    assert len(links) == 12  # of thirteen: one handed in nothing
    assert all((out / unquote(link)).is_file() for link in links)


def test_every_link_within_a_page_leads_somewhere(out: Path) -> None:
    """To a section of the class's page, to an exercise of a student's."""
    for link in re.findall(r'href="([^"]*#[^"]*)"', page(out)):
        path, place = unquote(link).split("#")
        text = (out / path).read_text(encoding="utf-8") if path else page(out)
        assert f' id="{place}"' in text


def test_plots_have_words(out: Path) -> None:
    """Each figure is named and captioned; the drawing itself is silent."""
    figures = re.findall(
        r'<figure role="group" aria-label="([^"]+)"><svg aria-hidden="true".*?<figcaption>(.+?)</figcaption>',
        page(out),
        re.DOTALL,
    )
    assert len(figures) == 2
    assert all(label == caption for label, caption in figures)


class Balance(HTMLParser):
    """Open elements, and ids."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element."""
        self.ids += [str(value) for name, value in attrs if name == "id"]
        if tag not in {"meta", "br", "wbr", "img", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Only its id counts."""
        self.ids += [str(value) for name, value in attrs if name == "id"]

    def handle_endtag(self, tag: str) -> None:
        """Close an element."""
        assert self.open.pop() == tag


def test_the_markup_is_balanced_and_ids_are_unique(out: Path) -> None:
    """Two plots share a page, and each has ids of its own."""
    parser = Balance()
    parser.feed(page(out))
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))


def rows_of(text: str, caption: str) -> list[list[str]]:
    """Return the cells of a table's body, as text."""
    table = re.findall(rf"<caption>{re.escape(caption)}.*?</table>", text, re.DOTALL)[0]
    rows = re.findall(r"<tr>(<td.*?)</tr>", table, re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL)] for row in rows]


def test_mistakes_are_counted_by_kind_and_by_target(out: Path) -> None:
    """Each with its share of the wrong answers, and an example to look at."""
    expected = [
        ["sign", "5", "62%", "5", "s01", "chain_rule"],
        ["wrong values, no cause named", "2", "25%", "2", "s08", "tanh_layer"],
        ["raised an error, no cause named", "1", "12%", "1"],
    ]
    assert expected == [row[: len(one)] for row, one in zip(rows_of(page(out), "Kinds of mistake"), expected, strict=True)]
    (named,) = rows_of(page(out), "By how many make them")
    assert ["chain_rule", "dz_dy", "sign", "5", "100%", "The sign is wrong."] == named[:6]


def test_the_measures_are_explained(out: Path) -> None:
    """In words, beside the table."""
    terms = re.findall(r"<dt>(.*?)</dt><dd>[^<]{20,}</dd>", page(out))
    assert ["Difficulty", "Discrimination", "Point-biserial"] == terms


def test_a_flag_of_several_exercises_is_one_line(tmp_path: Path) -> None:
    """Where it is of the same students; with what it means."""
    reports = {"s1": tuple(replace(one, flags=("wrote_to_stdout",)) for one in (right(TANH), right(CHAIN)))}
    expected = [["wrote to stdout: It prints.", "chain_rule, tanh_layer", "1", "s1"]]
    assert expected == rows_of(page(write(tmp_path / "out", reports)), "What was noticed")


def test_how_much_of_equal_answers_is_equal_is_said(tmp_path: Path) -> None:
    """All numbers, or one of them: no more than was looked at."""
    whole = replace(WRONG, targets=(replace(WRONG.targets[0], answers_sha256="aa"),))
    by_all, by_one = (page(write(tmp_path / name, {"s1": (one,), "s2": (one,)})) for name, one in (("a", whole), ("b", WRONG)))
    said = "the same numbers, to nine digits, in all cases", "other numbers may differ"
    assert [[2, 0], [0, 2]] == [[text.count(words) for words in said] for text in (by_all, by_one)]


def test_pairs_are_shown_beside_how_much_of_their_work_that_is(tmp_path: Path) -> None:
    """Two who share two unusual answers, which is all that nobody can explain of the one, and not of the other."""
    odd = replace(NAMED, targets=(replace(NAMED.targets[0], diagnosis=None),))
    third = report(assignment(exercise("third")).exercises[0], "", Status.WRONG_VALUE)
    asked = assignment(TANH, CHAIN, exercise("third"))
    out = write(tmp_path / "out", {"s1": (WRONG, odd), "s2": (WRONG, odd, third), "s3": (right(TANH),)}, asked=asked)
    expected = [["s1 and s2", "2", "2 and 3", "dz_dy of chain_rule, d_tanh_layer of tanh_layer"]]
    assert expected == rows_of(page(out), "Two students who share more than one")


def test_every_verdict_is_counted_by_target(out: Path) -> None:
    """A column for each verdict that was given."""
    expected = [["tanh_layer", "d_tanh_layer", "8", "2", "1", "", "1"], ["chain_rule", "dz_dy", "3", "5", "", "2", ""]]
    assert expected == rows_of(page(out), "What came of the answers")


@pytest.mark.parametrize("students", [0, 1, 2, 3, 6])
@pytest.mark.parametrize("score", ["right", "wrong"])
def test_small_classes_and_equal_scores_have_a_page(tmp_path: Path, students: int, score: str) -> None:
    """Without correlations, and without numbers that are none."""
    reports = (right(TANH), right(CHAIN)) if score == "right" else (WRONG, NAMED)
    text = page(write(tmp_path / "out", {f"s{n}": reports for n in range(students)}))
    shown = re.sub(r"<style>.*?</style>|<script>.*?</script>|<svg.*?</svg>|<[^>]+>", " ", text, flags=re.DOTALL)
    assert not re.search(r"\b(nan|NaN|inf|None)\b|−0\.00", shown)
    if students:
        assert [["", ""]] * 2 == [row[6:8] for row in rows_of(text, "Every target")]


def test_a_target_that_strong_students_miss_is_pointed_out(tmp_path: Path) -> None:
    """A negative correlation says: look at the exercise."""
    reports = {f"s{n}": ((WRONG, right(CHAIN)) if n % 2 else (right(TANH), NAMED)) for n in range(10)}
    notes = [row[-1] for row in rows_of(page(write(tmp_path / "out", reports)), "Every target")]
    assert ["Look at the exercise: those who do well elsewhere do worse here."] * 2 == notes


def test_what_was_not_graded_is_not_empty(out: Path) -> None:
    """An empty cell was not handed in."""
    rows = {row[0]: row[2:] for row in rows_of(page(out), "Points; an empty cell was not handed in")}
    assert (["", "not graded", ""], ["", "", ""]) == (rows["s10"], rows["s11"])


def test_late_work_and_points_given_by_hand_are_in_the_table(tmp_path: Path) -> None:
    """In columns that are there only where they say something, and in a table with reasons."""
    due = datetime(2026, 11, 20, 12, tzinfo=UTC)
    late = Student(id="s01", submitted_at=due + timedelta(hours=30))
    given = Override(student="s02", exercise="chain_rule", target="dz_dy", points=1.0, reason="Right, but for a typo", by="staff")
    rules = Rules(late=LateRule(per_day=0.25), overrides=(given,))
    asked = replace(assignment(TANH, CHAIN), due=due)
    out = write(tmp_path / "out", {"s01": (right(TANH),), "s02": (NAMED,)}, asked=asked, students=[late], rules=rules)
    rows = rows_of(page(out), "Points; an empty cell was not handed in")
    assert [["s01", "", "1", "1 day 6 hours", "−1", "2", ""], ["s02", "", "1", "", "", "", "1"]] == rows
    expected = [["s02", "chain_rule", "dz_dy", "1", "0", "Right, but for a typo", "staff"]]
    assert expected == rows_of(page(out), "Points given by hand")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Gradient(of="E", wrt="W"), "<mfrac><mrow><mo>∂</mo><mi>E</mi></mrow><mrow><mo>∂</mo><mi>W</mi></mrow></mfrac>"),
        (Hessian(of="E", wrt="W", other="B"), "<mrow><mo>∂</mo><mi>W</mi><mo>∂</mo><mi>B</mi></mrow>"),
        (Hessian(of="E", wrt="W", other="W"), "<mrow><mo>∂</mo><msup><mi>W</mi><mn>2</mn></msup></mrow>"),
    ],
)
def test_derivatives_are_formulas(kind: Gradient | Hessian, expected: str) -> None:
    """In MathML."""
    one = report(TANH, "", Status.CORRECT).targets[0]
    asked = replace(one, kind=type(kind).__name__.lower(), of=kind.of, wrt=kind.wrt)
    assert expected in mathml(asked, kind)


def test_gradients_of_several_quantities_stand_as_a_sum() -> None:
    """∂L/∂h · ∂h/∂W + ∂L/∂c · ∂c/∂W."""
    one = report(TANH, "", Status.CORRECT).targets[0]
    kind = VJP(of="h", wrt="W", upstream="dh", also=(("c", "dc"),))
    shown = mathml(replace(one, kind="vjp", of="h", wrt="W"), kind)
    assert shown.count("<mo>+</mo>") == 1
    assert all(f"<mi>{name}</mi>" in shown for name in ("h", "c", "W"))


@pytest.mark.parametrize("kind", ["hessian", "jvp"])
def test_a_derivative_that_only_the_exercise_knows_has_no_formula_without_it(kind: str) -> None:
    """A mixed Hessian would be shown as another one."""
    one = report(TANH, "", Status.CORRECT).targets[0]
    assert mathml(replace(one, kind=kind, of="E", wrt="W"), None) == ""


@pytest.mark.parametrize(
    ("totals", "points", "first", "last", "is_whole"),
    [
        ([3.0, 19.0], 19.0, -0.5, 19.5, True),
        ([20.0], 20.0, -0.5, 20.5, True),
        ([6.5], 5.0, -0.5, 7.5, True),
        ([30.0], 21.0, 0.0, 30.0, False),
        ([0.5], 2.5, 0.0, 2.5, False),
    ],
)
def test_every_total_has_a_bar(totals: list[float], points: float, first: float, last: float, is_whole: bool) -> None:
    """With 19 points, too, which makes 20 bars, and above the points that there are."""
    edges, found = bins(totals, points)
    assert (first, last, is_whole) == (edges[0], edges[-1], found)


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_is_enough_in_both_schemes(scheme: int) -> None:
    """Text at least 4.5 to 1, bars at least 3 to 1."""
    style = (Path(class_report.__file__).parent / "class.css").read_text(encoding="utf-8")
    colours = {name: pair[scheme] for name, *pair in re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", style)}
    for text in ("ink", "soft", "link"):
        assert _contrast(colours[text], colours["paper"]) >= 4.5
    assert _contrast(colours["soft"], colours["tint"]) >= 4.5
    assert _contrast("#3f7fbf", colours["paper"]) >= 3
