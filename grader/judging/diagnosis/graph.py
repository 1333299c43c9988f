"""
Mistakes along the forward graph: a factor of the chain rule left out or misplaced, one path of several, an input left out.

What they return was predicted when the record was made (`reference.torch.hypotheses`), since that takes torch.
"""

from __future__ import annotations

import numpy as np

from grader.judging.diagnosis.answers import WrongAnswers
from grader.judging.diagnosis.family import Example, Family
from grader.outcome import Diagnosis


def _find(answers: WrongAnswers) -> Diagnosis | None:
    declared = len(answers.target.mistakes)
    for place, hypothesis in enumerate(answers.hypotheses[declared:], declared):
        if answers.may_be(hypothesis.rule) and answers.are_explained_by_record(place):
            return Diagnosis(rule=hypothesis.rule, text=hypothesis.text)
    return None


FAMILY = Family(
    find=_find,
    examples=(
        Example(
            exercise="tanh_layer",
            target="dY_dB",
            rule="input_left_out",
            answer=lambda right, case: np.diag(1 - np.tanh(case.values["W"] @ case.values["X"]) ** 2),
        ),
        Example(exercise="tanh_layer", target="dY_dB", answer=lambda right, case: right**2),
    ),
)
