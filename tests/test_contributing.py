"""The pages for contributors are true: files that they name exist, and formats.md and glossary.md agree with the code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from grader.cli import COMMANDS, run
from grader.exercise import catalogue
from grader.outcome import Counterexample, Diagnosis, Outcome, Report, Status, TargetReport
from grader.sandbox.wire.answer import LoadError, Phase, Reason

PAGES = ROOT / "docs" / "contributing"
FORMATS = (PAGES / "formats.md").read_text(encoding="utf-8")
GLOSSARY = (PAGES / "glossary.md").read_text(encoding="utf-8")
SOURCES = {path: path.read_text(encoding="utf-8") for path in sorted((ROOT / "grader").rglob("*.py"))}
ADDED_IN_OUT = {"tried_alone", "feedback", "shown_cases"}  # to a report, where a class is graded


def first_cells(page: str, name: str) -> list[str]:
    """Return the names in the first cells of a page's table, which stands after `<!-- name -->`."""
    table = page.split(f"<!-- {name} -->")[1].split("<!-- end -->", maxsplit=1)[0]
    return [name for cell in re.findall(r"^\| (`[^|]*) \|", table, re.MULTILINE) for name in re.findall(r"`([^`]+)`", cell)]


def whole_report() -> dict[str, Any]:
    """Return a report as JSON in which every part is there."""
    example = Counterexample(case="small 1", sizes={"n": 1}, inputs={"x": 1.0}, index=(), expected=1.0, actual=2.0)
    part = Outcome(
        status=Status.WRONG_VALUE,
        correct=0,
        total=1,
        counterexample=example,
        reason=Reason.RAISED,
        phase=Phase.LOADING,
        source="answer.py",
    )
    target = TargetReport(
        call="f",
        name="dy_dx",
        kind="gradient",
        of="y",
        wrt="x",
        status=Status.WRONG_VALUE,
        score=0.0,
        points=1.0,
        correct=0,
        total=1,
        diagnosis=Diagnosis(rule="sign", text="The sign is wrong."),
        counterexample=example,
        reason=Reason.RAISED,
        phase=Phase.LOADING,
        source="answer.py",
        answers_sha256="0",
        public=part,
    )
    report = Report(
        exercise="slope",
        exercise_sha256="0",
        student=None,
        source_sha256="0",
        seed=0,
        versions={},
        isolation="none",
        layers=(),
        targets=(target,),
        public_output="",
        load_errors=(LoadError(source="answer.py"),),
    )
    data: dict[str, Any] = json.loads(json.dumps(report.to_json(), allow_nan=False))
    return data


def golden_reports() -> list[dict[str, Any]]:
    """Return the reports of all scenarios."""
    return [json.loads(path.read_text("utf-8")) for path in (ROOT / "tests" / "scenarios").glob("*/report.json")]


@pytest.mark.parametrize("page", sorted(PAGES.rglob("*.md")), ids=lambda page: page.stem)
def test_files_that_are_named_exist(page: Path) -> None:
    """Every path of the repository in backticks is there, and every link leads somewhere."""
    text = page.read_text(encoding="utf-8")
    tops = "grader|tests|docs|exercises|solutions|examples|findings"
    named = re.findall(rf"`((?:{tops})/[\w./-]*)`", text)
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", text)
    missing = [name for name in named if not re.search("NAME|MODULE", name) and not (ROOT / name).exists()]
    assert missing + [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize(
    "page", [ROOT / "README.md", ROOT / "SECURITY.md", *(ROOT / "docs").glob("*.md")], ids=lambda page: page.stem
)
def test_a_score_is_no_mark(page: Path) -> None:
    """Prose has one word for points that were earned; what commands print and options are called stands in code."""
    prose = re.sub(r"^```.*?^```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    assert re.findall(r".*\bmarks?\b.*", prose) == []


def test_every_decision_is_listed() -> None:
    """The list of decisions has every page once, with its own title."""
    listed = re.findall(r"^\| \[(\d+)\]\((.*?)\) \| (.*?) \|$", (PAGES / "decisions" / "README.md").read_text("utf-8"), re.M)
    found = []
    for path in sorted((PAGES / "decisions").glob("[0-9]*.md")):
        number, title = re.fullmatch(r"# (\d+) (.*)", path.read_text("utf-8").splitlines()[0]).groups()  # type: ignore[union-attr]
        found.append((number, path.name, title))
    assert listed == found


def test_keys_of_a_report() -> None:
    """The tables have every key of a report and of its targets, and no other."""
    data = whole_report()
    assert set(first_cells(FORMATS, "report")) == set(data) | ADDED_IN_OUT
    [target] = data["targets"]
    assert set(first_cells(FORMATS, "target")) == set(target)


def test_parts_of_a_report_have_the_keys_that_the_page_names() -> None:
    """The row of each object names its keys."""
    [target] = whole_report()["targets"]
    parts = {name: target[name] for name in ("cases", "diagnosis", "counterexample", "public")}
    [parts["load_errors"]] = whole_report()["load_errors"]
    for name, part in parts.items():
        [row] = re.findall(rf"^\| `{name}` \|.*$", FORMATS, re.MULTILINE)
        assert [key for key in part if f"`{key}`" not in row] == []


def test_statuses_are_in_order() -> None:
    """The table of statuses is the enum, in the order in which they are decided."""
    assert first_cells(FORMATS, "statuses") == [status.value for status in Status]


def test_flags_and_rules_of_scenarios_are_explained() -> None:
    """Every flag and rule of a golden report is in the tables, and every row stands for one that the code has."""
    reports = golden_reports()
    flags, rules = first_cells(FORMATS, "flags"), first_cells(FORMATS, "rules")
    assert {flag for report in reports for flag in report["flags"]} <= set(flags)
    targets = [target for report in reports for target in report["targets"]]
    assert {target["diagnosis"]["rule"] for target in targets if target["diagnosis"]} <= set(rules)
    code = "".join(SOURCES.values())
    assert [name for name in (*flags, *rules) if f'"{name}"' not in code] == []


def test_reasons() -> None:
    """The table of reasons is the enum, each with the status that it counts as; the phases stand in their row."""
    table = FORMATS.split("<!-- reasons -->")[1].split("<!-- end -->", maxsplit=1)[0]
    found = re.findall(r"^\| `(\w+)` \| .* \| `(\w+)` \|$", table, re.MULTILINE)
    assert found == [(reason.value, Status.of(reason).value) for reason in Reason]
    [row] = re.findall(r"^\| `phase` \|.*$", FORMATS, re.MULTILINE)
    assert [phase for phase in Phase if f"`{phase.value}`" not in row] == []


def test_rules_of_the_code_are_explained() -> None:
    """The first argument of a prediction, or `rule=`, has a row."""
    homes = (ROOT / "grader" / "judging" / "diagnosis", ROOT / "grader" / "reference" / "torch")
    code = "".join(text for path, text in SOURCES.items() if any(path.is_relative_to(home) for home in homes))
    named = set(re.findall(r'(?:\byield (?:\(\s*)?|\bPrediction\(\s*|\brule=)"([a-z_]+)"', code))
    assert len(named) > 20  # else they are written in another way by now, and none is found
    assert named <= set(first_cells(FORMATS, "rules"))


def test_commands() -> None:
    """Every command has a row with its exit statuses."""
    assert {name.removeprefix("grader ") for name in first_cells(FORMATS, "commands") if name.count(" ") == 1} == set(COMMANDS)


def test_environment_variables() -> None:
    """Every variable of the table is read somewhere; those of the grader's own name are all in it."""
    named = first_cells(FORMATS, "environment")
    code = "".join(SOURCES.values())
    assert [name for name in named if name.isupper() and f'"{name}"' not in code] == []
    assert set(re.findall(r'"(GRADER_\w+)"', code)) <= set(named)


def test_entry_points() -> None:
    """The page names the group that the catalogue looks for."""
    assert f"group `{catalogue.GROUP}`" in FORMATS


def test_traits() -> None:
    """The traits of nbgrader's step are those of the table, with their values and defaults."""
    pytest.importorskip("nbgrader")
    from grader.nbgrader.preprocessors import SandboxedExecute

    traits = {name: trait for name, trait in SandboxedExecute.class_own_traits(config=True).items()}
    assert set(first_cells(FORMATS, "traits")) == set(traits)
    for name, trait in traits.items():
        [row] = re.findall(rf"^\| `{name}` \| (.*) \|$", FORMATS.split("<!-- traits -->")[1], re.MULTILINE)
        assert set(re.findall(r"`(\w+)`", row)) == set(trait.values)
        assert f"`{trait.default_value}` (default)" in row


def test_public_names() -> None:
    """Every public name of the package is on the page."""
    import grader

    missing = [name for name in grader.__all__ if not name.startswith("__") and not re.search(rf"\b{name}\b", FORMATS)]
    assert missing == []


def test_what_lies_in_out(tmp_path: Path) -> None:
    """A graded class leaves the files and folders of the table, and no others."""
    (tmp_path / "class" / "s01").mkdir(parents=True)
    (tmp_path / "class" / "s01" / "tanh_derivative.py").write_text("def dY_dx(x):\n    return x\n")
    out = tmp_path / "OUT"
    arguments = ["grade", str(tmp_path / "class"), "-a", "tanh_derivative", "-o", str(out), "--seed", "7", "--quiet"]
    assert run(arguments) == 0
    named = {name.split("/")[0] for name in first_cells(FORMATS, "out")}
    assert {path.name for path in out.iterdir()} == named


def test_terms_of_the_code_exist() -> None:
    """The third column of the glossary names classes, enums or type aliases of the package."""
    names = re.findall(r"\| `(\w+)` \|$", GLOSSARY, re.MULTILINE)
    code = "\n".join(SOURCES.values())
    assert [name for name in names if not re.search(rf"^(?:class {name}\b|{name}: (?:Type|TypeAlias|Final)\b)", code, re.M)] == []


def test_terms_stand_once() -> None:
    """Each term has one row."""
    terms = re.findall(r"^\| ([^|]+?) \| .* \|$", GLOSSARY, re.MULTILINE)
    terms = [term for term in terms if term not in ("term", "---")]
    assert sorted(set(terms)) == sorted(terms)
