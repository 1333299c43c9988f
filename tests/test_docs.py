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
    """Every `$ command` of the README with what it prints; the demo's table is tested with the demo."""
    found = []
    for language, _, text in BLOCKS:
        if language == "console":
            found += re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE)
    return [session for session in found if not session[0].startswith("grader demo")]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the README shows."""
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
    """Every kind is in the table, with the shape that exercise.py states."""
    rows = re.findall(r"^\| (\w+) \| `\{(\w+): .*?\| (\S[^|]*) \|$", README, re.MULTILINE)
    kinds = {kind.__name__.lower(): re.search(r"Shape: (.*?)\.(?:\s|$)", kind.__doc__) for kind in get_args(model.Kind)}
    assert {name: shape for name, _, shape in rows} == {name: shape[1] for name, shape in kinds.items()}
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


def test_links_lead_somewhere() -> None:
    """Every relative link of the documentation names a file."""
    for document in (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").glob("*.md")):
        links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text(encoding="utf-8"))
        assert [link for link in links if not (document.parent / link).exists()] == []


def test_make_has_the_targets_that_are_named() -> None:
    """`make demo` and the like are there."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    texts = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\bmake (setup|demo|test|audit|records|lint|clean)\b", texts))
    assert {name for name in named if not re.search(rf"^{name}:", makefile, re.MULTILINE)} == set()


def _modules() -> list[str]:
    names = (module.name for module in pkgutil.walk_packages(grader.__path__, "grader."))
    return [name for name in names if ">>>" in Path(str(importlib.util.find_spec(name).origin)).read_text(encoding="utf-8")]


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
    draws = EXERCISES.split("<!-- draws -->")[1].split("<!-- end -->")[0]
    assert {form for _, form in LAWS.values()} == set(re.findall(r"^\| `([^`]+)` \|", draws, re.MULTILINE))


def test_the_pieces_of_an_exercise_file_make_one(tmp_path: Path) -> None:
    """The page's axes, inputs and cases are read without a fault."""
    axes, inputs = (re.search(rf"^{key}:\n(?:  .*\n)+", EXERCISES, re.MULTILINE)[0] for key in ("dims", "inputs"))
    cases = re.search(r"^cases:\n(?:  .*\n)+", EXERCISES, re.MULTILINE)[0]
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
