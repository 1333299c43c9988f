"""What all tests share: no test reads or writes the user's own cache."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def own_cache() -> Iterator[None]:
    """A cache of public records for this run alone, for child processes, too."""
    with tempfile.TemporaryDirectory(prefix="grader-cache-") as folder:
        before = os.environ.get("GRADER_CACHE")
        os.environ["GRADER_CACHE"] = folder
        yield
        if before is None:
            del os.environ["GRADER_CACHE"]
        else:
            os.environ["GRADER_CACHE"] = before
