"""Students x exercises: the table of scores."""

from __future__ import annotations

import csv
import io
import itertools
import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.batch.rules import Rules, read_rules
from grader.outcome import Status

if TYPE_CHECKING:
    from grader.batch.intake import Unplaced
    from grader.batch.out import Out
    from grader.batch.results import Results
    from grader.batch.roster import Student
    from grader.marking import Lateness, Override

MOST_NAMED = 40  # students named in a group; the others are counted
FEWEST_FOR_STATISTICS = 5  # students: with fewer, a correlation says nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Points given by hand, and what the grader found in their place; None where it found nothing that could be graded."""

    override: Override
    found: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """
    One student's scores, points given by hand among them.

    An exercise that is not in `scores` was not handed in; None is one that we could not grade. `lateness` is None where
    no rule asks for it, or nobody knows when this student handed in.
    """

    student: Student
    scores: Mapping[str, float | None]
    given: tuple[Given, ...] = ()
    late_seconds: float | None = None
    lateness: Lateness | None = None

    @property
    def earned(self) -> float | None:
        """The points earned; None when nothing was handed in, or while something is ungraded."""
        scores = list(self.scores.values())
        if not scores or None in scores:
            return None
        return sum(score for score in scores if score is not None)

    @property
    def penalty(self) -> float | None:
        """The points lost by being late; None where the points or the lateness are not known."""
        if self.earned is None or self.lateness is None:
            return None
        return round(self.earned * self.lateness.share, 10)

    @property
    def total(self) -> float | None:
        """The points earned, less what being late costs; None as for `earned`."""
        return None if self.earned is None else self.earned - (self.penalty or 0.0)


def rows(out: Out, results: Results) -> Iterator[Row]:
    """Every student in the order of their ids, those without results too."""
    marks = Marks(read_rules(out), due_of(out), lambda student, exercise: _report(results, student, exercise))
    groups = itertools.groupby(results.scores(), key=lambda one: one[0])
    graded = next(groups, None)
    for student in results.students():
        scores: dict[str, float | None] = {}
        if graded is not None and graded[0] == student.id:
            scores = {exercise: score for _, exercise, score, _ in graded[1]}
            graded = next(groups, None)
        yield marks.row(student, scores)


def due_of(out: Out) -> datetime | None:
    """When the assignment is due."""
    return datetime.fromisoformat(out.state.due) if out.state.due else None


def _report(results: Results, student: str, exercise: str) -> Mapping[str, Any] | None:
    result = results.get(student, exercise)
    return result.report if result else None


class Marks:
    """What the rules make of verdicts. `report_of` finds the report of a student on an exercise, where there is one."""

    def __init__(self, rules: Rules, due: datetime | None, report_of: Callable[[str, str], Mapping[str, Any] | None]) -> None:
        self._rules = rules
        self._due = due
        self._report_of = report_of
        self._overrides: dict[str, list[Override]] = {}
        for one in rules.overrides:
            self._overrides.setdefault(one.student, []).append(one)

    def row(self, student: Student, found: Mapping[str, float | None]) -> Row:
        """One student's row: the scores that were found, points given by hand in their place, and what being late costs."""
        overrides = self._overrides.get(student.id, ())
        scores = dict(found)
        given: list[Given] = []
        for exercise in dict.fromkeys(one.exercise for one in overrides):
            mine = [one for one in overrides if one.exercise == exercise]
            if not mine[0].target:
                given.append(Given(override=mine[0], found=found.get(exercise)))
                scores[exercise] = mine[0].points
            elif (report := self._report_of(student.id, exercise)) is not None:
                targets = {target["name"]: target["score"] for target in report["targets"]}
                given += [Given(override=one, found=targets[one.target]) for one in mine if one.target in targets]
                scores[exercise] = _with_points(report, {one.target: one.points for one in mine})
        row = Row(student=student, scores=scores, given=tuple(given))
        at, due, rule = student.submitted_at, self._due, self._rules.late
        if at is None or due is None:
            return row
        if rule is None or not scores:
            return replace(row, late_seconds=max(0.0, round((at - due).total_seconds())))
        lateness = rule.lateness(student.id, due, at, self._rules.free_days(student.id))
        return replace(row, lateness=lateness, late_seconds=lateness.seconds)


def _with_points(report: Mapping[str, Any], given: Mapping[str, float]) -> float | None:
    """The score of a report with other points for some of its targets."""
    scores = [given.get(target["name"], target["score"]) for target in report["targets"]]
    return None if None in scores else sum(scores)


def write_grades(out: Out, results: Results) -> Path:
    """
    `OUT/grades.csv`: a row a student, a column an exercise, the total, when it was handed in, what being late cost.

    Empty is not submitted, ungraded, or not known.
    """
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", *out.state.exercises, "total", "submitted_at", "late_seconds", "late_penalty"])
    for row in rows(out, results):
        at = row.student.submitted_at
        scores = (number(row.scores.get(exercise)) for exercise in out.state.exercises)
        when = (at.isoformat() if at else "", number(row.late_seconds), number(row.penalty))
        table.writerow([cell(row.student.id), *scores, number(row.total), *when])
    path = out.path / "grades.csv"
    out.write(path, text.getvalue())
    return path


def number(score: float | None) -> str:
    """A score as a table has it; nothing for none."""
    return "" if score is None else f"{score:.10g}"


def cell(text: str) -> str:
    """
    Text that a spreadsheet takes for text: `=1+1` would be run as a formula.

    >>> cell("=HYPERLINK(0)"), cell("s01")
    ("'=HYPERLINK(0)", 's01')
    """
    return f"'{text}" if text.lstrip()[:1] in {"=", "+", "-", "@"} or text[:1] in {"\t", "\r", "\n"} else text


# What the answers say of the exercises


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    One target over the class.

    `difficulty` is the mean share of its points that was earned: 1 is easy. `discrimination` is how much larger that is
    among the 27% of students who did best in the rest than among the 27% who did worst; `point_biserial` the correlation
    of the share with the score in the rest. None where too few answered, or nothing varies.
    """

    exercise: str
    title: str
    call: str
    name: str
    kind: str
    of: str
    wrt: str | None
    points: float
    answered: int
    difficulty: float | None
    discrimination: float | None
    point_biserial: float | None
    statuses: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A mistake that was named: how many made it, of how many who got the target wrong, and who, to look at one."""

    exercise: str
    target: str
    rule: str
    text: str
    count: int
    wrong: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Students whose wrong answers to a target are the same to the last digit."""

    exercise: str
    target: str
    status: str
    what: str
    rule: str | None  # None: no known mistake explains it
    count: int
    students: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something for staff to look at: a flag, or an answer that we could not grade."""

    student: str
    exercise: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What a class's results come to."""

    title: str
    points: float
    students: int
    totals: tuple[float, ...]  # of those who handed in and are graded throughout
    items: tuple[Item, ...]
    mistakes: tuple[Mistake, ...]
    behaviours: tuple[Behaviour, ...]
    flags: tuple[Notice, ...]
    ungraded: tuple[Notice, ...]
    unplaced: tuple[Unplaced, ...]
    seconds: Mapping[str, tuple[float, float]]  # of an exercise: sum, longest
    isolation: Mapping[str, int]

    @property
    def unusual(self) -> tuple[Behaviour, ...]:
        """Equal wrong answers that nothing explains, shared by few: worth a look, and no more than that."""
        few = max(3, self.students // 50)
        return tuple(one for one in self.behaviours if one.rule is None and 2 <= one.count <= few and one.status == "wrong_value")


def analyse(out: Out, results: Results) -> Analysis:
    """The class's answers, read once; what is kept of each is a few numbers."""
    seen = _Seen()
    for result in results.all():
        seen.add(result.student, result.report)
    order = {exercise: place for place, exercise in enumerate(out.state.exercises)}
    totals = tuple(row.total for row in rows(out, results) if row.total is not None)
    students = len(results.students())
    return Analysis(
        title=out.state.title or out.state.assignment,
        points=sum(seen.points.values()),
        students=students,
        totals=totals,
        items=tuple(sorted(seen.items(), key=lambda item: order.get(item.exercise, len(order)))),
        mistakes=tuple(seen.mistakes()),
        behaviours=tuple(seen.behaviours()),
        flags=tuple(seen.flags),
        ungraded=tuple(seen.ungraded),
        unplaced=results.unplaced(),
        seconds={id: seen.seconds[id] for id in sorted(seen.seconds, key=lambda id: order.get(id, len(order)))},
        isolation=dict(seen.isolation),
    )


_Key = tuple[str, str, str]  # exercise, function, target


@dataclass(slots=True)
class _Group:
    count: int = 0
    students: list[str] = field(default_factory=list)
    example: Mapping[str, Any] = field(default_factory=dict)

    def add(self, student: str, target: Mapping[str, Any]) -> None:
        self.count += 1
        self.example = self.example or target
        if len(self.students) < MOST_NAMED:
            self.students.append(student)


@dataclass(slots=True)
class _Seen:
    """Running counts over the results."""

    facts: dict[_Key, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)  # title, one target's report
    shares: dict[_Key, array[float]] = field(default_factory=dict)  # of the points, by student; NaN: no score
    statuses: dict[_Key, Counter[str]] = field(default_factory=dict)
    named: dict[tuple[_Key, str, str], _Group] = field(default_factory=dict)
    alike: dict[tuple[_Key, str], _Group] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)  # students, as small as memory wants them
    points: dict[str, float] = field(default_factory=dict)
    seconds: dict[str, tuple[float, float]] = field(default_factory=dict)
    flags: list[Notice] = field(default_factory=list)
    ungraded: list[Notice] = field(default_factory=list)
    isolation: Counter[str] = field(default_factory=Counter)

    def add(self, student: str, report: Mapping[str, Any]) -> None:
        exercise = report["exercise"]
        who = self.numbers.setdefault(student, len(self.numbers))
        self.points[exercise] = report["points"]
        total, longest = self.seconds.get(exercise, (0.0, 0.0))
        self.seconds[exercise] = (total + report["seconds"], max(longest, report["seconds"]))
        if report["layers"]:
            self.isolation[", ".join(report["layers"])] += 1
        self.flags += [Notice(student=student, exercise=exercise, what=flag) for flag in report["flags"]]
        for target in report["targets"]:
            key = (exercise, target["call"], target["name"])
            self.facts.setdefault(key, (report.get("title") or exercise, target))
            self.statuses.setdefault(key, Counter())[target["status"]] += 1
            if target["score"] is None:
                self.ungraded.append(Notice(student=student, exercise=exercise, what=target["detail"]))
                continue
            shares = self.shares.setdefault(key, array("d"))
            shares.extend([math.nan] * (who + 1 - len(shares)))
            shares[who] = target["score"] / target["points"] if target["points"] else 0.0
            if target["status"] not in {Status.CORRECT, Status.MISSING}:
                self._add_wrong(key, student, target)

    def _add_wrong(self, key: _Key, student: str, target: Mapping[str, Any]) -> None:
        if found := target["diagnosis"]:
            self.named.setdefault((key, found["rule"], found["text"]), _Group()).add(student, target)
        self.alike.setdefault((key, _fingerprint(target)), _Group()).add(student, target)

    def items(self) -> Iterator[Item]:
        scores = array("d", bytes(8 * len(self.numbers)))
        for key, shares in self.shares.items():
            for who, share in enumerate(shares):
                scores[who] += 0.0 if math.isnan(share) else share * self.facts[key][1]["points"]
        for key, (title, target) in self.facts.items():
            shares = self.shares.get(key, array("d"))
            pairs = [(share, scores[who] - share * target["points"]) for who, share in enumerate(shares) if not math.isnan(share)]
            yield Item(
                exercise=key[0],
                title=title,
                call=key[1],
                name=key[2],
                kind=target["kind"],
                of=target["of"],
                wrt=target["wrt"],
                points=target["points"],
                answered=len(pairs),
                difficulty=math.fsum(share for share, _ in pairs) / len(pairs) if pairs else None,
                discrimination=_discrimination(pairs),
                point_biserial=_correlation(pairs),
                statuses=dict(self.statuses[key].most_common()),
            )

    def mistakes(self) -> list[Mistake]:
        found = [
            Mistake(
                exercise=key[0],
                target=key[2],
                rule=rule,
                text=text,
                count=group.count,
                wrong=sum(self.statuses[key].values()) - self.statuses[key][Status.CORRECT] - self.statuses[key][Status.UNGRADED],
                example=group.students[0],
            )
            for (key, rule, text), group in self.named.items()
        ]
        return sorted(found, key=lambda one: (-one.count, one.exercise, one.target))

    def behaviours(self) -> list[Behaviour]:
        found = [
            Behaviour(
                exercise=key[0],
                target=key[2],
                status=group.example["status"],
                what=_what(group.example),
                rule=(group.example["diagnosis"] or {}).get("rule"),
                count=group.count,
                students=tuple(group.students),
            )
            for (key, _), group in self.alike.items()
            if group.count > 1
        ]
        return sorted(found, key=lambda one: (-one.count, one.exercise, one.target))


def _fingerprint(target: Mapping[str, Any]) -> str:
    """What two answers have in common that behave alike: status, how many cases are right, the entry furthest out."""
    example = target["counterexample"] or {}
    told = (target["status"], target["cases"], example.get("case"), example.get("index"), example.get("actual"), target["detail"])
    return repr(told)


def _what(target: Mapping[str, Any]) -> str:
    example = target["counterexample"]
    if target["diagnosis"]:
        return str(target["diagnosis"]["text"])
    if target["status"] == Status.WRONG_VALUE and example and example["actual"] is not None:
        place = ", ".join(map(str, example["index"]))
        return (
            f"{target['name']}[{place}] is {example['actual']} where {example['expected']} is expected (case {example['case']})"
        )
    return str(target["detail"])


def _correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Pearson's, of the share of an item with the score in the rest."""
    if len(pairs) < FEWEST_FOR_STATISTICS:
        return None
    mean = [math.fsum(pair[side] for pair in pairs) / len(pairs) for side in (0, 1)]
    apart = [[pair[side] - mean[side] for pair in pairs] for side in (0, 1)]
    spread = [math.sqrt(math.fsum(x * x for x in side)) for side in apart]
    if min(spread) < 1e-12:
        return None
    return math.fsum(x * y for x, y in zip(*apart, strict=True)) / (spread[0] * spread[1])


def _discrimination(pairs: Sequence[tuple[float, float]]) -> float | None:
    """The mean share of the best 27% in the rest, less that of the worst 27%: Kelley's groups."""
    size = round(0.27 * len(pairs))
    if len(pairs) < FEWEST_FOR_STATISTICS or size == 0:
        return None
    ordered = sorted(pairs, key=lambda pair: pair[1])
    return _mean_of_first(ordered[::-1], size) - _mean_of_first(ordered, size)


def _mean_of_first(ordered: Sequence[tuple[float, float]], size: int) -> float:
    """The mean share of the first ones; those who tie for the last places count in part, whatever their names are."""
    border = ordered[size - 1][1]
    within = [share for share, rest in ordered[:size] if rest != border]
    tied = [share for share, rest in ordered if rest == border]
    return (math.fsum(within) + (size - len(within)) * math.fsum(tied) / len(tied)) / size
