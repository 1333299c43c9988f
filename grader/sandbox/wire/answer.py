"""
What came of calling a student's function: arrays, or the facts of why there are none.

Facts only: `grader.render.endings` has the words for them, `grader.outcome.Status.of` says what they count as.
Standard library only at run time.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Array: TypeAlias = NDArray[Any]  # float64, or int64 for labels


class Phase(StrEnum):
    """What was being done when it failed."""

    COMPILING = "compiling"  # turning a file or cell into code: nothing of it ran
    LOADING = "loading"  # running a file or cell from its first line to its last
    MAKING = "making"  # calling another function of the student's, which makes an argument
    CALLING = "calling"
    READING = "reading"  # turning what was returned into arrays


class Reason(StrEnum):
    """Why a call, or loading, came to no value."""

    # A child says these of student code.
    NO_FUNCTION = "no_function"
    REFUSED = "refused"  # a module that the exercise forbids was used
    OUT_OF_MEMORY = "out_of_memory"
    EXITED = "exited"  # sys.exit()
    NOT_IMPLEMENTED = "not_implemented"
    RAISED = "raised"
    NESTED_TOO_DEEPLY = "nested_too_deeply"  # source that Python's compiler cannot take
    CELL_MAGIC = "cell_magic"  # a notebook cell that another program would run, as %%bash
    SHELL_LINE = "shell_line"
    MAGIC_LINES = "magic_lines"  # a notebook cell has some that cannot be taken out

    # The grader finds these out, by its own clock, by what came down the pipes, or by how a process ended.
    CALL_TOO_LONG = "call_too_long"
    WAITED = "waited"  # the same by the wall clock: it slept, or waited for input
    WALL_TOO_LONG = "wall_too_long"  # the same where CPU time cannot be read: nobody knows whether it waited
    SUBMISSION_TOO_LONG = "submission_too_long"
    RETURNED_TOO_MUCH = "returned_too_much"
    WROTE_TOO_MUCH = "wrote_too_much"
    USED_TOO_MUCH_MEMORY = "used_too_much_memory"
    ENDED_BY_SYSTEM = "ended_by_system"
    ENDED_ITSELF = "ended_itself"
    CRASHED = "crashed"
    FORBIDDEN_CALL = "forbidden_call"  # to the system
    NOT_AN_ANSWER = "not_an_answer"  # bytes that break the protocol
    ANSWER_TOO_LARGE = "answer_too_large"
    NO_ROOM_FOR_ANSWER = "no_room_for_answer"
    TOO_MANY_ANSWERS = "too_many_answers"
    CLOSED_ITS_PIPES = "closed_its_pipes"
    SEVERAL_FUNCTIONS = "several_functions"  # files define one name differently: nobody knows which counts
    OUR_FAULT = "our_fault"

    # Nothing was called, or what was returned does not count.
    NOTHING_HANDED_IN = "nothing_handed_in"
    NOT_OPENED = "not_opened"  # a file that is not read, as one that is too large
    SEVERAL_EXERCISES = "several_exercises"  # ask for one name, and the files do not say which function is for which
    NUMERICAL = "numerical"  # finite differences, where the exercise forbids them

    @property
    def is_undecided(self) -> bool:
        """Whether somebody has to say which of several functions counts."""
        return self in (Reason.SEVERAL_FUNCTIONS, Reason.SEVERAL_EXERCISES)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Why a call, or loading, came to no value, with the facts that the reason has; the others are empty."""

    reason: Reason
    phase: Phase = Phase.CALLING
    detail: str = ""  # the student's exception in one line, the name of a signal, or what went wrong on our side
    traceback: str = ""  # the student's own frames
    function: str = ""  # that is missing, that made an argument, or that it crashed in
    argument: str = ""  # the argument that `function` was to make
    source: str = ""  # the file or cell that did not load, or that it crashed in
    line: int = 0
    limit: float = 0.0  # that was reached: seconds, MiB, or bytes of an answer
    sources: tuple[str, ...] = ()  # the files that define a function differently
    similar: str = ""  # the student's function whose name is nearly the missing one
    others: tuple[str, ...] = ()  # the student's functions that no task asks for


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadError:
    """A file or cell that did not load to its end. Functions defined before that line still count."""

    source: str  # "answer.py", or "answer.ipynb, cell 3"
    reason: Reason | None = Reason.RAISED  # None: read from an older report
    phase: Phase | None = Phase.LOADING
    detail: str = ""  # the exception line; in a report the sentence on it
    traceback: str = ""


@dataclass(frozen=True, slots=True)
class NotAnArray:
    """An item that was returned and is no array of numbers: the name of its type, and why when that is not enough."""

    type_name: str
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one call of a student's function: `items`, one a returned thing and read-only, or a `failure`."""

    items: tuple[Array | NotAnArray, ...] = ()
    failure: Failure | None = None
    detail: str = ""  # what was returned, in words, where that is another number of things than was asked for
    mutated: tuple[str, ...] = ()  # names of the arguments that it changed in place
    single_precision: bool = False  # an item came as float32 or less
