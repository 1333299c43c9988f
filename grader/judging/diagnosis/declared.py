"""Mistakes that the exercise declares: the author's hint, and the credit that the answer still earns."""

from __future__ import annotations

import numpy as np

from grader.judging.diagnosis.answers import WrongAnswers
from grader.judging.diagnosis.family import Example, Family
from grader.outcome import Diagnosis


def _find(answers: WrongAnswers) -> Diagnosis | None:
    if not answers.may_be("declared"):
        return None
    # the record predicts the numbers; hint and credit may change while it stays
    for place, mistake in enumerate(answers.target.mistakes):
        if answers.are_explained_by_record(place):
            return Diagnosis(rule="declared", text=mistake.hint, credit=mistake.credit)
    return None


FAMILY = Family(
    find=_find,
    examples=(
        Example(exercise="tanh_layer", target="dY_dB", rule="declared", answer=lambda right, case: np.eye(len(right))),
        Example(exercise="tanh_layer", target="dY_dB", answer=lambda right, case: 3 * np.eye(len(right))),
    ),
)
