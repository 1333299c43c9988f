"""The outcome of an audit, and the findings that it is made of while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

from grader.errors import Fault
from grader.exercise.model import Exercise
from grader.reference.model import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """What was tried on one exercise, and every fault found."""

    exercise: str
    faults: tuple[Fault, ...]
    targets: int = 0
    cases: int = 0
    model_answers: int = 0
    declared: int = 0  # mistakes caught and named
    built_in: int = 0  # wrong answers caught and named
    probes: int = 0  # targets at which numerical differentiation shows
    difference: float = 0.0  # the largest relative gap between a reference and central differences
    symbolic: int = 0  # targets whose reference the symbolic derivative confirms; it has no opinion on the others
    remarks: tuple[str, ...] = ()  # what no case can show, and is no fault

    @property
    def is_right(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


@dataclass(slots=True)
class Findings:
    """Counts, faults and remarks while an audit runs."""

    where: str
    faults: list[Fault] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    model_answers: int = 0
    declared: int = 0
    built_in: int = 0
    difference: float = 0.0
    symbolic: int = 0

    def fault(self, what: str, remedy: str) -> None:
        """Add a fault, once."""
        fault = Fault(self.where, what, remedy)
        if fault not in self.faults:
            self.faults.append(fault)

    def remark(self, text: str) -> None:
        """Add a remark, once."""
        if text not in self.remarks:
            self.remarks.append(text)

    def audit(self, exercise: Exercise, record: Record) -> Audit:
        """Sum the findings up; `record` is that of the public seed."""
        return Audit(
            exercise=exercise.id,
            faults=tuple(self.faults),
            targets=sum(1 for _ in exercise.targets()),
            cases=len(record.cases),
            model_answers=self.model_answers,
            declared=self.declared,
            built_in=self.built_in,
            probes=len({key for probe in record.probes for key in probe.targets}),
            difference=self.difference,
            symbolic=self.symbolic,
            remarks=tuple(self.remarks),
        )
