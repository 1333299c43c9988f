"""How a process ended says which failure of the student's it is, or that the fault is ours."""

from __future__ import annotations

import pytest

from grader.sandbox.host.deaths import explain_ending
from grader.sandbox.host.zygote import Ending, OurFaultError
from grader.sandbox.limits import Limits
from grader.sandbox.wire.answer import Failure, Phase, Reason

LIMITS = Limits(seconds=1.0, memory_mib=64)
CRASH = b"""Fatal Python error: Segmentation fault

Current thread 0x1 (most recent call first):
  File "/usr/lib/python3.11/ctypes/__init__.py", line 500 in string_at
  File "answer.py", line 3 in f
  File "answer.py", line 9 in <module>
"""


def explained(ending: Ending, output: bytes = b"", *, is_sealed: bool = True) -> Failure:
    """Return the failure of a call that ended so."""
    return explain_ending(ending, output, LIMITS, Phase.CALLING, is_sealed=is_sealed)


@pytest.mark.parametrize(
    ("ending", "output", "reason"),
    [
        (Ending(exit_status=0, was_killed=True), b"", Reason.CLOSED_ITS_PIPES),
        (Ending(exit_status=0), b"", Reason.ENDED_ITSELF),
        (Ending(exit_status=137), b"", Reason.ENDED_ITSELF),
        (Ending(exit_status=1), b"terminate called after throwing an instance of 'std::bad_alloc'", Reason.USED_TOO_MUCH_MEMORY),
        (Ending(exit_status=1), b"OpenBLAS: Memory allocation still failed", Reason.USED_TOO_MUCH_MEMORY),
        (Ending(exit_status=0xC0000005), b"", Reason.CRASHED),
        (Ending(exit_status=-24), b"", Reason.SUBMISSION_TOO_LONG),
        (Ending(exit_status=-9, cpu_seconds=19.0), b"", Reason.SUBMISSION_TOO_LONG),
        (Ending(exit_status=-9, peak_bytes=60 << 20), b"", Reason.ENDED_BY_SYSTEM),
        (Ending(exit_status=-6), b"std::bad_alloc", Reason.USED_TOO_MUCH_MEMORY),
        (Ending(exit_status=-31), b"", Reason.FORBIDDEN_CALL),
        (Ending(exit_status=-11), b"", Reason.CRASHED),
    ],
)
def test_reason_of_an_ending(ending: Ending, output: bytes, reason: Reason) -> None:
    """Exit statuses and signals, each with its reason."""
    assert explained(ending, output).reason is reason


def test_a_kill_that_nothing_explains_is_our_fault() -> None:
    """Behind seccomp no student code can send SIGKILL; without it the kill may be the student's own."""
    with pytest.raises(OurFaultError):
        explained(Ending(exit_status=-9))
    assert explained(Ending(exit_status=-9), is_sealed=False).reason is Reason.CRASHED


def test_a_crash_has_its_place() -> None:
    """The innermost line that is the student's, and the name of the signal."""
    failure = explained(Ending(exit_status=-11), CRASH)
    assert (failure.detail, failure.source, failure.line, failure.function) == ("SIGSEGV", "answer.py", 3, "f")
    assert explained(Ending(exit_status=-99)).detail == "signal 99"


@pytest.mark.parametrize("line", ["1" * 5000, "-1", "x"])
def test_a_forged_place_is_no_harm(line: str) -> None:
    """What student code writes on stderr is only text."""
    output = f'Fatal Python error: x\n  File "a.py", line {line} in f'.encode()
    assert explained(Ending(exit_status=-11), output).reason is Reason.CRASHED
