"""What is read of a submission, what is left out of it, and what a worker makes of the rest."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from classroom import Reader, assignment, hand_in, pack, steps

from grader.course.grade import Options, Summary, grade_folder
from grader.course.intake.collect import collect
from grader.course.intake.files import File
from grader.course.intake.imports import add_imported
from grader.course.replay import replay
from grader.course.workers.request import request_of
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report


def graded(folder: Path, reader: Reader | None = None) -> Summary:
    """Grade the folder without a sandbox, into `out` beside it."""
    return grade_folder(folder, assignment(), folder.parent / "out", options=Options(jobs=2), steps=steps(reader or Reader()))


def report(folder: Path, student: str, exercise: str = "tanh_layer") -> dict[str, Any]:
    """Read a report on disk."""
    found: dict[str, Any] = json.loads((folder.parent / f"out/reports/{student}/{exercise}.json").read_bytes())
    return found


@pytest.mark.parametrize(
    "imports",
    [
        "import numpy as np\nimport helper\nfrom other import f",
        "import numpy, helper as h, other",
        "from . import (helper,\n  other)",
        "from .helper import f; import math, \\\n other.part",
        "import größe",
    ],
)
def test_every_way_to_import_brings_the_module_along(imports: str, tmp_path: Path) -> None:
    """From a file, and from a notebook in which a cell is one string, where a line ends in backslash and n."""
    for name in ("chain_rule.py", "chain_rule.ipynb"):
        data = imports if name.endswith(".py") else json.dumps({"cells": [{"cell_type": "code", "source": imports}]})
        files = {name: data, "helper.py": "import größe", "other.py": "x", "größe.py": "x", "rest.py": "x"}
        folder = hand_in(tmp_path / name, {f"s01/{path}": text for path, text in files.items()})
        found = {entry.exercise: request_of(entry, "").files for entry in collect(folder, assignment()).entries}
        expected = {name, "größe.py"} | ({"helper.py", "other.py"} if "helper" in imports and "other" in imports else set())
        assert expected == set(found["chain_rule"])


@pytest.mark.parametrize("of", ["from utils.maths import f", "import utils.maths as um", "from utils import (\n  maths)"])
def test_a_module_in_a_folder_comes_along_under_the_name_that_it_is_imported_by(of: str, tmp_path: Path) -> None:
    """With what it imports from beside it; a folder that happens to be called as a library is nothing to speak of."""
    files = {"utils/maths.py": "from .deep import x", "utils/deep.py": "x", "numpy/maths.py": "x", "rest/b.py": "x"}
    beside = {f"s01/{path}": text for path, text in files.items()} | {f"s02/hw/{path}": text for path, text in files.items()}
    answer = f"import numpy as np\n{of}"
    folder = hand_in(tmp_path / "class", beside | {"s01/tanh_layer.py": answer, "s02/hw/answers.py": answer})
    entries = [entry for entry in collect(folder, assignment()).entries if entry.exercise == "tanh_layer"]
    named, by_name = (set(request_of(entry, "").files) for entry in entries)
    assert {"tanh_layer.py", "utils/maths.py", "utils/deep.py"} == named
    assert {"answers.py", "utils/maths.py", "utils/deep.py", "maths.py", "b.py"} == by_name


def test_what_a_package_holds_comes_along_with_its_init(tmp_path: Path) -> None:
    """Where the init names it: `from utils import f` runs that file."""
    files = {"utils/__init__.py": "from .maths import f", "utils/maths.py": "x", "utils/rest.py": "x"}
    files |= {"tanh_layer.py": "from utils import f"}
    folder = hand_in(tmp_path, {f"s01/{path}": text for path, text in files.items()})
    entry = next(entry for entry in collect(folder, assignment()).entries if entry.exercise == "tanh_layer")
    assert {"tanh_layer.py", "utils/__init__.py", "utils/maths.py"} == set(request_of(entry, "").files)


def test_blanks_without_end_behind_an_import_take_no_time() -> None:
    """Students' text is searched with steps in proportion to its length."""
    started = time.perf_counter()
    add_imported({"a.py": b"import" + b" " * 200_000 + b"from" + b" \\(" * 50_000 + b"import a" + b", " * 50_000}, [Helper()])
    assert time.perf_counter() - started < 2


class Helper:
    """A file beside what was handed in."""

    name = path = "helper.py"

    def read(self) -> bytes:
        """Nothing."""
        return b""


def test_a_file_that_cannot_be_read_does_not_refuse_the_others(tmp_path: Path) -> None:
    """Functions found by name: it is left out, and that is said; alone it is refused."""
    much = json.dumps({"cells": [{"cell_type": "code", "source": "x = 1\n" * 200_000}]})
    files = {"s01/answers.py": "correct", "s01/Untitled.ipynb": "", "s02/answers.py": "correct", "s02/other.ipynb": much}
    folder = hand_in(tmp_path / "class", files | {"s03/Untitled.ipynb": ""})
    graded(folder)
    found = [report(folder, student) for student in ("s01", "s02", "s03")]
    assert [1.0, 1.0, 0.0] == [one["score"] for one in found]
    assert [["load_error"], ["load_error"], []] == [one["flags"] for one in found]
    assert "refused" == found[2]["targets"][0]["status"]
    reasons = [(error["source"], error["detail"]) for one in found for error in one["load_errors"]]
    large = "The notebook holds more than 1 MiB of code."
    assert [("Untitled.ipynb", "This is not a notebook: it is not JSON."), ("other.ipynb", large)] == reasons
    assert () == replay(tmp_path / "out", "s01", assignment().exercises[0], steps=steps(Reader())).differences


def test_a_file_that_cannot_be_unpacked_does_not_refuse_the_others(tmp_path: Path) -> None:
    """One torn member of a student's zip, found by name or imported."""
    folder = hand_in(tmp_path / "class", {})
    files = {"answers.py": "correct", "torn.py": "x", "chain_rule.py": "correct\nimport torn"}
    pack(folder / "s01.zip", files)
    data = (folder / "s01.zip").read_bytes()
    at = data.index(b"torn.py") + len("torn.py")
    (folder / "s01.zip").write_bytes(data[:at] + b"\xff" + data[at + 1 :])
    requests = [request_of(entry, "") for entry in collect(folder, assignment()).entries]
    assert [["answers.py"], ["chain_rule.py"]] == [list(request.files) for request in requests]
    assert ["torn.py", "torn.py"] == [name for request in requests for name in request.left_out]
    assert {"torn.py"} == requests[0].manifest.left_out.keys()


def test_reading_that_fails_as_nobody_foresaw_leaves_one_entry_ungraded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The class goes on, and the next run tries again."""
    folder = hand_in(tmp_path / "class", {"s01/tanh_layer.py": "correct", "s02/tanh_layer.py": "correct"})
    read = File.read

    def fail(file: File) -> bytes:
        if file.path == "s01/tanh_layer.py":
            raise RuntimeError("what no unpacker says")
        return read(file)

    monkeypatch.setattr(File, "read", fail)
    assert 1 == graded(folder).ungraded
    found = report(folder, "s01")
    said = "Its files could not be read: RuntimeError: what no unpacker says"
    assert [None, said] == [found["score"], found["targets"][0]["detail"]]
    monkeypatch.undo()
    assert 0 == graded(folder).ungraded


def test_a_mark_of_no_exercise_of_the_assignment_is_a_comment(tmp_path: Path) -> None:
    """The sandbox's side is told which marks divide."""
    found = []

    class Asking(Reader):
        def grade(self, judge: Judge, submission: Submission) -> Report:
            found.append((judge.exercise.id, submission.sections))
            return super().grade(judge, submission)

    text = "correct\n# exercise: tanh\n# exercise: chain_rule\n"
    graded(hand_in(tmp_path / "class", {"s01.py": text}), Asking())
    assert [("chain_rule", ("chain_rule",)), ("tanh_layer", ("chain_rule",))] == sorted(found)
