"""A folder or a zip is opened, and anything else is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from classroom import assignment, pack
from collected import TANH

from grader.course.intake.collect import collect
from grader.errors import SubmissionError


def test_a_file_that_may_not_be_read_is_not_called_no_zip(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The reason is the system's."""

    def refuse(*args: object) -> None:
        raise PermissionError(13, "Permission denied")

    path = pack(tmp_path / "class.zip", {"s01/tanh_layer.py": TANH})
    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SubmissionError, match="The file cannot be opened: Permission denied"):
        collect(path, assignment())


@pytest.mark.parametrize(("data", "said"), [(b"PK\x05\x06 no zip", "not a zip"), (b"text", "not a zip")])
def test_a_file_that_is_no_zip_is_refused_with_the_remedy(data: bytes, said: str, tmp_path: Path) -> None:
    """One message, what to do instead."""
    (tmp_path / "x.zip").write_bytes(data)
    with pytest.raises(SubmissionError, match=said):
        collect(tmp_path / "x.zip", assignment())
