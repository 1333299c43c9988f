"""What tests ask of an answer or a trial: what it counts as, and what a report would say of it."""

from __future__ import annotations

from grader.outcome import Status
from grader.render import endings
from grader.sandbox.job import Trial
from grader.sandbox.wire.answer import Answer, Failure


def failure_of(one: Answer | Trial | Failure | None) -> Failure | None:
    """Return why there is no value, if there is none."""
    return one.failure if isinstance(one, Answer | Trial) else one


def status_of(one: Answer | Trial | Failure | None) -> Status | None:
    """Return the status that it counts as; None where a value was returned, or loading ended."""
    failure = failure_of(one)
    return Status.of(failure.reason) if failure else None


def words_of(one: Answer | Trial | Failure | None) -> str:
    """Return the sentence of a report on it; empty where a value was returned, or loading ended."""
    failure = failure_of(one)
    return endings.sentence(failure) if failure else ""


def ended(one: Answer | Trial | Failure | None) -> tuple[Status | None, str]:
    """Return status and sentence."""
    return status_of(one), words_of(one)


def traceback_of(one: Answer | Trial | Failure | None) -> str:
    """Return the student's own frames."""
    failure = failure_of(one)
    return failure.traceback if failure else ""
