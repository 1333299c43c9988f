"""A class in PostgreSQL is the class in SQLite; a database that cannot be used is said in words, and nothing is lost."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path

import postgresql
import pytest
import sqlalchemy as sa
from classroom import Reader, assignment, exercise, hand_in, steps
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite

from grader.course.grade import Options, grade_folder
from grader.course.pages.pages import refresh
from grader.course.purge import purge
from grader.course.regrade import regrade
from grader.course.replay import replay
from grader.course.results import database as results_module
from grader.course.results.out import existing_out
from grader.errors import GraderError
from grader.export import ExportOptions, export

CLASS = {
    "s01/tanh_layer.py": "correct",
    "s01/chain_rule.py": "wrong_value",
    "S02/chain_rule.py": "ungraded",
    "s03é/chain_rule.py": "correct",
}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Start a server for this module."""
    with postgresql.running() as where:
        yield where


def grade(folder: Path, out: Path, database: str | None = None, reader: Reader | None = None) -> str:
    """Grade a folder and return the table."""
    options = Options(jobs=2, seed=7, database=database)
    summary = grade_folder(folder, assignment(), out, options=options, steps=steps(reader or Reader()))
    return summary.grades.read_text(encoding="utf-8")


class Other(SQLiteDialect_pysqlite):
    """A database of another make."""

    name = "other"


def test_another_make_of_database_is_refused(tmp_path: Path) -> None:
    """With those that do: MySQL, say, takes no text for a key."""
    sa.dialects.registry.register("other", __name__, "Other")
    with pytest.raises(GraderError, match=r"kept in SQLite or PostgreSQL, not in other\."):
        grade(hand_in(tmp_path / "class", CLASS), tmp_path / "out", f"other:///{tmp_path}/x")


@postgresql.needed
def test_every_command_works_on_postgresql(tmp_path: Path, address: str) -> None:
    """The same table and pages; resumed, regraded, replayed, exported and purged by the address."""
    folder = hand_in(tmp_path / "class", CLASS)
    expected = grade(folder, tmp_path / "sqlite")
    assert expected == grade(folder, tmp_path / "out", address)
    reader = Reader()
    assert expected == grade(folder, tmp_path / "out", address, reader)
    assert [("S02", "chain_rule")] == reader.graded
    again = replay(tmp_path / "out", "s01", exercise("chain_rule"), database=address, steps=steps(Reader()))
    assert () == again.differences
    doubled = assignment(exercise("tanh_layer", points=2.0), exercise("chain_rule"))
    plan = regrade(tmp_path / "out", doubled, lambda plan: True, options=Options(database=address), steps=steps(Reader()))
    assert [("s01", 1.0, 2.0)] == [(one.student, one.before, one.after) for one in plan.changes]
    corrected = assignment(exercise("tanh_layer", points=2.0), replace(exercise("chain_rule"), rtol=1e-4))
    for is_agreed, run in ((False, 3), (True, 1)):  # of what was run before the no, only what we failed at is run again
        judge = Reader()
        regrade(
            tmp_path / "out",
            corrected,
            (lambda plan: True) if is_agreed else (lambda plan: False),
            options=Options(database=address),
            steps=steps(judge),
        )
        assert run == len(judge.graded)
    export(tmp_path / "out", "csv", tmp_path / "grades.csv", ExportOptions(database=address))
    assert "s01,,,,2,0,2,3,,," in (tmp_path / "grades.csv").read_text(encoding="utf-8")
    assert refresh(tmp_path / "out", {}, database=address).is_file()
    assert purge(tmp_path / "out", lambda removal: removal.files == 3, "s01", keep_scores=False, database=address) is False
    assert purge(tmp_path / "out", lambda removal: True, "s01", keep_scores=False, database=address)
    assert "s01" not in (tmp_path / "out" / "grades.csv").read_text(encoding="utf-8")
    assert not (tmp_path / "out" / "state.sqlite").exists()


@postgresql.needed
def test_two_folders_share_a_database_and_know_nothing_of_each_other(tmp_path: Path, address: str) -> None:
    """Purging one leaves the other."""
    folder = hand_in(tmp_path / "class", CLASS)
    first = grade(folder, tmp_path / "a", address)
    grade(folder, tmp_path / "b", address)
    purge(tmp_path / "b", lambda removal: True, keep_scores=False, database=address)
    reader = Reader()
    assert first == grade(folder, tmp_path / "a", address, reader)
    assert [("S02", "chain_rule")] == reader.graded


@postgresql.needed
def test_tables_of_another_version_in_postgresql_are_refused(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With both versions, and what to do."""
    folder = hand_in(tmp_path / "class", CLASS)
    grade(folder, tmp_path / "out", address)
    monkeypatch.setattr(results_module, "SCHEMA", 2)
    with pytest.raises(
        GraderError, match=r"tables are of version 1; this version of grader reads version 2\.\n.*Use the version"
    ):
        grade(folder, tmp_path / "out", address)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgresql+psycopg://nobody@127.0.0.1:1/grades", "The results cannot be read or written: .*Connection refused"),
        ("postgresql+nodriver://h/x", "--db: The address cannot be used"),
        ("not an address", "--db: The address cannot be used"),
    ],
)
def test_a_database_that_is_not_there_is_said(url: str, said: str, tmp_path: Path) -> None:
    """Before anything is run."""
    reader = Reader()
    with pytest.raises(GraderError, match=said):
        grade(hand_in(tmp_path / "class", CLASS), tmp_path / "out", url, reader)
    assert [] == reader.graded


def test_a_password_is_not_repeated(tmp_path: Path) -> None:
    """Neither in messages nor on disk."""
    url = "postgresql+psycopg://nobody:hunter2@127.0.0.1:1/grades"
    with pytest.raises(GraderError) as raised:
        grade(hand_in(tmp_path / "class", CLASS), tmp_path / "out", url)
    assert "hunter2" not in str(raised.value)
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_file() and b"hunter2" in path.read_bytes()]


def test_a_locked_database_is_said_and_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same command goes on when it is free."""
    folder = hand_in(tmp_path / "class", CLASS)
    grade(folder, tmp_path / "out")
    engine = sa.create_engine
    monkeypatch.setattr(sa, "create_engine", lambda url: engine(url, connect_args={"timeout": 0.1}))
    other = sqlite3.connect(tmp_path / "out" / "state.sqlite")
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(GraderError, match=r"database is locked\.\n    Another program has it open: close that"):
        grade(folder, tmp_path / "out")
    other.rollback()
    other.close()
    reader = Reader()
    grade(folder, tmp_path / "out", reader=reader)
    assert [("S02", "chain_rule")] == reader.graded


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    """And left as it is."""
    folder = hand_in(tmp_path / "class", CLASS)
    grade(folder, tmp_path / "out")
    (tmp_path / "out" / "state.sqlite").write_bytes(b"no database " * 100)
    with pytest.raises(GraderError, match=r"not a database\.\n    Restore it from a copy"):
        grade(folder, tmp_path / "out")
    assert (tmp_path / "out" / "state.sqlite").read_bytes().startswith(b"no database")


def test_who_stops_half_way_through_the_results_leaves_nothing_open(tmp_path: Path) -> None:
    """As Ctrl-C does: closing closes the connection at once, not when memory is cleaned up."""
    grade(hand_in(tmp_path / "class", CLASS), tmp_path / "out")
    opened: list[sqlite3.Connection] = []
    with existing_out(tmp_path / "out") as out:
        results = results_module.open_results(out)
        sa.event.listen(results._engine, "checkout", lambda connection, *_: opened.append(connection))
        half_way = results.all()
        next(half_way)
        results.close()
    assert 1 == len(opened)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        opened[0].execute("select 1")
    assert isinstance(half_way, Generator)
    half_way.close()
