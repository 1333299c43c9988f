"""The tables of the database that holds a class's results."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import sqlalchemy as sa
    from sqlalchemy.dialects import postgresql, sqlite

SCHEMA = 1


def tables() -> Mapping[str, sa.Table]:
    """Return the tables by name."""
    import sqlalchemy as sa

    data = sa.MetaData()
    run = sa.String(32)
    name = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")  # one order in every database: Python's
    return {
        "schema": sa.Table("grader_schema", data, sa.Column("version", sa.Integer, primary_key=True)),
        "result": sa.Table(
            "grader_result",
            data,
            sa.Column("run", run, primary_key=True),
            sa.Column("student", name, primary_key=True),
            sa.Column("exercise", name, primary_key=True),
            sa.Column("key", sa.String(64), nullable=False),
            sa.Column("score", sa.Double),
            sa.Column("points", sa.Double, nullable=False),
            sa.Column("report", sa.Text, nullable=False),
            sa.Column("work", sa.Text, nullable=False),
        ),
        "source": sa.Table(
            "grader_source",
            data,
            sa.Column("run", run, primary_key=True),
            sa.Column("sha256", sa.String(64), primary_key=True),
            sa.Column("data", sa.LargeBinary, nullable=False),
        ),
        "pending": sa.Table(
            "grader_pending",
            data,
            sa.Column("run", run, primary_key=True),
            sa.Column("key", sa.String(64), primary_key=True),
            sa.Column("score", sa.Double),
            sa.Column("report", sa.Text, nullable=False),
        ),
        "student": sa.Table(
            "grader_student",
            data,
            sa.Column("run", run, primary_key=True),
            sa.Column("student", name, primary_key=True),
            sa.Column("facts", sa.Text, nullable=False),
        ),
        "unplaced": sa.Table(
            "grader_unplaced",
            data,
            sa.Column("run", run, primary_key=True),
            sa.Column("place", sa.Integer, primary_key=True),
            sa.Column("path", sa.Text, nullable=False),
            sa.Column("reason", sa.Text, nullable=False),
        ),
    }


def _inserting(engine: sa.Engine, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    """Return an insertion that may say what to do where the row is there already."""
    if engine.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert(table)
    from sqlalchemy.dialects import sqlite

    return sqlite.insert(table)


def replacing(engine: sa.Engine, table: sa.Table) -> sa.Insert:
    """Return an insertion that replaces the row with the same key."""
    insert = _inserting(engine, table)
    rest = {column.name: insert.excluded[column.name] for column in table.c if not column.primary_key}
    return insert.on_conflict_do_update(index_elements=list(table.primary_key), set_=rest)


def adding(engine: sa.Engine, table: sa.Table) -> sa.Insert:
    """Return an insertion that leaves the row with the same key as it is."""
    return _inserting(engine, table).on_conflict_do_nothing()
