"""Analyse a class's answers: its exercises, the mistakes that it makes, and answers that are alike."""

from __future__ import annotations

import hashlib
import itertools
import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.course.results.gradebook import rows
from grader.course.results.item_statistics import correlation, discrimination
from grader.outcome import Report, Status, TargetReport

if TYPE_CHECKING:
    from grader.course.intake.files import Unplaced
    from grader.course.results.database import Results
    from grader.course.results.out import Out

MOST_NAMED = 40  # students named in a group; the others are counted
MOST_IN_PAIRS = 6  # students of an unusual answer that are looked at two by two


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    One target over the class.

    `difficulty` is the mean share of its points that was earned: 1 is easy. `discrimination` is how much larger that is
    among the 27% of students who did best in the rest than among the 27% who did worst; `point_biserial` the correlation
    of the share with the share of the rest. None where too few answered, or where nothing varies.
    """

    exercise: str
    target: TargetReport  # some student's: the question is the same for all
    answered: int
    difficulty: float | None
    discrimination: float | None
    point_biserial: float | None
    statuses: Mapping[Status, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudentGroup:
    """Students who did the same: how many, and the ids of the first of them."""

    count: int
    students: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakeKind:
    """
    One kind of wrong answer over all targets: a mistake that was named, or the status of answers that nothing explains.

    `answers` counts answers, `group` students; `example` is where to look at one.
    """

    rule: str | None
    status: Status | None  # None where a rule is named
    answers: int
    group: StudentGroup
    example: tuple[str, str]  # student, exercise


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedMistake:
    """A mistake that was named in answers to one target: by whom, in how many wrong answers, and an example."""

    exercise: str
    rule: str
    text: str
    group: StudentGroup
    wrong: int
    example: TargetReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """Students whose wrong answers to a target are the same."""

    exercise: str
    group: StudentGroup
    example: TargetReport

    @property
    def rule(self) -> str | None:
        """The known mistake that explains them; None for none."""
        return self.example.diagnosis.rule if self.example.diagnosis else None

    @property
    def is_by_one_number(self) -> bool:
        """Whether all that is known to be the same is one entry of the smallest failing case: the others may differ."""
        return self.example.status is Status.WRONG_VALUE and not self.example.answers_sha256


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two students who share more than one unusual wrong answer, and how many unusual answers each of them has in all."""

    students: tuple[str, str]
    shared: tuple[tuple[str, str], ...]  # exercise, target
    unexplained: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """Something for staff to look at: a flag, or a reason for which answers could not be graded."""

    exercise: str
    what: str
    group: StudentGroup


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long an exercise took to grade, and whose answer took longest."""

    exercise: str
    answers: int
    total_seconds: float
    longest_seconds: float
    slowest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The analysis of a class's results."""

    title: str
    exercises: tuple[str, ...]
    points: float
    students: int
    totals: tuple[float, ...]  # totals of students who handed in and are graded throughout
    items: tuple[Item, ...]
    wrong: int  # answers that were tried and are wrong
    kinds: tuple[MistakeKind, ...]
    mistakes: tuple[NamedMistake, ...]
    behaviours: tuple[Behaviour, ...]
    pairs: tuple[Pair, ...]
    flags: tuple[Notice, ...]
    ungraded: tuple[Notice, ...]
    unplaced: tuple[Unplaced, ...]
    timings: tuple[Timing, ...]
    isolation: Mapping[str, int]

    @property
    def unusual(self) -> tuple[Behaviour, ...]:
        """Equal wrong values that no known mistake explains and few students share: worth a look, and no more than that."""
        return tuple(one for one in self.behaviours if _is_unusual(one, self.students))


def analyse(out: Out, results: Results) -> Analysis:
    """Analyse the class's answers. They are read once; of each only a few numbers are kept, and examples are read again."""
    seen = _Seen()
    order = {exercise: place for place, exercise in enumerate(out.state.exercises)}
    for result in results.all():
        if result.exercise in order:
            seen.add(result.student, result.graded.final)
    place = order.__getitem__

    totals = tuple(row.total for row in rows(out, results) if row.total is not None)
    students = len(results.students())
    behaviours = tuple(seen.behaviours(lambda student, key: _target(results, student, key)))
    return Analysis(
        title=out.state.title or out.state.assignment,
        exercises=tuple(sorted(seen.points, key=place)),
        points=sum(seen.points.values()),
        students=students,
        totals=totals,
        items=tuple(sorted(seen.items(), key=lambda item: place(item.exercise))),
        wrong=sum(seen.wrong.values()),
        kinds=tuple(seen.kinds()),
        mistakes=tuple(seen.mistakes()),
        behaviours=behaviours,
        pairs=tuple(_pairs([one for one in behaviours if _is_unusual(one, students)], seen.unexplained)),
        flags=_notices(seen.flags),
        ungraded=_notices(seen.ungraded),
        unplaced=results.unplaced(),
        timings=tuple(sorted(seen.timings.values(), key=lambda one: place(one.exercise))),
        isolation=dict(seen.isolation.most_common()),
    )


_Key = tuple[str, str, str]  # exercise, function, target


@dataclass(slots=True)
class _GrowingGroup:
    """A group to which students are added one after another, so that the last one tells whether this one is new."""

    answers: int = 0
    count: int = 0
    students: list[str] = field(default_factory=list)
    last: str = ""

    def add(self, student: str) -> None:
        self.answers += 1
        if self.count and student == self.last:
            return
        self.count += 1
        self.last = student
        if len(self.students) < MOST_NAMED:
            self.students.append(student)

    def whole(self) -> StudentGroup:
        return StudentGroup(count=self.count, students=tuple(self.students))


@dataclass(slots=True)
class _Seen:
    """Running counts over the results."""

    facts: dict[_Key, TargetReport] = field(default_factory=dict)
    shares: dict[_Key, array[float]] = field(default_factory=dict)  # share of the points by student; NaN: no score
    statuses: dict[_Key, Counter[Status]] = field(default_factory=dict)
    wrong: Counter[_Key] = field(default_factory=Counter)
    named: dict[tuple[_Key, str, str], tuple[TargetReport, _GrowingGroup]] = field(default_factory=dict)
    alike: dict[bytes, tuple[_Key, _GrowingGroup]] = field(default_factory=dict)  # by fingerprint: most groups have one member
    by_kind: dict[tuple[str | None, Status | None], tuple[tuple[str, str], _GrowingGroup]] = field(default_factory=dict)
    unexplained: Counter[str] = field(default_factory=Counter)
    numbers: dict[str, int] = field(default_factory=dict)  # students as numbers, to save memory
    points: dict[str, float] = field(default_factory=dict)
    timings: dict[str, Timing] = field(default_factory=dict)
    flags: dict[tuple[str, str], _GrowingGroup] = field(default_factory=dict)
    ungraded: dict[tuple[str, str], _GrowingGroup] = field(default_factory=dict)
    isolation: Counter[str] = field(default_factory=Counter)

    def add(self, student: str, report: Report) -> None:
        exercise = report.exercise
        who = self.numbers.setdefault(student, len(self.numbers))
        self.points[exercise] = report.points
        if report.layers:
            self.isolation[", ".join(report.layers)] += 1
        self._add_time(student, report)
        for flag in report.flags:
            self.flags.setdefault((exercise, flag), _GrowingGroup()).add(student)
        for target in report.targets:
            key = (exercise, target.call, target.name)
            self.facts.setdefault(key, target)
            self.statuses.setdefault(key, Counter())[target.status] += 1
            if target.score is None:
                self.ungraded.setdefault((exercise, target.detail), _GrowingGroup()).add(student)
                continue
            shares = self.shares.setdefault(key, array("d"))
            shares.extend([math.nan] * (who + 1 - len(shares)))
            shares[who] = target.score / target.points if target.points else float(target.status is Status.CORRECT)
            if target.status is not Status.CORRECT and not target.status.is_unanswered:
                self._add_wrong(key, student, target)

    def _add_time(self, student: str, report: Report) -> None:
        new = Timing(
            exercise=report.exercise, answers=1, total_seconds=report.seconds, longest_seconds=report.seconds, slowest=student
        )
        old = self.timings.get(report.exercise, new)
        if old is not new:
            slower = max(old, new, key=lambda one: one.longest_seconds)
            new = Timing(
                exercise=report.exercise,
                answers=old.answers + 1,
                total_seconds=old.total_seconds + report.seconds,
                longest_seconds=slower.longest_seconds,
                slowest=slower.slowest,
            )
        self.timings[report.exercise] = new

    def _add_wrong(self, key: _Key, student: str, target: TargetReport) -> None:
        self.wrong[key] += 1
        found = target.diagnosis
        if found:
            self.named.setdefault((key, found.rule, found.text), (target, _GrowingGroup()))[1].add(student)
        kind = (found.rule, None) if found else (None, target.status)
        self.by_kind.setdefault(kind, ((student, key[0]), _GrowingGroup()))[1].add(student)
        self.unexplained[student] += int(target.status is Status.WRONG_VALUE and not found)
        self.alike.setdefault(_fingerprint(key, target), (key, _GrowingGroup()))[1].add(student)

    def items(self) -> Iterator[Item]:
        earned, possible = (array("d", bytes(8 * len(self.numbers))) for _ in range(2))
        for key, shares in self.shares.items():
            points = self.facts[key].points
            for who, share in enumerate(shares):
                if not math.isnan(share):
                    earned[who] += share * points
                    possible[who] += points
        for key, target in self.facts.items():
            points = target.points
            shares = self.shares.get(key, array("d"))
            graded = [(who, share) for who, share in enumerate(shares) if not math.isnan(share)]
            pairs = [  # rounded, so that equal shares of the rest tie in whatever order they were added up
                (share, round((earned[who] - share * points) / rest, 12))
                for who, share in graded
                if (rest := possible[who] - points) > 0
            ]
            yield Item(
                exercise=key[0],
                target=target,
                answered=len(graded),
                difficulty=math.fsum(share for _, share in graded) / len(graded) if graded else None,
                discrimination=discrimination(pairs),
                point_biserial=correlation(pairs),
                statuses=dict(sorted(self.statuses[key].items(), key=lambda one: -one[0].order)),
            )

    def kinds(self) -> list[MistakeKind]:
        found = [
            MistakeKind(rule=rule, status=status, answers=group.answers, group=group.whole(), example=example)
            for (rule, status), (example, group) in self.by_kind.items()
        ]
        return sorted(found, key=lambda one: (one.rule is None, -one.answers))

    def mistakes(self) -> list[NamedMistake]:
        found = [
            NamedMistake(exercise=key[0], rule=rule, text=text, group=group.whole(), wrong=self.wrong[key], example=target)
            for (key, rule, text), (target, group) in self.named.items()
        ]
        return sorted(found, key=lambda one: (-one.group.count, one.exercise, one.example.name))

    def behaviours(self, target_of: Callable[[str, _Key], TargetReport]) -> list[Behaviour]:
        found = [
            Behaviour(exercise=key[0], group=group.whole(), example=target_of(group.students[0], key))
            for key, group in self.alike.values()
            if group.count > 1
        ]
        return sorted(found, key=lambda one: (-one.group.count, one.exercise, one.example.name))


def _fingerprint(key: _Key, target: TargetReport) -> bytes:
    """
    Return a fingerprint of all numbers of an answer: two answers that behave alike have the same.

    Where the numbers are not known, it covers the status, how many cases are right, and the entry furthest out.
    """
    example = target.counterexample
    entry = example and (example.case, example.index, example.actual)
    alike = target.answers_sha256 or (target.correct, target.total, entry, target.detail)
    return hashlib.sha256(repr((key, target.status, alike)).encode("utf-8", "surrogatepass")).digest()[:16]


def _target(results: Results, student: str, key: _Key) -> TargetReport:
    """Return one target of a student's report."""
    exercise, call, name = key
    result = results.get(student, exercise)
    assert result is not None  # it was read a moment ago, and OUT is held
    return next(target for target in result.graded.final.targets if (target.call, target.name) == (call, name))


def _is_unusual(one: Behaviour, students: int) -> bool:
    few = max(3, students // 50)
    return one.rule is None and one.group.count <= few and one.example.status is Status.WRONG_VALUE


def _pairs(unusual: Sequence[Behaviour], unexplained: Mapping[str, int]) -> list[Pair]:
    shared: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for one in unusual:
        if one.group.count <= MOST_IN_PAIRS:
            for pair in itertools.combinations(one.group.students, 2):
                shared.setdefault(pair, []).append((one.exercise, one.example.name))
    found = [
        Pair(students=pair, shared=tuple(where), unexplained=(unexplained[pair[0]], unexplained[pair[1]]))
        for pair, where in shared.items()
        if len(where) > 1
    ]
    return sorted(found, key=lambda one: (-len(one.shared), one.students))


def _notices(groups: Mapping[tuple[str, str], _GrowingGroup]) -> tuple[Notice, ...]:
    found = (Notice(exercise=exercise, what=what, group=group.whole()) for (exercise, what), group in groups.items())
    return tuple(sorted(found, key=lambda one: (one.what, -one.group.count, one.exercise)))
