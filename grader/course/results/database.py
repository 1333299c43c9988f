"""
What is graded so far, kept as it comes: each result is on disk before the next one counts as begun.

SQLite in OUT, or a database of PostgreSQL. A killed run loses what was in flight and nothing else.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from grader.course.intake.files import Unplaced
from grader.course.intake.students import Student
from grader.course.results.connection import database_errors, make_private, quick_but_safe
from grader.course.results.forgetting import NAMELESS, mentions, without_student_text
from grader.course.results.out import Out
from grader.course.results.people import facts_of, merge_facts, student_from
from grader.course.results.schema import SCHEMA, adding, replacing, tables
from grader.errors import Fault, GraderError
from grader.installed import install_command

if TYPE_CHECKING:
    import sqlalchemy as sa

TRIED: Final = "tried_alone"  # in a report that the wall clock ended: how many seconds a second try alone took; None before it
_FEW = 100  # students: databases take so many names in one question


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One submission of one exercise: what it was graded from (`key`), and its report as JSON data."""

    student: str
    exercise: str
    key: str
    report: Mapping[str, Any]
    work: Mapping[str, Any] = field(default_factory=dict)  # what was handed in, files by their fingerprints

    @property
    def is_ungraded(self) -> bool:
        """Whether some target has no score, for a reason of ours."""
        return self.report["score"] is None


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
        """What these students' results were graded from, by student and exercise; what we could not grade is left out."""
        import sqlalchemy as sa

        table = self._tables["result"]
        query = sa.select(table.c.student, table.c.exercise, table.c.key).where(
            table.c.run == self._run, table.c.student.in_(list(students)), table.c.score.is_not(None)
        )
        with self._begin() as connection:
            return {(student, exercise): key for student, exercise, key in connection.execute(query)}

    def put(self, result: Result, sources: Mapping[str, bytes] | None = None) -> None:
        """Keeps a result in the place of an earlier one, and the files that it was graded from, by fingerprint."""
        with self._begin() as connection:
            self._put_sources(connection, sources or {})
            self._put(connection, result)

    def put_all(self, results: Iterable[Result]) -> None:
        """Keeps several at once: all of them, or none."""
        with self._begin() as connection:
            for result in results:
                self._put(connection, result)

    def _put(self, connection: sa.Connection, result: Result) -> None:
        row = {
            "run": self._run,
            "student": result.student,
            "exercise": result.exercise,
            "key": result.key,
            "score": result.report["score"],
            "points": result.report["points"],
            "report": json.dumps(result.report),
            "work": json.dumps(result.work),
        }
        connection.execute(self._replace, row)

    def _put_sources(self, connection: sa.Connection, sources: Mapping[str, bytes]) -> None:
        for sha, data in sources.items():
            connection.execute(self._add_source, {"run": self._run, "sha256": sha, "data": zlib.compress(data)})

    def put_pending(self, key: str, report: Mapping[str, Any]) -> None:
        """Keeps a report that is not to count yet; of one that could not be graded, only until the next."""
        table = self._tables["pending"]
        row = {"run": self._run, "key": key, "score": report["score"], "report": json.dumps(report)}
        with self._begin() as connection:
            connection.execute(table.delete().where(self._in("pending", None) & (table.c.key == key)))
            connection.execute(table.insert(), row)

    def pending(self, key: str) -> Mapping[str, Any]:
        """A report that is not to count yet."""
        table = self._tables["pending"]
        with self._begin() as connection:
            row = connection.execute(table.select().where(self._in("pending", None) & (table.c.key == key))).one()
        report: Mapping[str, Any] = json.loads(row.report)
        return report

    def pending_scores(self) -> Mapping[str, float]:
        """The scores of these reports by key; without those that could not be graded."""
        import sqlalchemy as sa

        table = self._tables["pending"]
        query = sa.select(table.c.key, table.c.score).where(table.c.run == self._run, table.c.score.is_not(None))
        with self._begin() as connection:
            return {key: score for key, score in connection.execute(query)}

    def tried_alone(self, *, pending: bool = False) -> Mapping[str, Mapping[str, Any]]:
        """The reports, by key, that were tried a second time alone or still are to be; or those that are not to count yet."""
        import sqlalchemy as sa

        table = self._tables["pending" if pending else "result"]
        query = sa.select(table.c.key, table.c.report).where(
            table.c.run == self._run, table.c.score.is_not(None), table.c.report.contains(f'"{TRIED}": ')
        )
        with self._begin() as connection:
            found = {key: json.loads(report) for key, report in connection.execute(query)}
        return {key: {TRIED: report[TRIED], "seconds": report["seconds"]} for key, report in found.items() if TRIED in report}

    def drop_pending(self) -> None:
        """Removes these reports: they count by now, or never will."""
        with self._begin() as connection:
            connection.execute(self._tables["pending"].delete().where(self._in("pending", None)))

    def source(self, sha256: str) -> bytes | None:
        """A file that was handed in."""
        import sqlalchemy as sa

        table = self._tables["source"]
        query = sa.select(table.c.data).where(table.c.run == self._run, table.c.sha256 == sha256)
        with self._begin() as connection:
            data = connection.execute(query).scalar()
        return None if data is None else zlib.decompress(data)

    def get(self, student: str, exercise: str) -> Result | None:
        """One result."""
        table = self._tables["result"]
        one = self._in("result", student) & (table.c.exercise == exercise)
        with self._begin() as connection:
            row = connection.execute(table.select().where(one)).first()
        return None if row is None else _result(row)

    def all(self) -> Iterator[Result]:
        """Every result, by student and exercise, read a few at a time."""
        table = self._tables["result"]
        query = table.select().where(self._in("result", None)).order_by(table.c.student, table.c.exercise)
        with self._begin() as connection, connection.execution_options(yield_per=200).execute(query) as found:
            yield from map(_result, found)

    def scores(self) -> Iterator[tuple[str, str, float | None, float]]:
        """(student, exercise, score or None where ungraded, points) of every result, without the reports."""
        import sqlalchemy as sa

        table = self._tables["result"]
        query = sa.select(table.c.student, table.c.exercise, table.c.score, table.c.points).where(table.c.run == self._run)
        query = query.order_by(table.c.student, table.c.exercise)
        with self._begin() as connection, connection.execution_options(yield_per=2000).execute(query) as found:
            for row in found:
                yield row.student, row.exercise, row.score, row.points

    def put_students(self, students: tuple[Student, ...]) -> None:
        """Keeps who is in the class. Students of earlier runs stay, and so does what this run does not know of one."""
        table = self._tables["student"]
        here = table.c.run == self._run
        if len(students) <= _FEW:  # nbgrader brings one after the other: the others are none of this one's business
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
        """Who is in the class, by id."""
        table = self._tables["student"]
        with self._begin() as connection:
            rows = connection.execute(table.select().where(table.c.run == self._run).order_by(table.c.student))
            return tuple(student_from(row.student, json.loads(row.facts)) for row in rows)

    def drop(self, students: Iterable[str]) -> None:
        """Removes results and facts of these students; the files stay for those who handed in the same."""
        import sqlalchemy as sa

        who = [{"who": student} for student in students]
        with self._begin() as connection:
            for name in ("result", "student"):
                table = self._tables[name]
                connection.execute(table.delete().where(self._in(name, None) & (table.c.student == sa.bindparam("who"))), who)

    def put_unplaced(self, unplaced: tuple[Unplaced, ...]) -> None:
        """Keeps what the latest run found no place for."""
        table = self._tables["unplaced"]
        rows = [{"run": self._run, "place": place, "path": one.path, "reason": one.reason} for place, one in enumerate(unplaced)]
        with self._begin() as connection:
            connection.execute(table.delete().where(table.c.run == self._run))
            if rows:
                connection.execute(table.insert(), rows)

    def unplaced(self) -> tuple[Unplaced, ...]:
        """What the latest run found no place for."""
        table = self._tables["unplaced"]
        with self._begin() as connection:
            rows = connection.execute(table.select().where(table.c.run == self._run).order_by(table.c.place))
            return tuple(Unplaced(path=row.path, reason=row.reason) for row in rows)

    def forget(self, student: str | None = None, *, keep_marks: bool = False) -> None:
        """
        Removes what is known of a student, or everything of this folder.

        With `keep_marks` scores, statuses and times stay, under the student's id; files, words and names go.
        """
        with self._begin() as connection:
            if keep_marks:
                self._strip(connection, student)
            else:
                for name in ("result", "student"):
                    connection.execute(self._tables[name].delete().where(self._in(name, student)))
            connection.execute(self._tables["pending"].delete().where(self._in("pending", None)))
            self._forget_unplaced(connection, student)
            self._forget_sources(connection)
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection, database_errors(self._where):
            if self._engine.dialect.name == "sqlite":
                for statement in ("PRAGMA wal_checkpoint(TRUNCATE)", "VACUUM"):  # what was deleted leaves the file, too
                    connection.exec_driver_sql(statement)

    def _in(self, table: str, student: str | None) -> sa.ColumnElement[bool]:
        columns = self._tables[table].c
        here = columns.run == self._run
        return here if student is None else here & (columns.student == student)

    def _strip(self, connection: sa.Connection, student: str | None) -> None:
        """Leaves the marks of what was found, and nothing that tells what it was found in."""
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
            bare = [{"who": row.student, "what": row.exercise, "bare": without_student_text(row.report)} for row in rows]
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
        """Removes files that no result was graded from."""
        import sqlalchemy as sa

        result, source = self._tables["result"], self._tables["source"]
        kept: set[str] = set()
        for work in connection.execute(sa.select(result.c.work).where(result.c.run == self._run)).scalars():
            kept.update(sha for _, sha in json.loads(work).get("files", ()))
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
    """The results of a folder. Raises GraderError when SQLAlchemy is not installed or the database cannot be used."""
    try:
        import sqlalchemy as sa
    except ImportError:
        what = "Grading a class keeps its results with SQLAlchemy, which is not installed."
        raise GraderError(Fault("", what, f"Install it: {install_command('class')}")) from None
    where = str(out.database) if url is None else "the database"
    try:
        engine = sa.create_engine(url or sa.URL.create("sqlite", database=str(out.database)))
    except (sa.exc.ArgumentError, ImportError) as error:
        what = f"The address cannot be used: {type(error).__name__}: {str(error).splitlines()[0]}"
        raise GraderError(Fault("--db", what, "It looks like postgresql+psycopg://HOST/NAME.")) from None
    if engine.dialect.name not in {"sqlite", "postgresql"}:
        what = f"Results are kept in SQLite or PostgreSQL, not in {engine.dialect.name}."
        raise GraderError(Fault("--db", what, "An address looks like postgresql+psycopg://HOST/NAME."))
    if engine.dialect.name == "sqlite":
        make_private(engine.url.database or "")
        sa.event.listen(engine, "connect", quick_but_safe)
    try:
        return Results(engine, out.state.run, where)
    except GraderError:
        engine.dispose()
        raise


def _result(row: sa.Row[Any]) -> Result:
    return Result(
        student=row.student, exercise=row.exercise, key=row.key, report=json.loads(row.report), work=json.loads(row.work)
    )
