"""
What the sandbox is asked to run, and what came of it.

A job holds inputs and sources only: never a seed, an expected array, a rubric or another student's work.
Standard library only at run time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.sandbox.limits import Arrays, Limits
    from grader.sandbox.wire.answer import Answer, Failure, LoadError
    from grader.sandbox.wire.plan import Source, TaskPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    One submission to run: load `sources`, then make the calls of each plan.

    In a child the plans run by purpose: shown before counted before repeated. What a student is shown was then said before
    any secret case was there to be told.
    """

    sources: tuple[Source, ...]
    tasks: tuple[TaskPlan, ...]
    arrays: Arrays
    limits: Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTrial:
    """
    The answers of one plan, one for each of its inputs, in its order.

    Fewer where the rest was not called: shown cases of a slow function, repeats of one that failed or is slow.
    """

    answers: Sequence[Answer]  # those of shown cases are decoded when they are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a job. `failure` is None when loading ended; else loading did not finish, and no task ran."""

    tasks: tuple[TaskTrial, ...] = ()
    failure: Failure | None = None
    load_errors: tuple[LoadError, ...] = ()
    defined: Mapping[str, tuple[str, ...]] | None = None  # function -> the sources that define it
    autodiff: tuple[str, ...] = ()  # names from automatic differentiation that the source uses, for staff
    output: str = ""  # stdout and stderr, cleaned and capped
    shown_output: str = ""  # the part of it that was written before any counted case was called
    wrote_to_stdout: bool = False
    wall_timeout: bool = False  # something was ended by the wall clock: it waited, or other work kept it waiting
    layers: tuple[str, ...] = ()  # the protection that really held: namespaces, seccomp, landlock, rlimits
    isolation: str = "none"
