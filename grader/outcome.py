"""
The facts that grading ends in: statuses, diagnoses, counterexamples, scores, reports.

Immutable; sentences are made by the renderers. Standard library only at run time.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Any, assert_never

from grader.sandbox.wire.answer import LoadError, Phase, Reason

if TYPE_CHECKING:
    pass


class Status(StrEnum):
    """The verdict in one word. They stand in the order in which they are decided: the first that applies counts."""

    UNGRADED = "ungraded"  # our fault, or for a person to decide: no score, costs no points
    MISSING = "missing"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    OUT_OF_MEMORY = "out_of_memory"
    KILLED = "killed"
    NOT_IMPLEMENTED = "not_implemented"
    RAISED = "raised"
    WRONG_COUNT = "wrong_count"
    WRONG_TYPE = "wrong_type"
    WRONG_SHAPE = "wrong_shape"
    NOT_FINITE = "not_finite"
    WRONG_VALUE = "wrong_value"
    CORRECT = "correct"

    @property
    def order(self) -> int:
        """Its place in the order of decision, 0 first."""
        return _ORDER[self]

    @property
    def is_unanswered(self) -> bool:
        """Whether there is no answer that could be right or wrong."""
        return self in (Status.UNGRADED, Status.MISSING, Status.NOT_IMPLEMENTED)

    @property
    def is_out_of_resources(self) -> bool:
        """Whether time, memory or a machine was lacking: of a function that was right before, this says nothing."""
        return self in (Status.TIMED_OUT, Status.OUT_OF_MEMORY, Status.UNGRADED)

    @property
    def is_of_a_case(self) -> bool:
        """Whether a call in one case ended so, or returned something wrong; if not, no case shows it."""
        before_any_call = (Status.UNGRADED, Status.MISSING, Status.REFUSED, Status.NOT_IMPLEMENTED)
        return self is not Status.CORRECT and self not in before_any_call

    @property
    def is_about_numbers(self) -> bool:
        """Whether an array was returned that is wrong."""
        return self in (Status.WRONG_SHAPE, Status.NOT_FINITE, Status.WRONG_VALUE)

    @property
    def has_right_shape(self) -> bool:
        """Whether an array of the right shape was returned."""
        return self in (Status.NOT_FINITE, Status.WRONG_VALUE, Status.CORRECT)

    @property
    def has_finite_numbers(self) -> bool:
        """Whether an array was returned whose numbers may tell which mistake was made."""
        return self in (Status.WRONG_SHAPE, Status.WRONG_VALUE, Status.CORRECT)

    @classmethod
    def of(cls, reason: Reason) -> Status:
        """Return the status of a call that came to no value for this reason."""
        match reason:
            case Reason.NO_FUNCTION | Reason.NOTHING_HANDED_IN:
                return cls.MISSING
            case Reason.REFUSED | Reason.NUMERICAL | Reason.NOT_OPENED:
                return cls.REFUSED
            case Reason.CALL_TOO_LONG | Reason.WAITED | Reason.WALL_TOO_LONG | Reason.SUBMISSION_TOO_LONG:
                return cls.TIMED_OUT
            case Reason.OUT_OF_MEMORY | Reason.USED_TOO_MUCH_MEMORY | Reason.ENDED_BY_SYSTEM:
                return cls.OUT_OF_MEMORY
            case Reason.EXITED | Reason.ENDED_ITSELF | Reason.CRASHED | Reason.FORBIDDEN_CALL:
                return cls.KILLED
            case Reason.NOT_AN_ANSWER | Reason.ANSWER_TOO_LARGE | Reason.NO_ROOM_FOR_ANSWER | Reason.TOO_MANY_ANSWERS:
                return cls.KILLED
            case Reason.CLOSED_ITS_PIPES | Reason.RETURNED_TOO_MUCH | Reason.WROTE_TOO_MUCH:
                return cls.KILLED
            case Reason.NOT_IMPLEMENTED:
                return cls.NOT_IMPLEMENTED
            case Reason.RAISED | Reason.NESTED_TOO_DEEPLY | Reason.CELL_MAGIC | Reason.SHELL_LINE | Reason.MAGIC_LINES:
                return cls.RAISED
            case Reason.SEVERAL_FUNCTIONS | Reason.SEVERAL_EXERCISES | Reason.OUR_FAULT:
                return cls.UNGRADED
            case _:
                assert_never(reason)


_ORDER = {status: place for place, status in enumerate(Status)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """The likely mistake; it reproduces the student's numbers in every case."""

    rule: str
    text: str
    credit: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterexample:
    """The smallest failing case: its inputs and, where the shape is right, the entry that is furthest out."""

    case: str
    sizes: Mapping[str, int]
    inputs: Mapping[str, Any]  # nested lists
    index: tuple[int, ...] | None = None
    expected: float | None = None
    actual: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a target in some cases: in those that count, or in the public ones, which are all that a student is shown."""

    status: Status
    correct: int
    total: int
    diagnosis: Diagnosis | None = None
    counterexample: Counterexample | None = None
    reason: Reason | None = None  # why nothing was returned, or does not count; None in reports from before there were reasons
    phase: Phase | None = None
    source: str = ""  # the file or cell that did not load
    detail: str = ""  # in words, of whatever kind it is
    traceback: str = ""

    @property
    def is_undecided(self) -> bool:
        """Whether it waits for somebody to say which of several functions counts."""
        return self.status is Status.UNGRADED and self.reason is not None and self.reason.is_undecided

    @property
    def is_of_file(self) -> bool:
        """Whether what failed is a file, or all that was handed in, rather than this function."""
        return self.phase in (Phase.COMPILING, Phase.LOADING) or self.reason in _OF_FILES


_OF_FILES = frozenset({Reason.NOTHING_HANDED_IN, Reason.NOT_OPENED, Reason.SEVERAL_FUNCTIONS, Reason.SEVERAL_EXERCISES})


def outcome_fields(outcome: Outcome) -> dict[str, Any]:
    """Return the fields of an outcome by name, for a target's report to take over."""
    return {one.name: getattr(outcome, one.name) for one in fields(Outcome)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretCases:
    """What a student is told of secret cases: how many are right, and the sizes of a wrong one where no public one is wrong."""

    correct: int
    total: int
    public_total: int
    sizes: Mapping[str, int]
    is_all: bool = False  # nothing is wrong in public cases: this is all there is to say


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReport(Outcome):
    """
    One target: its outcome in the cases that count, and the points for it.

    `public` is its outcome in the public cases; None where it is right in those that count, where these are public
    themselves, or where nothing was called.
    """

    call: str
    name: str
    kind: str
    of: str
    wrt: str | None
    score: float | None  # None: ungraded
    points: float
    answers_sha256: str = ""  # fingerprint of the answers in all cases, to nine digits; empty where no numbers are wrong
    public: Outcome | None = None
    secret: SecretCases | None = None  # set where the outcome is of public cases: in a report as students see it


WALL_TIMEOUT = "wall_timeout"  # the flag of a report in which the wall clock ended something, not its CPU time
CLASH = "clash"  # the flag where nothing was run: exercises ask for one name, and no line says which function is whose


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One submission of one exercise, judged; docs/contributing/formats.md has its keys."""

    exercise: str
    exercise_sha256: str
    student: str | None
    source_sha256: str
    seed: int
    versions: Mapping[str, str]
    isolation: str
    layers: tuple[str, ...]
    targets: tuple[TargetReport, ...]
    flags: tuple[str, ...] = ()
    output: str = ""
    public_output: str | None = None  # what was written while loading and in public cases; None where all cases are public
    seconds: float = 0.0
    title: str = ""
    load_errors: tuple[LoadError, ...] = ()  # what raised while the submission was loaded

    @property
    def points(self) -> float:
        """The points that could be earned."""
        return sum(target.points for target in self.targets)

    @property
    def score(self) -> float | None:
        """The points earned; None while a target is ungraded."""
        scores = [target.score for target in self.targets]
        return None if None in scores else sum(score for score in scores if score is not None)

    def to_json(self) -> dict[str, Any]:
        """Return the report as strict JSON data: non-finite numbers as text."""
        targets = [
            {
                "call": target.call,
                "name": target.name,
                "kind": target.kind,
                "of": target.of,
                "wrt": target.wrt,
                "status": target.status.value,  # named first: a person reads this, too
                "score": target.score,
                "points": target.points,
                **_outcome_to_json(target),
                **({"answers_sha256": target.answers_sha256} if target.answers_sha256 else {}),
                **({"public": _outcome_to_json(target.public)} if target.public else {}),
            }
            for target in self.targets
        ]
        return {
            "schema": 1,
            "exercise": self.exercise,
            "title": self.title,
            "exercise_sha256": self.exercise_sha256,
            "student": self.student,
            "source_sha256": self.source_sha256,
            "seed": self.seed,
            "versions": dict(self.versions),
            "isolation": self.isolation,
            "layers": list(self.layers),
            "score": self.score,
            "points": self.points,
            "flags": list(self.flags),
            "targets": targets,
            "load_errors": [_load_error_to_json(one) for one in self.load_errors],
            "output": self.output,
            **({} if self.public_output is None else {"public_output": self.public_output}),
            "seconds": round(self.seconds, 6),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Report:
        """Read the report that `to_json` wrote; a diagnosis no longer holds its credit, which is in the score."""
        named = {one.name for one in fields(cls)} - {"targets", "layers", "flags", "load_errors"}
        return cls(
            targets=tuple(map(_target_from_json, data["targets"])),
            layers=tuple(data["layers"]),
            flags=tuple(data["flags"]),
            load_errors=tuple(map(_load_error_from_json, data.get("load_errors", ()))),
            **{name: value for name, value in data.items() if name in named},
        )


def _outcome_to_json(outcome: Outcome) -> dict[str, Any]:
    found, example = outcome.diagnosis, outcome.counterexample
    return {
        "status": outcome.status.value,
        "cases": {"correct": outcome.correct, "total": outcome.total},
        "diagnosis": found and {"rule": found.rule, "text": found.text},
        "counterexample": example
        and {
            "case": example.case,
            "sizes": dict(example.sizes),
            "inputs": strict(example.inputs),
            "index": strict(example.index),
            "expected": strict(example.expected),
            "actual": strict(example.actual),
        },
        **_reason_to_json(outcome),
        **({"source": outcome.source} if outcome.source else {}),
        "detail": outcome.detail,
        "traceback": outcome.traceback,
    }


def _reason_to_json(one: Outcome | LoadError) -> dict[str, str]:
    return {**({"reason": one.reason.value} if one.reason else {}), **({"phase": one.phase.value} if one.phase else {})}


def _reason_from_json(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return reason and phase; None in reports that are older than these, or newer than this grader's list of them."""
    reason, phase = data.get("reason"), data.get("phase")
    return {
        "reason": Reason(reason) if reason in set(Reason) else None,
        "phase": Phase(phase) if phase in set(Phase) else None,
    }


def _load_error_to_json(error: LoadError) -> dict[str, str]:
    return {"source": error.source, **_reason_to_json(error), "detail": error.detail, "traceback": error.traceback}


def _load_error_from_json(data: Mapping[str, Any]) -> LoadError:
    return LoadError(**_reason_from_json(data), **{name: data[name] for name in ("source", "detail", "traceback")})


def _outcome_from_json(data: Mapping[str, Any]) -> Outcome:
    found, example = data["diagnosis"], data["counterexample"]
    return Outcome(
        status=Status(data["status"]),
        correct=data["cases"]["correct"],
        total=data["cases"]["total"],
        diagnosis=found and Diagnosis(rule=found["rule"], text=found["text"]),
        counterexample=example and _counterexample_from_json(example),
        **_reason_from_json(data),
        source=data.get("source", ""),
        detail=data["detail"],
        traceback=data["traceback"],
    )


def _counterexample_from_json(data: Mapping[str, Any]) -> Counterexample:
    return Counterexample(
        case=data["case"],
        sizes=data["sizes"],
        inputs=_with_numbers(data["inputs"]),
        index=None if data["index"] is None else tuple(data["index"]),
        expected=_with_numbers(data["expected"]),
        actual=_with_numbers(data["actual"]),
    )


def _target_from_json(data: Mapping[str, Any]) -> TargetReport:
    public = data.get("public")
    return TargetReport(
        **outcome_fields(_outcome_from_json(data)),
        **{name: data[name] for name in ("call", "name", "kind", "of", "wrt", "score", "points")},
        answers_sha256=data.get("answers_sha256", ""),
        public=public and _outcome_from_json(public),
    )


def _with_numbers(value: Any) -> Any:
    """Turn the texts that `strict` made for NaN and infinities into numbers again."""
    if value in ("NaN", "Infinity", "-Infinity"):
        return float(value)
    if isinstance(value, Mapping):
        return {key: _with_numbers(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_numbers(item) for item in value]
    return value


def strict(value: Any) -> Any:
    """Turn NaN and infinities into the texts "NaN", "Infinity" and "-Infinity", which strict JSON can hold."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, Mapping):
        return {str(key): strict(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [strict(item) for item in value]
    return value
