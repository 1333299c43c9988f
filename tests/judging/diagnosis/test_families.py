"""Every family names its example, whatever other families there are, and says nothing about what it must not name."""

from __future__ import annotations

import numpy as np
import pytest

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.exercise.model import Exercise, Target, Task
from grader.judging import compare
from grader.judging.diagnosis.answers import wrong_answers
from grader.judging.diagnosis.diagnose import FAMILIES, diagnose
from grader.judging.diagnosis.family import Example, Family
from grader.judging.verdict import Verdict
from grader.outcome import Diagnosis
from grader.reference.prepare import prepare
from grader.reference.tolerance import Standard
from grader.sandbox.wire.answer import Answer

EXAMPLES = [(family, example) for family in FAMILIES for example in family.examples]
NAMES = [
    f"{(family.rearrange or family.find).__module__.rpartition('.')[2]}: {example.exercise} {example.rule or 'not named'}"
    for family, example in EXAMPLES
]


def verdicts_on(example: Example) -> tuple[Exercise, Task, Target, Standard, list[Verdict], bool]:
    """Judge an example's answers to the public cases; the last item says whether they came in float32."""
    exercise = load_exercise(catalogue.find(example.exercise).path)
    task, target = next((task, target) for task, target in exercise.targets() if target.name == example.target)
    key, standard = (task.function, target.name), Standard(prepare(exercise), exercise.rtol)
    answers = [np.asarray(example.answer(np.array(expected.targets[key]), case)) for case, expected in standard.record.cases]
    verdicts = [
        compare.judge(Answer(items=(answer,)), case, tolerance, place=0, count=1)
        for answer, (case, _), tolerance in zip(answers, standard.record.cases, standard.tolerances(key), strict=True)
    ]
    return exercise, task, target, standard, verdicts, any(answer.dtype == np.float32 for answer in answers)


@pytest.mark.parametrize(("family", "example"), EXAMPLES, ids=NAMES)
def test_a_family_names_its_examples_only(family: Family, example: Example) -> None:
    """By itself."""
    exercise, task, target, standard, verdicts, single = verdicts_on(example)
    key = (task.function, target.name)
    found = family.find(wrong_answers(exercise, target, key, standard, verdicts, single_precision=single))
    assert example.rule == (found.rule if found else "")


@pytest.mark.parametrize(
    "example", [example for _, example in EXAMPLES if example.rule], ids=[name for name in NAMES if "not named" not in name]
)
def test_no_other_family_speaks_first(example: Example) -> None:
    """In the order of all families the example has the same rule."""
    exercise, task, target, standard, verdicts, single = verdicts_on(example)
    found = diagnose(exercise, target, (task.function, target.name), standard, verdicts, single_precision=single)
    assert isinstance(found, Diagnosis)
    assert example.rule == found.rule


def test_every_family_has_an_example_of_each_sort() -> None:
    """One that it names, one that it must not name."""
    for family in FAMILIES:
        assert {True, False} == {bool(example.rule) for example in family.examples}, (family.rearrange or family.find).__module__
