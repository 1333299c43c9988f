"""
Allow one run at a time in a folder. The lock is the kernel's: it ends with the process, so that none is ever stale.

filelock 4.3.1 was tried and left. Where flock is missing it falls back to a file that outlives its process, it makes folders
that are not there, it reports some places that cannot be written (/proc) as held by another, and it takes 90 ms to import.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from grader.errors import Fault, GraderError


@contextmanager
def locked(folder: Path, name: str = "lock", remedy: str = "Wait until it ends.") -> Iterator[None]:
    """Hold a file of that name in the folder. Raises GraderError when another run holds it, or it cannot be made."""
    try:
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    except OSError as error:
        what = f"The file {name} cannot be written here: {error.strerror or error}."
        raise GraderError(Fault(str(folder), what, "Make room, or copy the folder to where you may write.")) from None
    try:
        try:
            _take(descriptor)
        except OSError:
            what = "Another run is writing here."
            raise GraderError(Fault(str(folder), what, remedy)) from None
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int) -> None:
    try:
        import fcntl
    except ImportError:  # Windows
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
