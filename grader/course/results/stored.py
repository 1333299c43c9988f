"""
A stored result: what a run keeps of one submission of one exercise, and its JSON in the database and in report files.

All other modules use these types; no other module knows the names of the JSON's fields.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from grader.outcome import Report, Status, TargetReport
from grader.reference.model import TargetKey

if TYPE_CHECKING:
    from grader.exercise.assignment import Feedback, ShownCases

RETRY_FIELD: Final = "tried_alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was handed in for one exercise: its files by name with their fingerprints, and what could not be read."""

    files: tuple[tuple[str, str], ...] = ()  # name, SHA-256
    clashes: tuple[str, ...] = ()  # other exercises that ask for a function of the same name in the same files
    left_out: Mapping[str, str] = field(default_factory=dict)  # files that could not be read, with the reason
    status: Status | None = None  # set where nothing is to be run
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the manifest as JSON data. It is part of every key: another order of fields would grade all again."""
        data = {
            "files": [[name, sha256] for name, sha256 in self.files],
            "clashes": list(self.clashes),
            "status": self.status,
            "detail": self.detail,
        }
        return {**data, "left_out": dict(self.left_out)} if self.left_out else data

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Manifest | None:
        """Return the manifest that `to_json` wrote; None where a purge has left nothing of it."""
        if not data:
            return None
        return cls(
            files=tuple((name, sha256) for name, sha256 in data["files"]),
            clashes=tuple(data["clashes"]),
            left_out=data.get("left_out", {}),
            status=data["status"] and Status(data["status"]),
            detail=data["detail"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """A second try, alone, at a submission that the wall clock ended. `seconds` is None while it is still to be made."""

    seconds: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """
    A report with what people and the course's rules have added to it.

    `by_hand` holds points that a person gave to targets in nbgrader's gradebook, `late_penalty` the points that nbgrader
    takes from this exercise; `feedback` and `shown_cases` are set in nbgrader's cycle only, where each result keeps what its
    student may see.
    """

    report: Report  # as it was judged: its scores are the grader's own
    feedback: Feedback | None = None
    shown_cases: ShownCases | None = None
    by_hand: Mapping[TargetKey, float] = field(default_factory=dict)
    late_penalty: float = 0.0
    retry: Retry | None = None

    @property
    def final(self) -> Report:
        """The report with the points that a person gave in place of the grader's."""
        if not self.by_hand:
            return self.report
        return replace(self.report, targets=tuple(self._with_points_by_hand(target) for target in self.report.targets))

    @property
    def score(self) -> float | None:
        """The points that count, less the late penalty; None while a target is ungraded."""
        score = self.final.score
        return score if score is None or not self.late_penalty else score - self.late_penalty

    def _with_points_by_hand(self, target: TargetReport) -> TargetReport:
        key = (target.call, target.name)
        return replace(target, score=self.by_hand[key]) if key in self.by_hand else target

    def to_json(self) -> dict[str, Any]:
        """Return the result as strict JSON data: the fields of the report first, then those that were added."""
        data = self.report.to_json()
        if self.by_hand:
            data["targets"] = [_with_both_scores(target, self.by_hand) for target in data["targets"]]
        return {
            **data,
            "score": self.score,
            **({} if self.feedback is None else {"feedback": self.feedback}),
            **({} if self.shown_cases is None else {"shown_cases": self.shown_cases}),
            **({"late_penalty": self.late_penalty} if self.late_penalty else {}),
            **({} if self.retry is None else {RETRY_FIELD: self.retry.seconds}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Graded:
        """Return the result that `to_json` wrote, also that of an earlier version."""
        judged = [{**target, "score": target.get("auto_score", target["score"])} for target in data["targets"]]
        by_hand = {(target["call"], target["name"]): target["score"] for target in data["targets"] if "auto_score" in target}
        return cls(
            report=Report.from_json({**data, "targets": judged}),
            feedback=data.get("feedback"),
            shown_cases=data.get("shown_cases"),
            by_hand=by_hand,
            late_penalty=data.get("late_penalty", 0.0),
            retry=Retry(seconds=data[RETRY_FIELD]) if RETRY_FIELD in data else None,
        )

    def dumps(self) -> str:
        """Return the result as the text that the database keeps."""
        return json.dumps(self.to_json())

    @classmethod
    def loads(cls, text: str) -> Graded:
        """Return the result of a text from the database."""
        return cls.from_json(json.loads(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What is kept of one submission of one exercise. `key` changes with everything that could change the verdict."""

    student: str
    exercise: str
    key: str
    graded: Graded
    manifest: Manifest | None = None  # None after a purge

    @property
    def is_ungraded(self) -> bool:
        """Whether some target has no score, for a reason of ours."""
        return self.graded.score is None

    def says_the_same(self, other: Result) -> bool:
        """Whether both have one key and one text. NaN, which is in some reports, is unequal to itself: `==` cannot tell."""
        return self.key == other.key and self.graded.dumps() == other.graded.dumps()


def without_student_text(graded: Graded) -> Graded:
    """Return scores and statuses without anything that the student wrote, printed or returned."""
    targets = (
        replace(target, source="", detail="", traceback="", counterexample=None, answers_sha256="", public=None)
        for target in graded.report.targets
    )
    report = replace(
        graded.report,
        source_sha256="",
        output="",
        public_output="",
        load_errors=(),
        targets=tuple(targets),
    )
    return replace(graded, report=report)


def _with_both_scores(target: Mapping[str, Any], by_hand: Mapping[TargetKey, float]) -> Mapping[str, Any]:
    """Return a target with the points of a person as its score; the grader's stand beside them."""
    key = (target["call"], target["name"])
    return {**target, "score": by_hand[key], "auto_score": target["score"]} if key in by_hand else target
