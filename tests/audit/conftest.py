"""Sandboxes that the tests of the audit share."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from auditing import SandboxFor

from grader.sandbox import Sandbox
from grader.sandbox.limits import Arrays


@pytest.fixture(scope="package")
def sandbox_for() -> Iterator[SandboxFor]:
    """Start one sandbox for each array library."""
    with ExitStack() as stack:
        boxes: dict[Arrays, Sandbox] = {}

        def get(arrays: Arrays) -> Sandbox:
            if arrays not in boxes:
                boxes[arrays] = stack.enter_context(Sandbox(arrays))
            return boxes[arrays]

        yield get
