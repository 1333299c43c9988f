"""What one student hands in ends at most that student's marks: the others are graded, in bounded memory, whatever is raised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from classroom import Reader, assignment, hand_in, steps
from hypothesis import given
from hypothesis import strategies as st
from places import SUPPORT

from grader import cli
from grader.course.grade import Options, grade_folder
from grader.course.intake import imports
from grader.course.intake.collect import collect
from grader.course.intake.contents import MAX_STUDENT_BYTES, Contents
from grader.course.intake.imports import add_imported
from grader.course.workers.request import request_of
from grader.exercise import catalogue
from grader.exercise.assignment import Assignment
from grader.exercise.loading import load_exercise
from grader.judging.submission import Submission

MIB = 1 << 20
linux = pytest.mark.skipif(sys.platform != "linux", reason="the limit of memory is Linux's")


def packed(name: str, data: bytes, method: int, *, said: int | None = None) -> bytes:
    """Pack one file; `said` is the size that the zip claims."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(name, data)
    found = bytearray(buffer.getvalue())
    if said is not None:
        for at in (22, found.find(b"PK\x01\x02") + 24):  # in the file's own header, and in the archive's
            found[at : at + 4] = said.to_bytes(4, "little")
    return bytes(found)


def notebook(rest: bytes) -> bytes:
    """Return a right answer with something beside it."""
    return b'{"cells": [{"cell_type": "code", "source": "correct", "outputs": ' + rest + b"}]}"


def specimen(name: str) -> dict[str, bytes]:
    """Return the files that s01 hands in."""
    match name:
        case "bz2 that says that it is small":
            return {"s01.zip": packed("tanh_layer.py", b"a" * (300 * MIB), zipfile.ZIP_BZIP2, said=100)}
        case "lzma that says that it is small":
            return {"s01.zip": packed("tanh_layer.py", b"a" * (300 * MIB), zipfile.ZIP_LZMA, said=100)}
        case "deflate that says that it is small":
            return {"s01.zip": packed("tanh_layer.py", b"a" * (300 * MIB), zipfile.ZIP_DEFLATED, said=100)}
        case "a long import":
            text = b"correct\nfrom " + b"a" * 30_000 + b" import " + b", ".join(b"b%d" % number for number in range(20_000))
            return {"s01/tanh_layer.py": text, "s01/helper.py": b""}
        case "a deep import":
            return {"s01/tanh_layer.py": b"correct\nimport " + b".".join([b"a"] * 500_000), "s01/helper.py": b""}
        case "a notebook of lists":
            return {"s01/tanh_layer.ipynb": notebook(b"[" + b"[]," * (10 * MIB) + b"0]")}
        case "twelve notebooks of pictures":
            return {f"s01/part{number}.ipynb": notebook(b'["' + b"a" * (30 * MIB) + b'"]') for number in range(12)}
        case "fifty files of code":
            return {f"s01/part{number}.py": b"correct\n" + b"x\n" * (MIB // 2 - 10) for number in range(50)}
        case _:
            return {"s01.zip": packed("a/" * 30_000 + "x.py", b"correct", zipfile.ZIP_STORED)}


PROGRAM = """
import json, pathlib, resource, sys
import sqlalchemy, sqlalchemy.dialects.sqlite
sys.path.insert(0, sys.argv[1])
from classroom import Reader, assignment, steps
from grader.course.grade import Options, grade_folder
pages = int(open("/proc/self/statm").read().split()[0])
resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + (300 << 20), resource.RLIM_INFINITY))
place = pathlib.Path(sys.argv[2])
grade_folder(place / "class", assignment(), place / "out", options=Options(jobs=1), steps=steps(Reader()))
"""

REASONS = {
    "bz2 that says that it is small": "packed in an unusual way",
    "lzma that says that it is small": "packed in an unusual way",
    "deflate that says that it is small": "It cannot be unpacked: Bad CRC-32",
    "a notebook of lists": "hold more values than are read",
    "a path of thousands of folders": "Nothing was handed in for this exercise",
}


@linux
@pytest.mark.parametrize(
    "name",
    [*REASONS, "a long import", "a deep import", "twelve notebooks of pictures", "fifty files of code"],
)
def test_nothing_that_is_handed_in_takes_the_memory_of_the_class(name: str, tmp_path: Path) -> None:
    """300 MiB more than it began with suffice; who handed it in is marked or refused for a reason, the neighbour is graded."""
    hand_in(tmp_path / "class", {**specimen(name), "s02/tanh_layer.py": "correct"})
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1"}
    program = [sys.executable, "-c", PROGRAM, str(SUPPORT), str(tmp_path)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=environment)
    assert 0 == done.returncode, done.stderr
    first, second = (json.loads((tmp_path / f"out/reports/{student}/tanh_layer.json").read_bytes()) for student in ("s01", "s02"))
    assert 1.0 == second["score"]
    assert (0.0 if name in REASONS else 1.0) == first["score"]
    assert REASONS.get(name, "") in first["targets"][0]["detail"]


def test_what_is_too_much_of_one_student_is_left_out_with_the_reason(tmp_path: Path) -> None:
    """And what was read before it counts; the same for every exercise, and in every run."""
    files = {f"s01/part{number}.ipynb": notebook(b'["' + b"a" * (30 * MIB) + b'"]') for number in range(5)}
    entries = collect(hand_in(tmp_path / "class", files), assignment()).entries
    contents = Contents()
    requests = [request_of(entry, "", contents) for entry in entries]
    assert requests[0].manifest == requests[1].manifest == request_of(entries[0], "").manifest
    assert ["part0.ipynb", "part1.ipynb", "part2.ipynb", "part3.ipynb"] == list(requests[0].files)
    assert f"larger than {MAX_STUDENT_BYTES // MIB} MiB" in requests[0].left_out["part4.ipynb"]
    assert sum(map(len, requests[0].files.values())) < 1000  # the pictures are not kept


@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=6), st.booleans())
def test_no_damage_to_a_zip_stops_the_class(changes: list[tuple[int, int]], is_cut: bool) -> None:
    """Whatever stands in its headers: sizes, methods, names, places of members."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("tanh_layer.py", b"correct")
        archive.writestr("sub/helper.py", b"x" * 100)
    data = bytearray(buffer.getvalue())
    for place, byte in changes:
        data[place % len(data)] = byte
    with TemporaryDirectory() as folder:
        files = {"s01.zip": bytes(data[: len(data) - 7 * is_cut]), "s02/tanh_layer.py": b"correct"}
        entries = collect(hand_in(Path(folder) / "class", files), assignment()).entries
        requests = [request_of(entry, "") for entry in entries if entry.exercise == "tanh_layer"]
    assert {"tanh_layer.py": b"correct"} == next(request.files for request in requests if request.student == "s02")


def test_zips_are_opened_as_far_as_they_are_of_a_bounded_size_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each has to be read whole before it is known what it holds."""
    monkeypatch.setattr("grader.course.intake.entries.MAX_STUDENT_BYTES", 250)
    zips = {f"s01/part{number}.zip": packed(f"{number}.py", b"x", zipfile.ZIP_STORED) for number in range(3)}
    found = collect(hand_in(tmp_path / "class", {**zips, "s02/tanh_layer.py": b"x"}), assignment())
    assert [["0.py", "1.py"]] * 2 == [[file.name for file in entry.files] for entry in found.entries if entry.student == "s01"]
    assert ["s01/part2.zip"] == [one.path for one in found.unplaced]


def test_every_file_of_a_student_is_read_once(tmp_path: Path) -> None:
    """However many exercises look into it."""
    read = []

    class Counted:
        name = path = "helper.py"

        def read(self) -> bytes:
            read.append(self)
            return b"x"

    contents, helper = Contents(), Counted()
    for _ in range(3):
        files = {"a.py": b"import helper"}
        add_imported(files, [helper], contents=contents)
        assert {"a.py", "helper.py"} == set(files)
    assert 1 == len(read)


@pytest.mark.parametrize("error", [MemoryError, RecursionError, ValueError, AssertionError])
@pytest.mark.parametrize(("holder", "name"), [(Submission, "from_bytes"), (imports, "modules_imported_by")])
def test_whatever_is_raised_over_a_students_bytes_ends_that_student(
    error: type[Exception], holder: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While they are read, and where they are graded: ungraded, which costs nothing, and the next run tries again."""
    real = getattr(holder, name)

    def fail(*arguments: Any, **named: Any) -> Any:
        if b"attack" in str(arguments).encode():
            raise error("of these bytes")
        return real(*arguments, **named)

    files = {"s01/tanh_layer.py": "correct attack", "s01/a.py": "correct", "s02/tanh_layer.py": "correct", "s02/a.py": "correct"}
    folder = hand_in(tmp_path / "class", files)
    with monkeypatch.context() as patch:
        patch.setattr(holder, name, fail)
        summary = grade_folder(folder, assignment(), tmp_path / "out", options=Options(jobs=2), steps=steps(Reader()))
    found = [json.loads((tmp_path / f"out/reports/{student}/tanh_layer.json").read_bytes()) for student in ("s01", "s02")]
    assert ([None, 1.0], 1) == ([one["score"] for one in found], summary.ungraded)
    assert f"{error.__name__}: of these bytes" in found[0]["targets"][0]["detail"]


def test_check_says_what_is_too_much(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a line, as of any file that cannot be read."""
    path = tmp_path / "answer.ipynb"
    path.write_bytes(notebook(b"[" + b"[]," * (10 * MIB) + b"0]"))
    assert 2 == cli.run(["check", "tanh_layer", str(path)])
    told = capsys.readouterr().err
    assert "answer.ipynb: The notebook's cells or outputs hold more values than are read." in told
    assert "Clear the outputs" in told


@linux
def test_a_cluster_grades_the_neighbour(tmp_path: Path) -> None:
    """What is sent to its workers is what was read here, within the same limits."""
    pytest.importorskip("distributed")
    right = b"import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n"
    exercise = load_exercise(catalogue.find("tanh_derivative", ()).path)
    files = {f"s01/part{number}.ipynb": notebook(b"[" + b"[]," * MIB + b"0]") for number in range(12)}
    files["s02.zip"] = packed("tanh_derivative.py", b"a" * (300 * MIB), zipfile.ZIP_BZIP2, said=100)
    folder = hand_in(tmp_path / "class", {**files, "s03/tanh_derivative.py": right})
    asked = Assignment(id="ps1", title="", exercises=(exercise,))
    grade_folder(folder, asked, tmp_path / "out", options=Options(jobs=1, scheduler="local"))
    found = [
        json.loads((tmp_path / f"out/reports/{student}/tanh_derivative.json").read_bytes()) for student in ("s01", "s02", "s03")
    ]
    assert ["refused", "refused", "correct"] == [one["targets"][0]["status"] for one in found]
    assert found[2]["points"] == found[2]["score"]
