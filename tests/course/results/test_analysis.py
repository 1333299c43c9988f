"""What a class's answers say: statistics against other people's arithmetic, mistakes, answers that are alike."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classroom import assignment, exercise, report

from grader.course.intake.students import Student
from grader.course.results.analysis import Analysis, analyse
from grader.course.results.database import open_results
from grader.course.results.out import open_out
from grader.course.results.stored import Graded, Result
from grader.exercise.model import Exercise
from grader.outcome import Counterexample, Diagnosis, Report, Status

TANH, CHAIN = exercise("tanh_layer", points=2.0), exercise("chain_rule")


THREE = exercise("three", "one", "two", "three")


def wrong(actual: float, *, rule: str | None = None, of: str = "d_tanh_layer") -> Report:
    """Return a report on tanh_layer with one wrong entry."""
    example = Counterexample(case="one feature", sizes={"n": 1}, inputs={}, index=(0, 0), expected=1.0, actual=actual)
    diagnosis = Diagnosis(rule=rule, text=f"It is {rule}.") if rule else None
    about = TANH if of == "d_tanh_layer" else CHAIN
    return report(about, "", Status.WRONG_VALUE, counterexample=example, diagnosis=diagnosis)


def right(one: Exercise) -> Report:
    """Return a report with full marks."""
    return report(one, "", Status.CORRECT)


def analysed(tmp_path: Path, reports: Mapping[str, tuple[Report, ...]]) -> Analysis:
    """Analyse a class with these reports."""
    with open_out(tmp_path / "out", assignment(TANH, CHAIN, THREE)) as out:
        results = open_results(out)
        results.put_students(tuple(Student(id=student) for student in reports))
        for student, ones in reports.items():
            for one in ones:
                data = json.loads(json.dumps(one.to_json()))
                results.put(Result(student=student, exercise=one.exercise, key="", graded=Graded.from_json(data)))
        try:
            return analyse(out, results)
        finally:
            results.close()


def test_an_exercise_that_was_taken_out_is_not_looked_at(tmp_path: Path) -> None:
    """Its points are no part of the whole."""
    analysed(tmp_path, {"s01": (right(TANH), right(CHAIN))})
    with open_out(tmp_path / "out", assignment(TANH)) as out, closing(open_results(out)) as results:
        found = analyse(out, results)
    assert (("tanh_layer",), 2.0, (2.0,)) == (found.exercises, found.points, found.totals)


def test_difficulty_is_the_mean_share_of_the_points(tmp_path: Path) -> None:
    """Ungraded answers and students who handed in nothing count nowhere."""
    reports = {
        "s01": (right(TANH),),
        "s02": (wrong(2.0),),
        "s03": (right(TANH),),
        "s04": (report(TANH, "", Status.UNGRADED),),
        "s05": (),
    }
    found = analysed(tmp_path, reports)
    item = found.items[0]
    assert item.answered == 3
    assert item.difficulty == pytest.approx(2 / 3)
    assert (5, (2.0, 0.0, 2.0)) == (found.students, found.totals)


def test_point_biserial_and_discrimination_of_a_class_worked_by_hand(tmp_path: Path) -> None:
    """Ten students; who is right in the one is right in the other, but for two: phi is 0.6, and so is 4/5 - 1/5."""
    kinds = [(1, 1)] * 4 + [(1, 0)] + [(0, 1)] + [(0, 0)] * 4
    reports = {
        f"s{number:02}": (right(TANH) if tanh else wrong(2.0), right(CHAIN) if chain else report(CHAIN, "", Status.RAISED))
        for number, (tanh, chain) in enumerate(kinds)
    }
    item = analysed(tmp_path, reports).items[0]
    assert item.point_biserial == pytest.approx(0.6)
    assert item.discrimination == pytest.approx(0.6)


def test_a_class_of_thirty_agrees_with_numpy(tmp_path: Path) -> None:
    """Three targets of 1 point each: the item against the other two, by the textbook's formula and by numpy's corrcoef."""
    draw = random.Random(4)
    skill = [draw.random() for _ in range(30)]
    marks = np.array([[float(draw.random() < (place + 1) * one / 2) for place in range(3)] for one in skill])
    reports = {f"s{number:02}": (_scored(row),) for number, row in enumerate(marks)}
    items = analysed(tmp_path, reports).items
    for place, item in enumerate(items):
        share, rest = marks[:, place], np.delete(marks, place, axis=1).sum(axis=1)
        assert item.difficulty == pytest.approx(share.mean())
        assert item.point_biserial == pytest.approx(np.corrcoef(share, rest)[0, 1])
        assert item.point_biserial == pytest.approx(_textbook(share, rest))


def _scored(row: Sequence[bool]) -> Report:
    one = report(THREE, "", Status.CORRECT)
    targets = tuple(
        target if mark else replace(target, status=Status.RAISED, score=0.0)
        for target, mark in zip(one.targets, row, strict=True)
    )
    return replace(one, targets=targets)


def _textbook(item: np.ndarray, rest: np.ndarray) -> float:
    """(M1 - M0) / s · sqrt(p q), with the standard deviation of the population."""
    share = item.mean()
    return float((rest[item == 1].mean() - rest[item == 0].mean()) / rest.std() * math.sqrt(share * (1 - share)))


@pytest.mark.parametrize("students", [1, 2, 3, 4])
def test_a_small_class_has_a_difficulty_and_no_correlations(tmp_path: Path, students: int) -> None:
    """Nobody's numbers are made into something they are not."""
    found = analysed(tmp_path, {f"s{n}": (right(TANH) if n else wrong(2.0), right(CHAIN)) for n in range(students)})
    assert [(None, None)] * len(found.items) == [(item.point_biserial, item.discrimination) for item in found.items]
    assert [(students - 1) / students, 1.0] == [item.difficulty for item in found.items]


def test_an_empty_class_has_no_items(tmp_path: Path) -> None:
    """Nor anything else."""
    found = analysed(tmp_path, {})
    assert ((), (), (), 0) == (found.items, found.totals, found.behaviours, found.wrong)


def test_a_class_that_is_all_alike_has_no_correlations(tmp_path: Path) -> None:
    """Nor has an item that everybody gets right, nor one beside which there is no other."""
    alike = analysed(tmp_path, {f"s{n}": (right(TANH), right(CHAIN)) for n in range(9)})
    assert {(1.0, None, None)} == {(item.difficulty, item.point_biserial, item.discrimination) for item in alike.items}
    alone = analysed(tmp_path / "alone", {f"s{n}": (right(TANH) if n % 2 else wrong(2.0),) for n in range(9)})
    assert [(None, None)] == [(item.point_biserial, item.discrimination) for item in alone.items]


def test_what_we_could_not_grade_makes_nobody_weak(tmp_path: Path) -> None:
    """The rest is the share of what was graded: five who lack an answer through our fault are as strong as the others."""
    reports = {f"s{n:02}": (right(TANH), right(CHAIN), right(THREE)) for n in range(5)}
    reports |= {f"s{n:02}": (right(TANH), right(CHAIN), report(THREE, "", Status.UNGRADED)) for n in range(5, 10)}
    reports |= {
        f"s{n:02}": (wrong(2.0), report(CHAIN, "", Status.RAISED), report(THREE, "", Status.RAISED)) for n in range(10, 15)
    }
    assert analysed(tmp_path, reports).items[0].point_biserial == pytest.approx(1.0)


def test_mistakes_are_counted_among_the_wrong_answers(tmp_path: Path) -> None:
    """By rule and text, with somebody to look at; what was not tried is not wrong."""
    reports = {
        "s01": (wrong(2.0, rule="sign"),),
        "s02": (wrong(2.0, rule="sign"),),
        "s03": (wrong(3.0, rule="transposed"),),
        "s04": (wrong(4.0),),
        "s05": (right(TANH),),
        "s06": (report(TANH, "", Status.NOT_IMPLEMENTED),),
        "s07": (report(TANH, "", Status.MISSING),),
    }
    found = [(one.rule, one.group.count, one.wrong, one.group.students[0]) for one in analysed(tmp_path, reports).mistakes]
    assert [("sign", 2, 4, "s01"), ("transposed", 1, 4, "s03")] == found


def test_kinds_of_mistake_count_every_wrong_answer_once(tmp_path: Path) -> None:
    """Over all targets: named ones first, then what came of those that nothing explains."""
    reports = {
        "s01": (wrong(2.0, rule="sign"), wrong(2.0, rule="sign", of="chain")),
        "s02": (wrong(2.0, rule="sign"),),
        "s03": (wrong(4.0), report(CHAIN, "", Status.RAISED)),
        "s04": (right(TANH), right(CHAIN)),
    }
    found = analysed(tmp_path, reports)
    expected = [("sign", None, 3, 2), (None, Status.RAISED, 1, 1), (None, Status.WRONG_VALUE, 1, 1)]
    kinds = [(one.rule, one.status, one.answers, one.group.count) for one in found.kinds]
    assert expected == [kinds[0], *sorted(kinds[1:], key=str)]
    assert found.wrong == sum(one.answers for one in found.kinds)


def test_equal_wrong_numbers_make_a_group(tmp_path: Path) -> None:
    """To the last digit; unusual is what nothing explains and few share."""
    third = 0.1 + 0.2
    reports = {
        "s01": (wrong(third),),
        "s02": (wrong(third),),
        "s03": (wrong(0.3),),
        "s04": (wrong(5.0, rule="sign"),),
        "s05": (wrong(5.0, rule="sign"),),
        "s06": (wrong(math.nan),),
    }
    found = analysed(tmp_path, reports)
    assert {("s01", "s02"), ("s04", "s05")} == {one.group.students for one in found.behaviours}
    assert [("s01", "s02")] == [one.group.students for one in found.unusual]


def test_where_all_answers_are_known_all_have_to_be_equal(tmp_path: Path) -> None:
    """One number in common is not enough, since a transposed answer has it, too, in a case of one feature; nor is it needed."""

    def with_answers(actual: float, sha256: str) -> Report:
        one = wrong(actual)
        return replace(one, targets=tuple(replace(target, answers_sha256=sha256) for target in one.targets))

    reports = {
        "s01": (with_answers(3.0, "aa"),),
        "s02": (with_answers(3.0, "bb"),),
        "s03": (with_answers(4.0, "bb"),),
        "s04": (wrong(3.0),),
    }
    found = analysed(tmp_path, reports).behaviours
    assert [(("s02", "s03"), False)] == [(one.group.students, one.is_by_one_number) for one in found]
    by_one = analysed(tmp_path / "another", {"s01": (wrong(3.0),), "s02": (wrong(3.0),)}).behaviours
    assert [True] == [one.is_by_one_number for one in by_one]


def test_of_answers_alike_one_is_shown_whole(tmp_path: Path) -> None:
    """With its inputs, of the target that it is about."""
    one = report(THREE, "", Status.RAISED)
    example = Counterexample(case="small", sizes={}, inputs={"x": [1.0]})
    raised = replace(one, targets=(one.targets[0], replace(one.targets[1], detail="no", counterexample=example), one.targets[2]))
    found = analysed(tmp_path, {"s01": (one,), "s02": (raised,), "s03": (raised,)}).behaviours
    (two,) = [behaviour for behaviour in found if behaviour.example.name == "two"]
    assert (("s02", "s03"), example) == (two.group.students, two.example.counterexample)


def test_what_was_not_written_is_no_behaviour(tmp_path: Path) -> None:
    """Starters are alike."""
    found = analysed(tmp_path, {f"s{n}": (report(TANH, "", Status.NOT_IMPLEMENTED),) for n in range(3)})
    assert () == found.behaviours


def test_a_wrong_value_that_many_share_is_not_unusual(tmp_path: Path) -> None:
    """Four of four made a mistake that nobody has named yet."""
    found = analysed(tmp_path, {f"s{n}": (wrong(7.0),) for n in range(4)})
    assert (4, ()) == (found.behaviours[0].group.count, found.unusual)


def test_two_who_share_more_than_one_unusual_answer_are_a_pair(tmp_path: Path) -> None:
    """With how many unexplained answers each of them has; sharing one is not told twice."""
    reports = {
        "s01": (wrong(7.0), wrong(8.0, of="chain")),
        "s02": (wrong(7.0), wrong(8.0, of="chain")),
        "s03": (wrong(7.0), wrong(9.0, of="chain")),
        "s04": (wrong(1.5), right(CHAIN)),
    }
    expected = [(("s01", "s02"), (("chain_rule", "d_chain_rule"), ("tanh_layer", "d_tanh_layer")), (2, 2))]
    assert expected == [(one.students, tuple(sorted(one.shared)), one.unexplained) for one in analysed(tmp_path, reports).pairs]


def test_flags_are_listed_with_their_students(tmp_path: Path) -> None:
    """Once a flag and exercise."""
    flagged = replace(right(TANH), flags=("mutates_inputs",))
    found = analysed(tmp_path, {"s01": (flagged,), "s02": (flagged,)})
    expected = [("tanh_layer", "mutates_inputs", ("s01", "s02"))]
    assert expected == [(one.exercise, one.what, one.group.students) for one in found.flags]


def test_ungraded_answers_are_listed_by_reason(tmp_path: Path) -> None:
    """A student with three targets of one exercise is one student."""
    lost = report(THREE, "", Status.UNGRADED, detail="The worker was lost.")
    found = analysed(tmp_path, {"s01": (lost,), "s02": (lost,)})
    assert [("three", "The worker was lost.", 2)] == [(one.exercise, one.what, one.group.count) for one in found.ungraded]


def test_time_is_summed_and_the_slowest_named(tmp_path: Path) -> None:
    """By exercise."""
    reports = {f"s{n}": (replace(right(TANH), seconds=seconds),) for n, seconds in enumerate((0.25, 2.0, 0.5))}
    (found,) = analysed(tmp_path, reports).timings
    assert (3, 2.75, 2.0, "s1") == (found.answers, found.total_seconds, found.longest_seconds, found.slowest)
