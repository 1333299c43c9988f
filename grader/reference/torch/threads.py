"""
Hold torch at one thread while references are computed.

Their arrays are small: threads that wait for one another cost ten times the work, the more the more processors there are.
"""

from __future__ import annotations

import contextlib
import threading

import torch


class _OneThread(contextlib.ContextDecorator):
    """The number of threads that torch had before. Computations under way in any thread of the process share it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = 0  # torch's number of threads when the first of them began

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = torch.get_num_threads()
                torch.set_num_threads(1)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                torch.set_num_threads(self._before)


_the_one = _OneThread()


def one_thread() -> _OneThread:
    """Hold torch at one thread. Afterwards it has as many as before: the process may be a student's notebook."""
    return _the_one
