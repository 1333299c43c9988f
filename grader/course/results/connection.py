"""Open the database of the results, and say in words what goes wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from grader.errors import Fault, GraderError


def make_private(file: str) -> None:
    """An SQLite file that is not there yet is made for its owner alone: reports hold the seed, and SQLite asks nobody."""
    if file and not file.startswith((":", "file:")):
        with suppress(OSError):  # SQLite says it in words that are made ours
            Path(file).touch(mode=0o600)


@contextmanager
def database_errors(where: str) -> Iterator[None]:
    """Turns what databases say of full disks, locks and lost connections into a GraderError in words."""
    import sqlalchemy as sa

    try:
        yield
    except sa.exc.DBAPIError as error:
        said = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        remedy = "Mend that and give the same command again: what is graded is kept."
        if "disk I/O" in said:
            said, remedy = "the disk reports an error, as a full one does", f"Free some space. {remedy}"
        elif "full" in said:
            said, remedy = "the disk is full", "Free some space and give the same command again: what is graded is kept."
        elif "locked" in said:
            remedy = "Another program has it open: close that, then give the same command again."
        elif "malformed" in said or "not a database" in said:
            remedy = "Restore it from a copy, or grade into another folder."
        raise GraderError(Fault(where, f"The results cannot be read or written: {said}.", remedy)) from None


def quick_but_safe(connection: Any, record: object) -> None:
    """A commit survives the death of the process; only a power cut may lose the last ones, and never tears the file."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()
