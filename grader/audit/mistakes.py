"""Judge wrong answers, declared and built-in: each must be caught, and named by its own hint."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from grader.audit.findings import Findings
from grader.exercise.model import Exercise, Mistake, Target
from grader.judging import compare
from grader.judging.diagnosis.answers import Evidence
from grader.judging.diagnosis.diagnose import FAMILIES, diagnose
from grader.judging.verdict import Verdict
from grader.outcome import Status
from grader.reference import prepare
from grader.reference.model import Record
from grader.reference.tolerance import Standard
from grader.sandbox.wire.answer import Answer

if TYPE_CHECKING:
    from grader.reference.model import TargetKey
    from grader.sandbox.wire.answer import Array

# Probes are for steps so small that most cases pass; an input that switches a unit on or off shows in few cases; a sum over an
# axis of size 1, or a reshape instead of its transpose, is no slip.
_MAY_BE_RARE = frozenset({"numerical_differentiation", "input_left_out", "summed_over", "reshaped"})
MIN_CAUGHT_SHARE = 0.5  # a wrong answer must show in this share of the random cases


def try_mistakes(exercise: Exercise, record: Record, findings: Findings) -> None:
    """Judge the answers of each declared mistake and of each built-in wrong answer; count those of the public seed."""
    from grader.reference.torch import branches

    standard = Standard(record, exercise.rtol)
    is_gated = any(branch.function for branch in branches.all_branches(exercise))
    is_public = record.seed == prepare.PUBLIC_SEED
    for task, target in exercise.targets():
        trial = _MistakesOfTarget(exercise, target, (task.function, target.name), standard, is_gated, findings)
        declared = sum(trial.try_declared(place, mistake) for place, mistake in enumerate(target.mistakes))
        built_in = sum(trial.try_built_in(rule, answers) for rule, answers in trial.built_in())
        if is_public:
            findings.declared += declared
            findings.built_in += built_in


@dataclass(frozen=True, slots=True)
class _MistakesOfTarget:
    """The mistakes and built-in wrong answers of one target, judged by one record."""

    exercise: Exercise
    target: Target
    key: TargetKey
    standard: Standard
    is_gated: bool  # some function has branches
    findings: Findings

    def try_declared(self, place: int, mistake: Mistake) -> bool:
        """Whether a declared mistake is caught and named by its hint."""
        answers = [expected.predictions[self.key][place] for _, expected in self.standard.record.cases]
        name = f"The mistake `{mistake.returned.text}` of {self.target.name}"
        if any(answer is None for answer in answers):
            self.findings.fault(f"{name} has no finite value in some case.", "Correct its formula.")
            return False
        verdicts = self._verdicts(answers)
        if not self._is_caught(verdicts):
            self.findings.fault(
                f"{name} gives right answers in too many cases.", "Correct its formula; if it is right, it is no mistake."
            )
            return False
        named = diagnose(self.exercise, self.target, self.key, self.standard, verdicts)
        if named is None or (named.rule, named.text) != ("declared", mistake.hint):
            other = f"`{named.text}`" if named else "nothing"
            self.findings.fault(
                f"{name} is not named by its hint but by {other}.",
                "Two mistakes that return the same cannot be told apart: keep one.",
            )
            return False
        return True

    def try_built_in(self, rule: str, answers: Sequence[Array | None]) -> bool:
        """Whether a built-in wrong answer is caught and named."""
        verdicts = self._verdicts(answers)
        if all(verdict.status is Status.CORRECT for verdict in verdicts):
            return False  # a slip that changes nothing here, such as the sign of zeros
        if not self._is_caught(verdicts):
            if rule not in _MAY_BE_RARE:
                self.findings.fault(
                    f"A wrong answer ({rule}) for {self.target.name} is right in most random cases.",
                    "Use more cases, or other draws and sizes.",
                )
            return False
        if diagnose(self.exercise, self.target, self.key, self.standard, verdicts) is None:
            self.findings.fault(f"A wrong answer ({rule}) for {self.target.name} is not named.", "This is a fault of the grader.")
            return False
        return True

    def built_in(self) -> Iterator[tuple[str, list[Array | None]]]:
        """Yield built-in wrong answers: the rule, and what it returns in every case."""
        cases = self.standard.record.cases
        hypotheses = self.standard.record.hypotheses[self.key]
        for place in range(len(self.target.mistakes), len(hypotheses)):
            answers = [expected.predictions[self.key][place] for _, expected in cases]
            if all(answer is not None for answer in answers):
                yield hypotheses[place].rule, answers
        points = [Evidence(case, expected.targets[self.key], expected.targets[self.key]) for case, expected in cases]
        for one in (one for family in FAMILIES if family.rearrange for one in family.rearrange(self.exercise, self.target)):
            answers = [one.predict(point) for point in points]
            # None: it depends on the returned shape; zeros are named by their own rule, whatever they are a sum of
            found = [answer for answer in answers if answer is not None]
            if len(found) == len(answers) and (one.rule == "zero" or any(answer.any() for answer in found)):
                yield one.rule, answers

    def _verdicts(self, answers: Sequence[Array | None]) -> tuple[Verdict, ...]:
        return tuple(
            compare.judge(Answer(items=() if answer is None else (answer,)), case, tolerance, place=0, count=1)
            for answer, (case, _), tolerance in zip(
                answers, self.standard.record.cases, self.standard.tolerances(self.key), strict=True
            )
        )

    def _is_caught(self, verdicts: Sequence[Verdict]) -> bool:
        """
        Whether a wrong answer shows in enough cases.

        One is enough where functions have branches: an answer that forgets a gate is right wherever the gate is open, and every
        seed has open and closed ones.
        """
        if self.is_gated:
            return any(verdict.status is not Status.CORRECT for verdict in verdicts)
        random = [verdict for verdict in verdicts if verdict.case.role == "random"] or list(verdicts)
        return sum(verdict.status is not Status.CORRECT for verdict in random) >= MIN_CAUGHT_SHARE * len(random)
