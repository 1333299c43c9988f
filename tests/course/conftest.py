"""Fixtures for the tests of courses."""

from __future__ import annotations

from pathlib import Path

import pytest
from class_runs import CLASS
from classroom import hand_in


@pytest.fixture
def submissions(tmp_path: Path) -> Path:
    """Write the files of three students with answers; one more has an empty folder."""
    folder = hand_in(tmp_path / "class", CLASS)
    (folder / "s04").mkdir()
    return folder
