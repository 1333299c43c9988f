"""A family of mistakes: how its mistakes are found, and examples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from grader.exercise.model import Exercise, Target
from grader.judging.diagnosis.answers import Predict, WrongAnswers
from grader.outcome import Diagnosis
from grader.reference.model import Case

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array


@dataclass(frozen=True, slots=True)
class Prediction:
    """One mistake: its rule, the sentence that names it, and what a student making it returns."""

    rule: str
    text: str
    predict: Predict


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """
    A wrong answer to a target of the catalogue, and the rule by which the family names it.

    Without a rule the family must not name it: it is right, or wrong in another way.
    """

    exercise: str
    target: str
    answer: Callable[[Array, Case], Array]  # from the right array and the case
    rule: str = ""


Find: TypeAlias = Callable[[WrongAnswers], Diagnosis | None]
Rearrange: TypeAlias = Callable[[Exercise, Target], Iterator[Prediction]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """
    Mistakes of one kind.

    `find` returns the diagnosis whose mistake reproduces the answers in every case. `rearrange` is set where the mistakes
    only rearrange the right numbers: the audit tries these on every exercise.
    """

    find: Find
    examples: tuple[Example, ...]
    rearrange: Rearrange | None = None


def rearranging(rearrange: Rearrange, *examples: Example) -> Family:
    """Make a family of mistakes that rearrange the right numbers."""

    def find(answers: WrongAnswers) -> Diagnosis | None:
        return first_that_explains(answers, rearrange(answers.exercise, answers.target))

    return Family(find=find, examples=examples, rearrange=rearrange)


def first_that_explains(
    answers: WrongAnswers, predictions: Iterator[Prediction], *, is_entrywise: bool = False
) -> Diagnosis | None:
    """
    Return the diagnosis of the first mistake that reproduces the answers in every case.

    Mistakes that change entry by entry are tried at one row of each large array first.
    """
    for one in predictions:
        # nobody sums the columns of softmax's Jacobian, whose sum is zero, to return zeros
        if not answers.may_be(one.rule) or (answers.are_zero and one.rule != "zero"):
            continue
        if is_entrywise and not answers.show_entrywise(one.predict):
            continue
        if answers.are_explained_by(one.predict):
            return Diagnosis(rule=one.rule, text=one.text)
    return None
