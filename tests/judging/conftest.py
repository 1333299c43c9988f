"""A sandbox for the tests of judging."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.sandbox import Sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Open one zygote for all tests of a module, hangs and exits among them: what one does must not reach the next."""
    with Sandbox("numpy", "best") as sandbox:
        yield sandbox
