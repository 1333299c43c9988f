"""The grader's own clock on a child: CPU time read from outside, which nothing in the child can turn back."""

from __future__ import annotations

import re
import time
from pathlib import Path

_CPUCLOCK_SCHED = 2  # kernel's include/linux/posix-timers.h: all threads of a process, to the nanosecond


class CpuClock:
    """CPU seconds of another process; None where the system does not tell."""

    def __init__(self, pid: int | None) -> None:
        self._clock = None if pid is None else (~pid << 3) | _CPUCLOCK_SCHED
        self._pid = pid
        self._last: float | None = None
        self.seconds()

    def seconds(self) -> float | None:
        """Return the CPU time so far; of a process that is gone, the last that was read."""
        if self._clock is not None:
            try:
                self._last = time.clock_gettime(self._clock)
            except (OSError, AttributeError):
                self._clock = None
        return self._last

    def was_starved(self, wall_seconds: float) -> bool:
        """
        Whether the process wanted to run and had to wait for others, rather than slept.

        True when that cannot be known: a time-out then is tried once more.
        """
        try:
            running, waiting, _ = Path(f"/proc/{self._pid}/schedstat").read_text().split()
        except (OSError, ValueError):
            return True
        return (int(running) + int(waiting)) / 1e9 > wall_seconds / 2


def pid_of(pidfd: int) -> int | None:
    """Return the process id that a pidfd stands for, as seen from here."""
    try:
        with open(f"/proc/self/fdinfo/{pidfd}", "rb", buffering=0) as file:  # noqa: PTH123 every child waits for it
            found = re.search(rb"^Pid:\s*([1-9]\d*)$", file.read(4096), re.MULTILINE)
    except OSError:
        return None
    return int(found[1]) if found else None
