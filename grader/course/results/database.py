"""
Keep what is graded as it comes: each result is on disk before the next one counts as begun.

SQLite in OUT, or a database of PostgreSQL. A killed run loses what was in flight and nothing else.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from grader.course.intake.files import Unplaced
from grader.course.intake.students import Student
from grader.course.results.connection import database_errors, open_engine
from grader.course.results.forgetting import NAMELESS, mentions
from grader.course.results.out import Out
from grader.course.results.people import facts_of, merge_facts, student_from
from grader.course.results.schema import SCHEMA, adding, replacing, tables
from grader.course.results.stored import RETRY_FIELD, Graded, Manifest, Result, without_student_text
from grader.errors import Fault, GraderError

if TYPE_CHECKING:
    import sqlalchemy as sa

_FEW = 100  # students: databases take so many names in one query


class Results:
    """The results of one folder, in its database."""

    def __init__(self, engine: sa.Engine, run: str, where: str) -> None:
        self._engine = engine
        self._run = run
        self._where = where
        self._tables = tables()
        self._open: set[sa.Connection] = set()
        # made once: building them anew for each result took longer than the database
        self._replace, self._add_source = replacing(engine, self._tables["result"]), adding(engine, self._tables["source"])
        with self._begin() as connection:
            self._check_schema(connection)

    def close(self) -> None:
        """Let go of the database, also where somebody stopped half way through `all` or `scores`."""
        for connection in tuple(self._open):
            connection.invalidate()  # SQLite's would stay open until memory is cleaned up, and Python 3.13 says so
        self._engine.dispose()

    def keys(self, students: Iterable[str]) -> Mapping[tuple[str, str], str]:
        """Return the keys of these students' results by student and exercise, without those that we could not grade."""
        import sqlalchemy as sa

        table = self._tables["result"]
        query = sa.select(table.c.student, table.c.exercise, table.c.key).where(
            table.c.run == self._run, table.c.student.in_(list(students)), table.c.score.is_not(None)
        )
        with self._begin() as connection:
            return {(student, exercise): key for student, exercise, key in connection.execute(query)}

    def put(self, result: Result, sources: Mapping[str, bytes] | None = None) -> None:
        """Keep a result in the place of an earlier one, and the files that it was graded from, by fingerprint."""
        with self._begin() as connection:
            self._put_sources(connection, sources or {})
            self._put(connection, result)

    def put_all(self, results: Iterable[Result]) -> None:
        """Keep several results at once: all of them, or none."""
        with self._begin() as connection:
            for result in results:
                self._put(connection, result)

    def _put(self, connection: sa.Connection, result: Result) -> None:
        row = {
            "run": self._run,
            "student": result.student,
            "exercise": result.exercise,
            "key": result.key,
            "score": result.graded.score,
            "points": result.graded.report.points,
            "report": result.graded.dumps(),
            "work": json.dumps(result.manifest.to_json() if result.manifest else {}),
        }
        connection.execute(self._replace, row)

    def _put_sources(self, connection: sa.Connection, sources: Mapping[str, bytes]) -> None:
        for sha, data in sources.items():
            connection.execute(self._add_source, {"run": self._run, "sha256": sha, "data": zlib.compress(data)})

    def put_pending(self, key: str, graded: Graded) -> None:
        """Keep a result that does not count yet; where it is ungraded, the next one takes its place."""
        table = self._tables["pending"]
        row = {"run": self._run, "key": key, "score": graded.score, "report": graded.dumps()}
        with self._begin() as connection:
            connection.execute(table.delete().where(self._in("pending", None) & (table.c.key == key)))
            connection.execute(table.insert(), row)

    def pending(self, key: str) -> Graded:
        """Return a result that does not count yet."""
        table = self._tables["pending"]
        with self._begin() as connection:
            row = connection.execute(table.select().where(self._in("pending", None) & (table.c.key == key))).one()
        return Graded.loads(row.report)

    def pending_scores(self) -> Mapping[str, float]:
        """Return the scores of pending results by key, without those that could not be graded."""
        import sqlalchemy as sa

        table = self._tables["pending"]
        query = sa.select(table.c.key, table.c.score).where(table.c.run == self._run, table.c.score.is_not(None))
        with self._begin() as connection:
            return {key: score for key, score in connection.execute(query)}

    def with_retry(self, *, pending: bool = False) -> Mapping[str, Graded]:
        """Return the results with a second try, made or still to be made, by key; or those among the pending results."""
        import sqlalchemy as sa

        table = self._tables["pending" if pending else "result"]
        query = sa.select(table.c.key, table.c.report).where(
            table.c.run == self._run, table.c.score.is_not(None), table.c.report.contains(f'"{RETRY_FIELD}": ')
        )
        with self._begin() as connection:
            found = {key: Graded.loads(report) for key, report in connection.execute(query)}
        return {key: graded for key, graded in found.items() if graded.retry is not None}  # not where a student printed the words

    def drop_pending(self) -> None:
        """Remove the pending results: they count by now, or never will."""
        with self._begin() as connection:
            connection.execute(self._tables["pending"].delete().where(self._in("pending", None)))

    def source(self, sha256: str) -> bytes | None:
        """Return a file that was handed in; None where it is no longer kept."""
        import sqlalchemy as sa

        table = self._tables["source"]
        query = sa.select(table.c.data).where(table.c.run == self._run, table.c.sha256 == sha256)
        with self._begin() as connection:
            data = connection.execute(query).scalar()
        return None if data is None else zlib.decompress(data)

    def get(self, student: str, exercise: str) -> Result | None:
        """Return one result."""
        table = self._tables["result"]
        one = self._in("result", student) & (table.c.exercise == exercise)
        with self._begin() as connection:
            row = connection.execute(table.select().where(one)).first()
        return None if row is None else _result(row)

    def all(self) -> Iterator[Result]:
        """Yield every result, by student and exercise, read a few at a time."""
        table = self._tables["result"]
        query = table.select().where(self._in("result", None)).order_by(table.c.student, table.c.exercise)
        with self._begin() as connection, connection.execution_options(yield_per=200).execute(query) as found:
            yield from map(_result, found)

    def scores(self) -> Iterator[tuple[str, str, float | None, float]]:
        """Yield (student, exercise, score or None where ungraded, points) of every result, without the reports."""
        import sqlalchemy as sa

        table = self._tables["result"]
        query = sa.select(table.c.student, table.c.exercise, table.c.score, table.c.points).where(table.c.run == self._run)
        query = query.order_by(table.c.student, table.c.exercise)
        with self._begin() as connection, connection.execution_options(yield_per=2000).execute(query) as found:
            for row in found:
                yield row.student, row.exercise, row.score, row.points

    def put_students(self, students: tuple[Student, ...]) -> None:
        """Keep who is in the class. Students of earlier runs stay, and so do facts that this run does not know."""
        table = self._tables["student"]
        here = table.c.run == self._run
        if len(students) <= _FEW:  # nbgrader submits students one by one; leave other rows alone
            here &= table.c.student.in_([student.id for student in students])
        with self._begin() as connection:
            rows = connection.execute(table.select().where(here))
            known = {row.student: json.loads(row.facts) for row in rows}
            for student in students:
                if (old := known.get(student.id)) is not None and (merged := merge_facts(old, facts_of(student))) != old:
                    here = (table.c.run == self._run) & (table.c.student == student.id)
                    connection.execute(table.update().where(here).values(facts=json.dumps(merged)))
            new = [
                {"run": self._run, "student": one.id, "facts": json.dumps(facts_of(one))}
                for one in students
                if one.id not in known
            ]
            if new:
                connection.execute(table.insert(), new)

    def students(self) -> tuple[Student, ...]:
        """Return the students of the class, by id."""
        table = self._tables["student"]
        with self._begin() as connection:
            rows = connection.execute(table.select().where(table.c.run == self._run).order_by(table.c.student))
            return tuple(student_from(row.student, json.loads(row.facts)) for row in rows)

    def drop(self, students: Iterable[str]) -> None:
        """Remove the results and facts of these students; their files stay for others who handed in the same."""
        import sqlalchemy as sa

        who = [{"who": student} for student in students]
        with self._begin() as connection:
            for name in ("result", "student"):
                table = self._tables[name]
                connection.execute(table.delete().where(self._in(name, None) & (table.c.student == sa.bindparam("who"))), who)

    def put_unplaced(self, unplaced: tuple[Unplaced, ...]) -> None:
        """Keep what the latest run found no place for."""
        table = self._tables["unplaced"]
        rows = [{"run": self._run, "place": place, "path": one.path, "reason": one.reason} for place, one in enumerate(unplaced)]
        with self._begin() as connection:
            connection.execute(table.delete().where(table.c.run == self._run))
            if rows:
                connection.execute(table.insert(), rows)

    def unplaced(self) -> tuple[Unplaced, ...]:
        """Return what the latest run found no place for."""
        table = self._tables["unplaced"]
        with self._begin() as connection:
            rows = connection.execute(table.select().where(table.c.run == self._run).order_by(table.c.place))
            return tuple(Unplaced(path=row.path, reason=row.reason) for row in rows)

    def forget(self, student: str | None = None, *, keep_scores: bool = False) -> None:
        """
        Remove what is known of a student, or everything of this folder.

        With `keep_scores` scores, statuses and times stay, under the student's id; files, words and names go.
        """
        with self._begin() as connection:
            if keep_scores:
                self._strip(connection, student)
            else:
                for name in ("result", "student"):
                    connection.execute(self._tables[name].delete().where(self._in(name, student)))
            connection.execute(self._tables["pending"].delete().where(self._in("pending", None)))
            self._forget_unplaced(connection, student)
            self._forget_sources(connection)
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection, database_errors(self._where):
            if self._engine.dialect.name == "sqlite":
                for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM"):  # deleted rows leave the file, too
                    connection.exec_driver_sql(statement)

    def _in(self, table: str, student: str | None) -> sa.ColumnElement[bool]:
        columns = self._tables[table].c
        here = columns.run == self._run
        return here if student is None else here & (columns.student == student)

    def _strip(self, connection: sa.Connection, student: str | None) -> None:
        """Leave scores and statuses, and nothing that the student wrote."""
        import sqlalchemy as sa

        result, people = self._tables["result"].c, self._tables["student"]
        one = self._in("result", None) & (result.student == sa.bindparam("who")) & (result.exercise == sa.bindparam("what"))
        strip = self._tables["result"].update().where(one).values(report=sa.bindparam("bare"), work="{}", key="")
        forget = people.update().where(self._in("student", None) & (people.c.student == sa.bindparam("who")))
        forget = forget.values(facts=sa.bindparam("bare"))
        facts = connection.execute(people.select().where(self._in("student", student))).all()
        nameless = [{"who": row.student, "bare": json.dumps({**json.loads(row.facts), **NAMELESS})} for row in facts]
        for some in (nameless[start : start + 200] for start in range(0, len(nameless), 200)):
            theirs = self._in("result", None) & result.student.in_([one["who"] for one in some])
            rows = connection.execute(self._tables["result"].select().where(theirs)).all()
            bare = [
                {"who": row.student, "what": row.exercise, "bare": without_student_text(Graded.loads(row.report)).dumps()}
                for row in rows
            ]
            if bare:
                connection.execute(strip, bare)
            connection.execute(forget, some)

    def _forget_unplaced(self, connection: sa.Connection, student: str | None) -> None:
        table = self._tables["unplaced"]
        here = table.c.run == self._run
        for row in connection.execute(table.select().where(here)).all():
            if student is None or mentions(student, row.path, row.reason):
                connection.execute(table.delete().where(here, table.c.place == row.place))

    def _forget_sources(self, connection: sa.Connection) -> None:
        """Remove files that no result was graded from."""
        import sqlalchemy as sa

        result, source = self._tables["result"], self._tables["source"]
        kept: set[str] = set()
        for work in connection.execute(sa.select(result.c.work).where(result.c.run == self._run)).scalars():
            manifest = Manifest.from_json(json.loads(work))
            kept.update(sha256 for _, sha256 in (manifest.files if manifest else ()))
        for sha in connection.execute(sa.select(source.c.sha256).where(source.c.run == self._run)).scalars().all():
            if sha not in kept:
                connection.execute(source.delete().where(source.c.run == self._run, source.c.sha256 == sha))

    def _check_schema(self, connection: sa.Connection) -> None:
        table = self._tables["schema"]
        table.metadata.create_all(connection)
        found = connection.execute(table.select()).scalar()
        if found is None:
            connection.execute(table.insert(), {"version": SCHEMA})
        elif found != SCHEMA:
            what = f"Its tables are of version {found}; this version of grader reads version {SCHEMA}."
            raise GraderError(Fault(self._where, what, "Use the version that wrote it, or grade into another folder."))

    @contextmanager
    def _begin(self) -> Iterator[sa.Connection]:
        with database_errors(self._where), self._engine.begin() as connection:
            self._open.add(connection)
            try:
                yield connection
            finally:
                self._open.discard(connection)


def open_results(out: Out, url: str | None = None) -> Results:
    """Open the results of a folder. Raises GraderError when SQLAlchemy is not installed or the database cannot be used."""
    where = str(out.database) if url is None else "the database"
    engine = open_engine(url, out.database)
    try:
        return Results(engine, out.state.run, where)
    except GraderError:
        engine.dispose()
        raise


def _result(row: sa.Row[Any]) -> Result:
    return Result(
        student=row.student,
        exercise=row.exercise,
        key=row.key,
        graded=Graded.loads(row.report),
        manifest=Manifest.from_json(json.loads(row.work)),
    )
