"""Intake: files become sources, parts and messages; nothing is decoded, parsed as Python or run."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from grader.errors import SubmissionError
from grader.judging.notebooks import MAX_CODE_BYTES
from grader.judging.submission import Submission


def notebook(*cells: str, **more: object) -> bytes:
    """Make a notebook of these code cells."""
    code = [{"cell_type": "code", "source": cell.splitlines(keepends=True), "metadata": {}, "outputs": []} for cell in cells]
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": code, **more}).encode()


def test_a_python_file_is_one_cell_of_its_bytes(tmp_path: Path) -> None:
    """A .py file is one cell, byte for byte."""
    path = tmp_path / "answer.py"
    path.write_bytes(b"def f(x):\r\n    return x\r\n")
    (source,) = Submission.from_file(path, student="s01").sources
    assert (source.name, source.cells, source.is_notebook) == ("answer.py", (b"def f(x):\r\n    return x\r\n",), False)


def test_a_notebook_is_its_code_cells() -> None:
    """Text cells are left out; a source may be one text or a list of lines."""
    data = json.loads(notebook("a = 1\nb = 2"))
    data["cells"] += [{"cell_type": "markdown", "source": "text"}, {"cell_type": "code", "source": "c = 3"}]
    (source,) = Submission.from_bytes({"hw.ipynb": json.dumps(data).encode()}).sources
    assert (source.cells, source.is_notebook) == ((b"a = 1\nb = 2", b"c = 3"), True)


def test_a_notebook_of_format_3_is_read() -> None:
    """Format 3 kept its cells in worksheets and their text in `input`."""
    data = {"nbformat": 3, "worksheets": [{"cells": [{"cell_type": "code", "input": ["x = 1"]}]}]}
    assert Submission.from_bytes({"old.ipynb": json.dumps(data).encode()}).sources[0].cells == (b"x = 1",)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.py", b" \n", "The file is empty."),
        ("a.ipynb", b"{", "This is not a notebook: it is not JSON."),
        ("a.ipynb", b"[" * 100_000, "This is not a notebook: it is not JSON."),
        ("a.ipynb", b"[]", "This is JSON, but not a notebook: it has no list of cells."),
        ("a.ipynb", b'{"cells": [{"cell_type": "code", "source": [1]}]}', "This is JSON, but not a notebook"),
        ("a.ipynb", notebook(), "The notebook has no code."),
        ("a.ipynb", notebook("x" * (MAX_CODE_BYTES + 1)), "The notebook holds more than 1 MiB of code."),
        ("a.py", b"#" * (MAX_CODE_BYTES + 1), "The file is larger than 1 MiB."),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    """Empty, too large, not a notebook, no code: one message with the file's name."""
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(SubmissionError) as caught:
        Submission.from_file(path)
    assert message in str(caught.value)
    assert name in str(caught.value)


def test_a_missing_file_and_a_folder_are_said(tmp_path: Path) -> None:
    """No traceback for the two most common slips."""
    with pytest.raises(SubmissionError, match="cannot be opened: No such file"):
        Submission.from_file(tmp_path / "nothing.py")
    with pytest.raises(SubmissionError, match=r"This is a folder, not a \.py or \.ipynb file"):
        Submission.from_file(tmp_path)
    with pytest.raises(SubmissionError, match="cannot be opened"):
        Submission.from_file("a\0b.py")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting_for_its_other_end(tmp_path: Path) -> None:
    """Opening a FIFO for reading waits for a writer, unless one takes care."""
    os.mkfifo(tmp_path / "answer.py")
    with pytest.raises(SubmissionError, match="not a regular file"):
        Submission.from_file(tmp_path / "answer.py")


TWO_PARTS = b"""import numpy as np
# exercise: linear_layer
def dY_dW(W, X, B): return 1
  # exercise: tanh_layer
def dY_dW(W, X, B): return 2
"""


def test_section_lines_open_sections_and_line_numbers_stay() -> None:
    """Lines before the first section count for all exercises; the lines of other sections become empty."""
    submission = Submission.from_bytes({"hw.py": TWO_PARTS})
    assert submission.sections == ("linear_layer", "tanh_layer")
    lines = submission.part("tanh_layer").sources[0].cells[0].splitlines()
    assert lines == [b"import numpy as np", b"", b"", b"  # exercise: tanh_layer", b"def dY_dW(W, X, B): return 2"]


def test_an_exercise_without_a_part_gets_the_common_lines() -> None:
    """A file divided for others gives this exercise only the lines before the first section."""
    exercises = ("linear_layer", "tanh_layer", "chain_rule")
    (source,) = Submission.from_bytes({"hw.py": TWO_PARTS}).with_known(exercises).part("chain_rule").sources
    assert source.cells[0].strip() == b"import numpy as np"


def test_a_section_line_of_no_exercise_is_a_comment() -> None:
    """`# exercise: tanh` above the functions of tanh_layer hides them from nobody, in a file or in a notebook."""
    code = "# exercise: tanh\ndef f(): pass\n"
    for name, data in (("hw.py", code.encode()), ("hw.ipynb", notebook(code))):
        submission = Submission.from_bytes({name: data})
        assert submission.sources == submission.part("tanh_layer").sources
        submission = submission.with_known(["tanh_layer", "chain_rule"])
        assert ((), submission) == (submission.sections, submission.part("tanh_layer"))
    mixed = Submission.from_bytes({"hw.py": f"# exercise: tanh_layer\n{code}# exercise: chain_rule\nx = 1\n".encode()})
    both = mixed.with_known(["tanh_layer", "chain_rule"])
    for one in (both.part("tanh_layer"), mixed.with_known(["tanh_layer"]).part("tanh_layer")):
        assert b"def f" in one.sources[0].cells[0]
    assert b"x = 1" not in both.part("tanh_layer").sources[0].cells[0]


def test_section_lines_count_in_every_file_once_one_is_this_exercises() -> None:
    """Where nobody said which exercises there are: whoever has a section for one has them for the others, too."""
    submission = Submission.from_bytes({"a.py": b"# exercise: one\nx = 1\n", "b.py": b"# exercise: two\nx = 2\n"})
    assert [b"# exercise: one\nx = 1\n", b"\n\n"] == [source.cells[0] for source in submission.part("one").sources]
    assert submission == submission.part("three")


def test_a_comment_in_a_file_named_after_the_exercise_hides_nothing() -> None:
    """`# exercise: one` in tanh_layer.py is a comment; a section line of tanh_layer there still counts."""
    text = b"# exercise: one\ndef f(): pass\n"
    submission = Submission.from_bytes({"tanh_layer.py": text})
    assert submission == submission.part("tanh_layer")
    of_another = submission.with_known(["one", "linear_layer"]).part("linear_layer")
    assert b"# exercise: one\ndef f(): pass\n" not in of_another.sources[0].cells
    divided = Submission.from_bytes({"tanh_layer.py": text + b"# exercise: tanh_layer\ndef g(): pass\n"})
    assert b"def f" not in divided.part("tanh_layer").sources[0].cells[0]


def test_a_file_without_section_lines_counts_for_every_exercise() -> None:
    """Most files have no section lines."""
    submission = Submission.from_bytes({"hw.py": b"def f(): pass"})
    assert submission.part("tanh_layer") == submission


@pytest.mark.parametrize("line", ["# Exercise: tanh_layer", "#exercise : Tanh-Layer", "## EXERCISE: tanh layer  "])
def test_a_section_line_may_differ_in_capitals_blanks_and_hyphens(line: str) -> None:
    """Where it names one of the exercises that are asked for; else it is a comment, and hides nothing."""
    code = f"{line}\r\ndef dY_dW(W, X, B): pass\n".encode()
    submission = Submission.from_bytes({"hw.py": code})
    assert ("tanh_layer",) == submission.with_corrected_lines(["tanh_layer", "linear_layer"]).sections
    assert submission == submission.with_corrected_lines(["linear_layer"])


def test_in_a_notebook_a_section_line_opens_a_cell() -> None:
    """Only a cell that starts with the line opens a section; the cells after it belong to it."""
    cells = ("import numpy", "# exercise: a\nx = 1", "y = 2\n# exercise: c", "# exercise: b\nz = 3")
    submission = Submission.from_bytes({"hw.ipynb": notebook(*cells)})
    assert submission.sections == ("a", "b")
    assert submission.part("a").sources[0].cells == (b"import numpy", b"# exercise: a\nx = 1", b"y = 2\n# exercise: c", b"")


def test_imports_of_a_part_count_in_all_parts() -> None:
    """In the student's own notebook they do; everything else of another part stays out."""
    first = "# exercise: a\nimport numpy as np  # the usual\nfrom math import exp, tanh as th\nx = 1\nfrom here we go on"
    submission = Submission.from_bytes({"hw.ipynb": notebook(first, "# exercise: b\ny = 2")})
    imports = b"\nimport numpy as np  # the usual\nfrom math import exp, tanh as th\n\n\n"
    assert submission.part("b").sources[0].cells == (imports, b"# exercise: b\ny = 2")
    script = Submission.from_bytes({"hw.py": b"# exercise: a\nimport numpy as np\nx = 1\n# exercise: b\ny = 2\n"})
    assert script.part("b").sources[0].cells == (b"\nimport numpy as np\n\n# exercise: b\ny = 2\n",)


def test_the_fingerprint_is_of_code_only() -> None:
    """A notebook that was run again is the same submission; another name or cell is not."""
    first = Submission.from_bytes({"hw.ipynb": notebook("x = 1")})
    rerun = Submission.from_bytes({"hw.ipynb": notebook("x = 1", metadata={"kernel": "other"})})
    assert first.sha256 == rerun.sha256
    assert first.sha256 != Submission.from_bytes({"hw.ipynb": notebook("x = 2")}).sha256
    assert first.sha256 != Submission.from_bytes({"h2.ipynb": notebook("x = 1")}).sha256


def test_a_name_in_angle_brackets_is_a_files() -> None:
    """Python calls `<stdin>` what lies in no file: functions of `<x>.py` were nobody's."""
    (source,) = Submission.from_bytes({"<x>.py": b"x = 1"}).sources
    assert source.name == "./<x>.py"
