"""What `list` remembers of exercises from one run to the next."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.cli import listing
from grader.exercise import loading

TWICE = """
schema: 1
title: Twice
inputs: {x: scalar}
forward: {y: 2 * x}
tasks:
  - call: dy_dx(x)
    returns: {dy_dx: {gradient: y, wrt: x, points: 2}}
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write an exercise, and use an empty cache."""
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path / "cache"))
    path = tmp_path / "twice.yaml"
    path.write_text(TWICE, encoding="utf-8")
    return path


def test_a_file_that_did_not_change_is_not_read_again(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second time the row comes from memory."""
    first = listing.rows([("twice", file)])
    monkeypatch.setattr(loading, "load_exercise", lambda path: pytest.fail("it was read again"))
    assert listing.rows([("twice", file)]) == first
    assert [(row.id, row.title, row.points, row.kinds) for row in first[0]] == [("twice", "Twice", 2.0, ("gradient",))]


def test_a_file_that_changed_is_read_again(file: Path) -> None:
    """An edit shows at once."""
    listing.rows([("twice", file)])
    file.write_text(TWICE.replace("title: Twice", "title: Two times"), encoding="utf-8")
    assert [row.title for row in listing.rows([("twice", file)])[0]] == ["Two times"]


def test_a_faulty_file_is_told_every_time(file: Path) -> None:
    """Faults are not remembered, and take no other row away."""
    broken = file.with_name("broken.yaml")
    broken.write_text("schema: 1\n", encoding="utf-8")
    for _ in range(2):
        rows, faults = listing.rows([("broken", broken), ("twice", file)])
        assert [row.id for row in rows] == ["twice"]
        assert "broken.yaml" in str(faults[0])


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"version": "0.0.0", "files": {}}', '{"files": 3}'])
def test_a_torn_memory_is_none(torn: str, file: Path) -> None:
    """Whatever lies there, the rows are right."""
    first = listing.rows([("twice", file)])
    (file.parent / "cache" / "list.json").write_text(torn, encoding="utf-8")
    assert listing.rows([("twice", file)]) == first


def test_a_memory_with_nonsense_in_it(file: Path) -> None:
    """An entry of another form is as good as none."""
    first = listing.rows([("twice", file)])
    memory = file.parent / "cache" / "list.json"
    for nonsense in ('"points"', '"kinds"'):
        memory.write_text(memory.read_text(encoding="utf-8").replace(nonsense, '"other"'), encoding="utf-8")
        assert listing.rows([("twice", file)]) == first


@pytest.mark.skipif(not hasattr(os, "getuid") or os.name == "nt", reason="folders that are files")
def test_a_cache_that_cannot_be_written(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs time, nothing else."""
    monkeypatch.setenv("GRADER_CACHE", str(file / "no folder"))
    assert [row.id for row in listing.rows([("twice", file)])[0]] == ["twice"]
