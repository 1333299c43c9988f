"""
The words for why a call, or loading, came to no value: facts in, one sentence out.

A sentence begins in lower case and has no full stop, so that it can stand within another one. Everything in it that came
from a student is cleaned here.
"""

from __future__ import annotations

from typing import assert_never

from grader.sandbox.wire.answer import Failure, LoadError, Phase, Reason
from grader.text import and_list, cleaned

_MOST_NAMED = 4  # functions that are there, where one is not
_SIGNALS = {
    "SIGSEGV": "segmentation fault",
    "SIGABRT": "abort",
    "SIGFPE": "arithmetic fault",
    "SIGBUS": "bus error",
}


def sentence(failure: Failure) -> str:
    """
    Say why a call came to no value.

    >>> sentence(Failure(reason=Reason.CALL_TOO_LONG, limit=2.0))
    'it did not finish within 2 seconds'
    >>> sentence(Failure(reason=Reason.RAISED, phase=Phase.MAKING, detail="ValueError: no", function="forward", argument="cache"))
    'forward, which makes `cache`, raised ValueError: no'
    >>> sentence(Failure(reason=Reason.RAISED, phase=Phase.LOADING, detail="NameError: x", source="answer.py"))
    'answer.py did not load: NameError: x'
    """
    match failure.phase:
        case Phase.MAKING:
            return f"{failure.function}, which makes `{failure.argument}`, {_made(failure)}"
        case Phase.COMPILING | Phase.LOADING:
            return _loading(failure)
        case Phase.CALLING | Phase.READING:
            return _plain(failure)
        case _:
            assert_never(failure.phase)


def load_error(error: LoadError) -> str:
    """Say why a file or cell did not load to its end; where it stands is for the reader to add."""
    if error.reason is None:
        return error.detail
    return _plain(Failure(reason=error.reason, detail=error.detail))


def _made(failure: Failure) -> str:
    """Say what a function did that was to make an argument."""
    if failure.reason is Reason.EXITED:
        return "called sys.exit()"
    if failure.reason is Reason.OUT_OF_MEMORY:
        return _plain(failure).removeprefix("it ")
    return f"raised {_detail(failure)}"


def _loading(failure: Failure) -> str:
    """Say what ended the loading of a file: an exception, or the end of everything."""
    if failure.reason is Reason.EXITED:
        return f"it called sys.exit() while loading ({_one_line(failure.source)})"
    if failure.source and failure.reason is not Reason.CRASHED:
        before = f". Before that it defines {failure.similar}, not {failure.function}" if failure.similar else ""
        return f"{_one_line(failure.source)} did not load: {_plain(failure)}{before}"
    whenever = failure.reason in (Reason.OUR_FAULT, Reason.SUBMISSION_TOO_LONG)
    return _plain(failure) if whenever else f"{_plain(failure)} while it was loaded"


def _plain(failure: Failure) -> str:  # noqa: PLR0912 a table: every reason has its line
    """Say what happened, whenever it did."""
    seconds, mib = f"{failure.limit:g} seconds", f"{failure.limit:g} MiB"
    match failure.reason:
        case Reason.NO_FUNCTION:
            return _not_found(failure)
        case Reason.RAISED | Reason.REFUSED | Reason.NOT_IMPLEMENTED:
            return _detail(failure)
        case Reason.OUT_OF_MEMORY:
            return f"it ran out of memory ({_detail(failure)})" if failure.detail else "it ran out of memory"
        case Reason.EXITED:
            return "it called sys.exit()"
        case Reason.NESTED_TOO_DEEPLY:
            return "the code is nested too deeply"
        case Reason.CELL_MAGIC:
            return f"a {_detail(failure)} cell is not run inside the grader"
        case Reason.SHELL_LINE:
            return "shell lines (`!...`) are not run inside the grader; take the line out"
        case Reason.MAGIC_LINES:
            return "its magic lines could not be taken out"
        case Reason.CALL_TOO_LONG | Reason.WALL_TOO_LONG:
            return f"it did not finish within {seconds}"
        case Reason.WAITED:
            return f"it did not finish within {seconds} (it waited rather than computed)"
        case Reason.SUBMISSION_TOO_LONG:
            return f"the whole submission took more than {seconds}"
        case Reason.RETURNED_TOO_MUCH:
            return "it returned more than was asked for"
        case Reason.WROTE_TOO_MUCH:
            return "it wrote too much output"
        case Reason.USED_TOO_MUCH_MEMORY:
            return f"it used more than {mib}"
        case Reason.ENDED_BY_SYSTEM:
            return "the system ended it, most likely for want of memory"
        case Reason.ENDED_ITSELF:
            return "it ended its own process (os._exit)"
        case Reason.CRASHED:
            return _crashed(failure)
        case Reason.FORBIDDEN_CALL:
            return "it made a system call that is not allowed inside the grader"
        case Reason.NOT_AN_ANSWER:
            return "it broke the grader's protocol: it sent bytes that are no answer"
        case Reason.ANSWER_TOO_LARGE:
            return f"it broke the grader's protocol: it sent an answer of {failure.limit:.0f} bytes"
        case Reason.NO_ROOM_FOR_ANSWER:
            return (
                f"it broke the grader's protocol: it sent an answer of {failure.limit:.0f} bytes, for which there is no room here"
            )
        case Reason.TOO_MANY_ANSWERS:
            return "it broke the grader's protocol: it sent more answers than there were questions"
        case Reason.CLOSED_ITS_PIPES:
            return "it broke the grader's protocol: it closed its end of the pipes"
        case Reason.SEVERAL_FUNCTIONS:
            files = and_list(map(_one_line, failure.sources))
            return f"{files} define {failure.function} differently. Keep one of them: rename or remove the other."
        case Reason.NUMERICAL:
            return "numerical differentiation is not allowed in this exercise"
        case Reason.OUR_FAULT | Reason.NOTHING_HANDED_IN | Reason.NOT_OPENED | Reason.SEVERAL_EXERCISES:
            return failure.detail  # said by whoever looked into what was handed in
        case _:
            assert_never(failure.reason)


def _not_found(failure: Failure) -> str:
    """
    Say that nobody defined a function, and what there is instead.

    >>> _not_found(Failure(reason=Reason.NO_FUNCTION, function="dY_dW", similar="dY_dw", others=("dY_dw", "helper")))
    'no function dY_dW is defined; if dY_dw is meant to be it, rename it'
    >>> _not_found(Failure(reason=Reason.NO_FUNCTION, function="dY_dW", others=("helper",)))
    'no function dY_dW is defined, only helper'
    """
    missing = f"no function {failure.function} is defined"
    if failure.similar:
        return f"{missing}; if {failure.similar} is meant to be it, rename it"
    if not failure.others:
        return missing
    more = " and others" if len(failure.others) > _MOST_NAMED else ""
    return f"{missing}, only {', '.join(failure.others[:_MOST_NAMED])}{more}"


def _crashed(failure: Failure) -> str:
    """
    Say how a process crashed, and in which line of the student's, where that is known.

    >>> _crashed(Failure(reason=Reason.CRASHED, detail="SIGSEGV", source="answer.py", line=3, function="f"))
    'it crashed: segmentation fault (answer.py, line 3, in f)'
    """
    by = f": {_SIGNALS.get(failure.detail, failure.detail)}" if failure.detail else ""
    function = f", in {failure.function}" if failure.function else ""
    return f"it crashed{by}" + (f" ({failure.source}, line {failure.line}{function})" if failure.source else "")


def _detail(failure: Failure) -> str:
    return _one_line(failure.detail)


def _one_line(text: str) -> str:
    return " ".join(cleaned(text).split())
