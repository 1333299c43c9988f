"""The time that a submission may take in all, by the limit of one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.sandbox.limits import Limits


def call_wall_seconds(limits: Limits) -> float:
    """Return the wall time of one call: three times its CPU time, and a little for a machine that is busy."""
    return 3 * limits.seconds + 2


def submission_cpu_seconds(limits: Limits) -> float:
    """Return the CPU time of loading and of all calls that count."""
    return 10 * limits.seconds


def free_cpu_seconds(limits: Limits) -> float:
    """Return the CPU time of shown and repeated calls beside that: they must not cost time that counted calls need."""
    return 4 * limits.seconds


def submission_wall_seconds(limits: Limits) -> float:
    """Return the wall time of the whole submission."""
    return 30 * limits.seconds + 2


def cpu_backstop(limits: Limits) -> int:
    """Return the CPU seconds at which the kernel ends a child that the grader's own clock did not end."""
    return int(submission_cpu_seconds(limits) + free_cpu_seconds(limits)) + 5
