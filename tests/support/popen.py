"""Processes that a test starts, and that end with it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import AnyStr


@contextmanager
def killed_afterwards(process: subprocess.Popen[AnyStr]) -> Iterator[subprocess.Popen[AnyStr]]:
    """
    Lend a process to a test, and kill it afterwards.

    `Popen` alone waits for its process at the end of a `with` block: after a failed assertion that may be for ever.
    """
    with process:
        try:
            yield process
        finally:
            process.kill()
