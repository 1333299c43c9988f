"""The class's page and the students' pages: what is in them, and that browsers, printers and readers can use them."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest
from classroom import assignment, exercise, report

from grader.batch.intake import Unplaced
from grader.batch.out import open_out
from grader.batch.results import Result, open_results
from grader.batch.roster import Student
from grader.outcome import Counterexample, Diagnosis, Status
from grader.render import class_report
from grader.render.pages import refresh

EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
EXERCISES = assignment(exercise("tanh_layer", points=2.0), exercise("chain_rule", "dz_dy"))


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    """A class of twelve with its pages; one of them means ill."""
    path = tmp_path_factory.mktemp("class") / "out"
    tanh, chain = EXERCISES.exercises
    example = Counterexample(case="one feature", sizes={"n": 1}, inputs={"x": [1.0]}, index=(0, 0), expected=1.0, actual=3.25)
    wrong = report(tanh, "", Status.WRONG_VALUE, seed=8317465, counterexample=example)
    named = report(
        chain, "", Status.WRONG_VALUE, counterexample=example, diagnosis=Diagnosis(rule="sign", text="The sign is wrong.")
    )
    reports = {
        f"s{n:02}": (report(tanh, "", Status.CORRECT), named if n % 3 else report(chain, "", Status.CORRECT)) for n in range(8)
    }
    reports |= {f"s{n:02}": (wrong, report(chain, "", Status.MISSING)) for n in range(8, 10)}
    reports |= {"s10": (report(tanh, "", Status.UNGRADED, detail="The grader failed."),)}
    reports |= {
        EVIL: (replace(report(tanh, EVIL, Status.RAISED, detail=EVIL, traceback=EVIL), flags=("mutates_inputs",), output=EVIL),)
    }
    with open_out(path, EXERCISES, seed=8317465) as folder:
        results = open_results(folder)
        results.put_students(tuple(Student(id=student, name=f"{student} of {EVIL}") for student in (*reports, "s11")))
        results.put_unplaced((Unplaced(path=EVIL, reason=EVIL),))
        for student, ones in reports.items():
            for one in ones:
                results.put(Result(student=student, exercise=one.exercise, key="", report=json.loads(json.dumps(one.to_json()))))
        results.close()
    refresh(path, {})
    return path


def page(out: Path) -> str:
    """The class's page."""
    return (out / "report.html").read_text(encoding="utf-8")


def test_the_page_holds_what_staff_ask_for(out):
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
    assert "d_tanh_layer[0, 0] is 3.25 where 1.0 is expected (case one feature)" in page(out)
    assert "s08, s09" in page(out)


def test_the_page_stands_alone(out):
    """No address outside of it, no script but ours; the policy names that one by its fingerprint."""
    for text in (page(out), (out / "feedback/s01.html").read_text(encoding="utf-8")):
        addresses = re.findall(r'(?:src|href|action|data)="([^"]*)"|url\(([^)]*)\)', text)
        assert all(not "".join(one).startswith(("http", "//", "data:", "javascript:")) for one in addresses)
        assert "default-src 'none'" in text
    assert page(out).count("<script>") == 1


def test_what_students_wrote_stays_text(out):
    """Names, messages, paths and output with markup in them."""
    pages = [page(out), *(path.read_text(encoding="utf-8") for path in (out / "feedback").iterdir())]
    assert all("<img" not in text and "alert(1)</script>" not in text for text in pages)
    assert "&lt;script&gt;alert(1)" in pages[0]


def test_the_seed_is_on_no_page(out):
    """Students get one of them, and the other one is forwarded."""
    assert all("8317465" not in path.read_text(encoding="utf-8") for path in (*out.glob("*.html"), *out.glob("feedback/*")))


def test_every_link_leads_to_a_page(out):
    """Students' pages are named so that every file system takes them."""
    links = re.findall(r'href="(feedback/[^"]*)"', page(out))
    assert len(links) == 12  # of thirteen: one handed in nothing
    assert all((out / unquote(link)).is_file() for link in links)


def test_plots_have_words(out):
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

    def handle_starttag(self, tag, attrs):
        """Counts it in."""
        self.ids += [value for name, value in attrs if name == "id"]
        if tag not in {"meta", "br", "img", "link"}:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        """Only its id counts."""
        self.ids += [value for name, value in attrs if name == "id"]

    def handle_endtag(self, tag):
        """Counts it out."""
        assert self.open.pop() == tag


def test_the_markup_is_balanced_and_ids_are_unique(out):
    """Two plots share a page, and each has ids of its own."""
    parser = Balance()
    parser.feed(page(out))
    assert parser.open == []
    assert len(parser.ids) == len(set(parser.ids))


def test_only_changed_students_pages_are_written_again(out):
    """And those that are not there."""
    first, second, third = (out / f"feedback/s0{n}.html" for n in (1, 2, 3))
    for path in (first, second):
        path.write_text("old", encoding="utf-8")
    third.unlink()
    refresh(out, {}, changed={"s01"})
    assert [True, False, True] == ["<!DOCTYPE" in path.read_text(encoding="utf-8") for path in (first, second, third)]
    refresh(out, {})


def _luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_contrast_is_enough_in_both_schemes(scheme):
    """Text at least 4.5 to 1, bars at least 3 to 1."""
    style = (Path(class_report.__file__).parent / "class.css").read_text(encoding="utf-8")
    colours = {name: pair[scheme] for name, *pair in re.findall(r"--(\w+): light-dark\((#\w+), (#\w+)\)", style)}
    for text in ("ink", "soft", "link"):
        assert _contrast(colours[text], colours["paper"]) >= 4.5
    assert _contrast(colours["soft"], colours["tint"]) >= 4.5
    assert _contrast("#3f7fbf", colours["paper"]) >= 3


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-sync"
QUIET = "--disable-background-networking --disable-component-update"


def browse(path: Path, profile: Path) -> subprocess.CompletedProcess[str]:
    """The page's elements as the browser ends up with them, and what it has to say."""
    command = [
        CHROMIUM,
        *FLAGS.split(),
        *QUIET.split(),
        f"--user-data-dir={profile}",
        "--enable-logging=stderr",
        "--dump-dom",
        path.as_uri(),
    ]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here")
def test_a_browser_has_no_complaints_and_sorts_by_keyboard(out, tmp_path):
    """Nothing on the console; Enter on a heading sorts its column, and says so; empty cells stay last."""
    assert "CONSOLE" not in browse(out / "report.html", tmp_path / "one").stderr
    press = """<script>
      const heading = [...document.querySelectorAll("th button")].filter((one) => one.textContent === "total").at(-1);
      heading.focus();
      for (const _ of [1, 2]) document.activeElement.click();
      const rows = [...heading.closest("table").tBodies[0].rows].map((row) => row.cells[row.cells.length - 1].textContent);
      document.title = heading.closest("th").getAttribute("aria-sort") + " " + JSON.stringify(rows);
    </script></body>"""
    open_page = re.sub(r"<meta http-equiv[^>]*>", "", page(out)).replace("</body>", press)
    (tmp_path / "pressed.html").write_text(open_page, encoding="utf-8")
    title = re.search(r"<title>(.*?)</title>", browse(tmp_path / "pressed.html", tmp_path / "two").stdout)[1]
    assert title == 'descending ["3","3","3","2","2","2","2","2","0","0","0","",""]'
