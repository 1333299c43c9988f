"""
What the sandbox is asked to run, and what came of it: the words between the stories and the process boundary.

A job holds inputs and sources only: never a seed, an expected array, a rubric or another student's work.
Standard library only at run time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from grader.exercise.model import Arrays, Limits
    from grader.outcome import Answer, Array, Status
    from grader.sandbox.wire.call import Call

    Inputs: TypeAlias = Mapping[str, Array | int]

# Why calls are made: their answers are shown to the student, count for points, or are compared with earlier answers.
Purpose: TypeAlias = Literal["shown", "counted", "repeated"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)  # in the order in which a child makes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of a submission: a .py file has one cell, a notebook one a code cell. Bytes as handed in."""

    name: str
    cells: tuple[bytes, ...]
    is_notebook: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """One call to make, once for each of `inputs`: values by name, axes as int."""

    call: Call
    returns: tuple[str, ...]  # names of the targets, in order
    inputs: tuple[Inputs, ...]
    purpose: Purpose = "counted"
    child: int = 0  # plans with the same number share a child
    # its frame but for the header, where that is small: a class is asked the same again and again
    packed: list[bytes] = field(default_factory=list, init=False, compare=False, repr=False)


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
class LoadError:
    """A cell or file that raised while it was loaded. Functions defined before that line still count."""

    source: str  # "answer.py", or "answer.ipynb, cell 3"
    detail: str  # the exception line
    traceback: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTrial:
    """
    The answers of one plan, one for each of its inputs, in its order.

    Fewer where the rest was not called: shown cases of a slow function, repeats of one that failed or is slow.
    """

    answers: Sequence[Answer]  # those of shown cases are decoded when they are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of a job. `status` is None when loading ended; else loading hung, died or was refused, and no task ran."""

    tasks: tuple[TaskTrial, ...] = ()
    status: Status | None = None
    detail: str = ""
    load_errors: tuple[LoadError, ...] = ()
    defined: Mapping[str, tuple[str, ...]] | None = None  # function -> the sources that define it
    autodiff: tuple[str, ...] = ()  # names from automatic differentiation that the source uses, for staff
    output: str = ""  # stdout and stderr, cleaned and capped
    shown_output: str = ""  # the part of it that was written before any counted case was called
    wrote_to_stdout: bool = False
    wall_timeout: bool = False  # something was ended by the wall clock: it waited, or other work kept it waiting
    layers: tuple[str, ...] = ()  # of protection that really held: namespaces, seccomp, landlock, rlimits
    isolation: str = "none"
