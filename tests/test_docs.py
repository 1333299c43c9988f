"""The documentation is true: README's sessions and every doctest run."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import pkgutil
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from places import ROOT

import grader
from grader.exercise import model
from grader.exercise.loading import load_exercise
from grader.exercise.loading.draws import LAWS

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def sessions() -> list[tuple[str, str]]:
    """Return each `$ command` of the README and what it prints, but for the demo, whose table is tested with it."""
    found = []
    for language, _, text in BLOCKS:
        if language == "console":
            found += re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
    return [session for session in found if not session[0].startswith("grader demo")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write the files that the README shows into a folder."""
    place = tmp_path_factory.mktemp("readme")
    for _, name, text in BLOCKS:
        if name:
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_text(text, encoding="utf-8")
    return place


@pytest.mark.parametrize(("command", "printed"), sessions(), ids=lambda text: text[:40] if text.startswith("grader") else "")
def test_readme_s_sessions(command: str, printed: str, folder: Path) -> None:
    """A command prints what the README says; `...` stands for what varies."""
    if command.startswith("grader start"):
        (folder / "answer.py").unlink(missing_ok=True)
    shown = subprocess.run(
        [sys.executable, "-m", *re.findall(r'"[^"]*"|\S+', command)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    if command.startswith("grader start"):  # the README goes on with the file filled in
        (folder / "answer.py").write_text(next(text for _, name, text in BLOCKS if name == "answer.py"), encoding="utf-8")
    assert shown.stdout.strip() == printed.strip() or doctest.OutputChecker().check_output(
        printed, shown.stdout, doctest.ELLIPSIS
    ), shown.stdout


def test_the_table_of_kinds() -> None:
    """Every kind is in the table, with the shape that its class states."""
    rows = re.findall(r"^\| (\w+) \| `\{(\w+): .*?\| (\S[^|]*) \|$", README, re.MULTILINE)
    kinds = {kind.__name__.lower(): re.findall(r"Shape: (.*?)\.(?:\s|$)", kind.__doc__)[0] for kind in get_args(model.Kind)}
    assert {name: shape for name, _, shape in rows} == kinds
    assert [name for name, key, _ in rows if name != key] == []


def test_the_tree_is_the_tree() -> None:
    """Every file and folder that the README's tree names is there."""
    missing = []
    for line in README.split("## The tree")[1].split("```")[1].splitlines():
        named = re.findall(r"(?<!\S)([a-z_/]+(?:\.py|/))(?=\s|$)", line)
        below = (
            ROOT / "grader" / named[0] if named and named[0].endswith("/") else ROOT
        )  # what a package's line tells of its inside
        places = (ROOT, ROOT / "grader", below, ROOT / named[0] if named else ROOT)
        missing += [name for name in named if not any((place / name).exists() for place in places)]
    assert missing == []


DOCUMENTS = (
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *(ROOT / "docs").rglob("*.md"),
)


def headings(document: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", document.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.stem)
def test_links_lead_somewhere(document: Path) -> None:
    """Every relative link of the documentation names a file, and a heading of it where it names one."""
    text = document.read_text(encoding="utf-8")
    wrong = []
    for name, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text):
        target = document.parent / name if name else document
        if not target.exists() or (anchor and anchor not in headings(target)):
            wrong.append(f"{name}#{anchor}")
    assert wrong == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.stem)
def test_imports_of_the_pages_work(document: Path) -> None:
    """What a page's Python imports from this package is there."""
    for module, names in re.findall(r"^from (grader[\w.]*) import (.*)$", document.read_text(encoding="utf-8"), re.MULTILINE):
        if module.startswith("grader.nbgrader"):
            pytest.importorskip("nbgrader")
        for name in names.split(","):
            assert hasattr(importlib.import_module(module), name.strip()), f"{module}: {name}"
    called = re.findall(r"\bgrader\.(\w+)\(", document.read_text(encoding="utf-8"))
    assert [name for name in called if not hasattr(grader, name)] == []


def test_make_has_the_targets_that_are_named() -> None:
    """`make demo` and the like are there, and `make help` names every target that people give."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) - {"help", "lint"}
    texts = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    assert set(re.findall(r"`make ([a-z-]+)`", texts)) <= targets
    assert targets == set(re.findall(r'@echo "make ([a-z-]+)', makefile))


def _modules() -> list[str]:
    specs = [importlib.util.find_spec(module.name) for module in pkgutil.walk_packages(grader.__path__, "grader.")]
    return [spec.name for spec in specs if spec and ">>>" in Path(str(spec.origin)).read_text(encoding="utf-8")]


@pytest.mark.parametrize("name", _modules())
def test_doctests(name: str) -> None:
    """Examples in docstrings give what they say."""
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert tried > 0
    assert failed == 0


EXERCISES = (ROOT / "docs" / "exercises.md").read_text(encoding="utf-8")


def test_every_key_of_an_exercise_file_is_explained() -> None:
    """The table of keys is that of the schema, and the table of draws that of the loader."""
    schema = json.loads((ROOT / "grader" / "schema" / "exercise.schema.json").read_text(encoding="utf-8"))
    assert set(schema["properties"]) == set(re.findall(r"^\| `(\w+)` \|", EXERCISES.split("## Axes")[0], re.MULTILINE))
    assert schema["properties"]["rtol"]["default"] == model.DEFAULT_RTOL
    draws = EXERCISES.split("<!-- draws -->")[1].split("<!-- end -->")[0]
    assert {form for _, form in LAWS.values()} == set(re.findall(r"^\| `([^`]+)` \|", draws, re.MULTILINE))


def test_the_pieces_of_an_exercise_file_make_one(tmp_path: Path) -> None:
    """The page's axes, inputs and cases are read without a fault."""
    axes, inputs = (re.findall(rf"^{key}:\n(?:  .*\n)+", EXERCISES, re.MULTILINE)[0] for key in ("dims", "inputs"))
    cases = re.findall(r"^cases:\n(?:  .*\n)+", EXERCISES, re.MULTILINE)[0]
    text = f"""schema: 1
title: A page
{axes}  m: 2..5
  N: 2..5
  C: 2..5
{inputs}  X: n
forward:
  Y: tanh(W @ X + B + b) * sum(T) / P
tasks:
  - call: dY_dW(W, X, B, b, T)
    returns:
      dY_dW: {{jacobian: Y, wrt: W}}
{cases}"""
    (tmp_path / "page.yaml").write_text(text, encoding="utf-8")
    assert load_exercise(tmp_path / "page.yaml").random_cases == 12
