"""A file is there with all its bytes, or as it was."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from grader.cli.common import write_new
from grader.errors import GraderError
from grader.files import DRAFT, write_whole


def test_a_file_is_written_whole_with_its_mode(tmp_path: Path) -> None:
    """Over an earlier one, in a folder that is made; for its owner alone unless told."""
    for mode in (0o600, 0o644):
        write_whole(tmp_path / "new" / "file", b"%o" % mode, mode)
        assert (b"%o" % mode, mode) == ((tmp_path / "new/file").read_bytes(), (tmp_path / "new/file").stat().st_mode & 0o777)
    assert ["file"] == [path.name for path in (tmp_path / "new").iterdir()]


def test_a_draft_is_known_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is killed leaves one, which is nobody's file."""

    def killed(self: Path, target: Path) -> Path:
        os._exit(9)

    monkeypatch.setattr(Path, "replace", killed)
    if os.fork() == 0:
        write_whole(tmp_path / "file", b"x")
    os.wait()
    (draft,) = tmp_path.iterdir()
    assert re.fullmatch(DRAFT, draft.name)


def test_a_full_disk_leaves_no_draft_of_a_starter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the file of before stays."""
    (tmp_path / "answer.py").write_text("mine", encoding="utf-8")

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(GraderError, match="It cannot be written: No space left on device"):
        write_new(tmp_path / "answer.py", "theirs", force=True)
    assert [("answer.py", "mine")] == [(path.name, path.read_text(encoding="utf-8")) for path in tmp_path.iterdir()]
