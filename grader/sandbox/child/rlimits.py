"""Resource limits of a child, and how much address space the zygote has, without a /proc to read it from."""

from __future__ import annotations

import mmap
import resource
import sys
from typing import Final

_STACK: Final = 16 << 20
_PAGE: Final = mmap.PAGESIZE


def address_space() -> int:
    """
    Measure the address space of this process in bytes, to the page.

    RLIMIT_AS is checked against exactly that number at every mmap, so halving an interval of limits finds it.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 47 if hard == resource.RLIM_INFINITY else hard
    try:
        while high - low > _PAGE:
            middle = (low + high) // 2 // _PAGE * _PAGE
            resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
            try:
                mmap.mmap(-1, _PAGE).close()
            except OSError:
                low = middle
            else:
                high = middle
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return high


def limit(*, address_space_bytes: int | None, cpu_seconds: int, open_files: int = 16) -> None:
    """
    Hold this process to its budget, as far as the limits it came with allow.

    CPU time here is the backstop of the grader's own clock. Nothing may be written to a file and no core be dumped.
    """
    wanted = {
        "RLIMIT_AS": address_space_bytes,
        "RLIMIT_CPU": cpu_seconds,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": open_files,
        "RLIMIT_NPROC": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_STACK": _STACK,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": 64,
    }
    for name, most in wanted.items():
        what = getattr(resource, name, None)  # the last two are Linux's own
        if what is None or most is None:
            continue
        _, hard = resource.getrlimit(what)
        highest = sys.maxsize if hard == resource.RLIM_INFINITY else hard
        ceiling = most + 1 if name == "RLIMIT_CPU" else most  # its soft end is SIGXCPU, its hard end SIGKILL
        resource.setrlimit(what, (min(most, highest), min(ceiling, highest)))


def limit_from(request: dict[str, int]) -> None:
    """
    Hold a process that was not forked, but started for one job, to the budget of the request.

    Outside Linux only CPU time and files are limited: macOS takes a limit on address space and does not hold it.
    """
    budget = address_space() + request["memory_bytes"] if sys.platform == "linux" else None
    limit(address_space_bytes=budget, cpu_seconds=request["cpu_seconds"])
