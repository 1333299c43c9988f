"""
`Sandbox`: runs jobs in confined children of one zygote.

It is used from one thread at a time; parallel workers have one each. The thread that makes it has to outlive it: the
kernel ends the zygote with that thread, so that nothing survives a grader that is killed.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Final, Literal, Self, TypeAlias

from grader.sandbox import host
from grader.sandbox.host import OurFaultError, SpawnedChild, Zygote
from grader.sandbox.running import Run, WantedError
from grader.sandbox.standins import ALLOWED

if TYPE_CHECKING:
    from types import TracebackType

    from grader.exercise import Arrays
    from grader.trial import Job, Trial

Isolation: TypeAlias = Literal["strict", "best", "none"]
Method: TypeAlias = Literal["fork", "spawn"]

_MOST_FAULTS: Final = 1  # of ours in one job; after the next one it is ungraded


class Sandbox:
    """A place to run student code in: a zygote, replaced by itself when it hangs or dies."""

    def __init__(self, arrays: Arrays, isolation: Isolation = "best", *, method: Method | None = None) -> None:
        self.arrays = arrays
        self.method: Method = method or ("fork" if sys.platform == "linux" else "spawn")
        self.isolation: str = "none"
        self._settings = host.settings_for(arrays, ())
        self._wanted: list[str] = []  # modules that a replaced zygote has to load again
        self._zygote: Zygote | None = None
        if self.method == "fork":
            self._zygote = Zygote(self._settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote."""
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote = None

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of protection that really hold."""
        if self._zygote is not None:
            return self._zygote.wait_ready()
        return ("rlimits",) if os.name == "posix" else ()

    def run(self, job: Job) -> Trial:
        """What came of a job. Never raises for what student code does."""
        run = Run(job, is_sealed="seccomp" in self.layers, may_load=() if self.method == "spawn" else ALLOWED)
        faults = 0
        while run.is_pending:
            try:
                self._serve(run, job)
            except WantedError as wanted:
                # the second want loads everything: no job is begun anew more than twice
                self._wanted = list(wanted.names) if not self._wanted else list(ALLOWED)
                run.may_load = set(ALLOWED) - set(self._wanted)
                self._load()
            except OurFaultError as fault:
                faults += 1
                self._replace()
                if faults > _MOST_FAULTS:
                    run.give_up(str(fault))
        return run.trial(self.isolation, self.layers)

    def _serve(self, run: Run, job: Job) -> None:
        request = host.request_for(job.limits)
        if self.method == "spawn":
            run.serve(SpawnedChild(self._settings, request))
            return
        if self._zygote is None:
            self._zygote = Zygote(self._settings)
            self._load()
        self._zygote.wait_ready()
        run.serve(self._zygote.fork(request))

    def _load(self) -> None:
        if self._zygote is not None and self._wanted:
            self._zygote.wait_ready()
            self._zygote.load(self._wanted)

    def _replace(self) -> None:
        self.close()
