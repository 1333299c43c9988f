"""Open the database of the results, and say in words what goes wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import Fault, GraderError
from grader.installed import install_command

if TYPE_CHECKING:
    import sqlalchemy as sa


def open_engine(url: str | None, file: Path) -> sa.Engine:
    """
    Connect to the database at an address, or to SQLite in a file.

    Raises GraderError when SQLAlchemy is not installed, or for an address that cannot be used.
    """
    try:
        import sqlalchemy as sa
    except ImportError:
        what = "Grading a class keeps its results with SQLAlchemy, which is not installed."
        raise GraderError(Fault("", what, f"Install it: {install_command('class')}")) from None
    try:
        engine = sa.create_engine(url or sa.URL.create("sqlite", database=str(file)))
    except (sa.exc.ArgumentError, ImportError) as error:
        what = f"The address cannot be used: {type(error).__name__}: {str(error).splitlines()[0]}"
        raise GraderError(Fault("--db", what, "It looks like postgresql+psycopg://HOST/NAME.")) from None
    if engine.dialect.name not in {"sqlite", "postgresql"}:
        what = f"Results are kept in SQLite or PostgreSQL, not in {engine.dialect.name}."
        raise GraderError(Fault("--db", what, "An address looks like postgresql+psycopg://HOST/NAME."))
    if engine.dialect.name == "sqlite":
        _make_private(engine.url.database or "")
        sa.event.listen(engine, "connect", _set_pragmas)
    return engine


def _make_private(file: str) -> None:
    """Create an SQLite file for its owner alone: reports hold the seed, and SQLite itself lets everybody read it."""
    if file and not file.startswith((":", "file:")):
        with suppress(OSError):  # SQLite will say it, in words that `database_errors` makes ours
            Path(file).touch(mode=0o600)


def _set_pragmas(connection: Any, record: object) -> None:
    """Make commits fast. They survive the death of the process; a power cut may lose the last ones, but tears no file."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.close()


@contextmanager
def database_errors(where: str) -> Iterator[None]:
    """Turn errors of a database (full disk, lock, lost connection) into a GraderError in words."""
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
