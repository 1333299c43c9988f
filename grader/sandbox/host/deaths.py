"""Judge how a child's process ended of itself: which failure of the student's it is, or a fault of ours."""

from __future__ import annotations

import re
import signal
from typing import TYPE_CHECKING, Any

from grader.sandbox.host.budgets import cpu_backstop, submission_cpu_seconds
from grader.sandbox.host.zygote import OurFaultError
from grader.sandbox.wire.answer import Failure, Phase, Reason
from grader.text import one_line

if TYPE_CHECKING:
    from grader.sandbox.host.zygote import Ending
    from grader.sandbox.limits import Limits


def explain_ending(ending: Ending, output: bytes, limits: Limits, phase: Phase, *, is_sealed: bool) -> Failure:
    """
    Return the failure that an ending is. Raises OurFaultError for one that is not the student's.

    `is_sealed`: student code cannot send signals, so that a SIGKILL is not its doing. Only texts of other programs are
    looked for in the output, which the student's code may have written: none makes an ending cheaper.
    """
    reason, facts = _reason_of(ending, output.decode("utf-8", "replace"), limits, is_sealed=is_sealed)
    return Failure(reason=reason, phase=phase, **facts)


def _reason_of(ending: Ending, output: str, limits: Limits, *, is_sealed: bool) -> tuple[Reason, dict[str, Any]]:
    if ending.was_killed:
        return Reason.CLOSED_ITS_PIPES, {}
    if ending.exit_status >= 0:
        return _reason_of_exit(ending.exit_status, output, limits)
    number = -ending.exit_status
    if number == getattr(signal, "SIGXCPU", None):
        return _out_of_time(limits)
    if number == getattr(signal, "SIGKILL", None) and is_sealed:
        if ending.cpu_seconds >= cpu_backstop(limits):  # it ignores SIGXCPU, and its clock could not be read
            return _out_of_time(limits)
        if ending.peak_bytes > limits.memory_mib << 19:
            return Reason.ENDED_BY_SYSTEM, {}
        raise OurFaultError("a child was killed from outside")
    if "bad_alloc" in output:
        return Reason.USED_TOO_MUCH_MEMORY, {"limit": limits.memory_mib}
    if number == getattr(signal, "SIGSYS", None):
        return Reason.FORBIDDEN_CALL, {}
    return Reason.CRASHED, {"detail": _signal_name(number), **_place_in(output)}


def _reason_of_exit(status: int, output: str, limits: Limits) -> tuple[Reason, dict[str, Any]]:
    if "bad_alloc" in output or "Memory allocation still failed" in output:  # as C++ and OpenBLAS say it
        return Reason.USED_TOO_MUCH_MEMORY, {"limit": limits.memory_mib}
    if status > 255:  # Windows reports a crash as its exception code
        return Reason.CRASHED, _place_in(output)
    return Reason.ENDED_ITSELF, {}


def _out_of_time(limits: Limits) -> tuple[Reason, dict[str, Any]]:
    return Reason.SUBMISSION_TOO_LONG, {"limit": submission_cpu_seconds(limits)}


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _place_in(output: str) -> dict[str, Any]:
    """Return the first place in a faulthandler's traceback that is the student's: source, line and function."""
    text = output[output.rfind("Fatal Python error") :] if "Fatal Python error" in output else ""
    for filename, line, function in re.findall(r'File "([^"/\\<][^"]*)", line (\d+) in (.*)', text):
        named = "" if function == "<module>" else one_line(function, 80)
        return {"source": one_line(filename, 80), "line": int(line[:9]), "function": named}
    return {}
