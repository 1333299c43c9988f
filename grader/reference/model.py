"""
The facts of the key: cases, the right answers to them, what mistakes return, all of it as one record.

Immutable. Standard library only at run time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array

TargetKey: TypeAlias = tuple[str, str]  # (function of the task, name of the target)
Role: TypeAlias = Literal["small", "random", "named", "probe"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    Sizes and values of one trial.

    `values` holds every input and upstream gradient by name, float64 or int64, read-only. A `probe` case is one whose
    scaled input makes numerical differentiation lose its digits; it counts in no score.
    """

    name: str
    role: Role
    sizes: Mapping[str, int]
    values: Mapping[str, Array]

    @property
    def entries(self) -> int:
        """How many numbers the case consists of: the measure of "smallest"."""
        return sum(value.size for value in self.values.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """
    A mistake that somebody may have made: its rule and the sentence that names it.

    A declared one has no text here: hint and credit are the exercise's, and may change while its record stays.
    """

    rule: str
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """
    The right answers to one case, and what wrong ones are compared with.

    `targets` holds the expected array of every target; `rounding` to which power of two rounding may move each of its
    entries, in whatever right form an answer is computed; `quantities` the forward quantities that a call is given;
    `predictions` holds, for each hypothesis of the record, what a student making that mistake returns (None where the
    mistake has no answer).
    """

    targets: Mapping[TargetKey, Array]
    rounding: Mapping[TargetKey, Array] = field(default_factory=dict)  # int8, in the shape of the target
    quantities: Mapping[str, Array] = field(default_factory=dict)
    predictions: Mapping[TargetKey, tuple[Array | None, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A case in which differences fail for some targets: which input was scaled, by how much, and what is expected."""

    case: Case
    scaled: str
    factor: float
    targets: tuple[TargetKey, ...]
    expected: Expected


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Everything that judging an exercise at one seed needs: cases in reading order, expected arrays, hypotheses."""

    record_sha256: str
    seed: int
    cases: tuple[tuple[Case, Expected], ...]
    probes: tuple[Probe, ...]
    hypotheses: Mapping[TargetKey, tuple[Hypothesis, ...]]
    versions: Mapping[str, str]  # torch and numpy that made it: provenance, not part of the key
    # the record whose cases students are shown; None: this one's, which are public
    public: Record | None = field(default=None, compare=False, repr=False)
