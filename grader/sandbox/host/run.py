"""
Follow a job from its first child to its last: its answers, its output, the time that it took.

A death ends its task; the remaining tasks run in a fresh child.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from grader.sandbox.host.budgets import free_cpu_seconds
from grader.sandbox.host.session import ChildSession
from grader.sandbox.job import TaskTrial, Trial
from grader.sandbox.wire.answer import Answer, Failure, Phase, Reason
from grader.text import cleaned, one_line

if TYPE_CHECKING:
    from collections.abc import Collection

    from grader.sandbox.host.zygote import Child
    from grader.sandbox.job import Job
    from grader.sandbox.wire.protocol import Loaded

_MOST_OUTPUT: Final = 64 << 10  # bytes that are kept of a job's output
_OUT_OF_TIME: Final = frozenset({Reason.CALL_TOO_LONG, Reason.WAITED, Reason.WALL_TOO_LONG, Reason.SUBMISSION_TOO_LONG})


class JobRun:
    """A job as far as it got. `serve` uses one child; `is_pending` says whether another is needed."""

    def __init__(self, job: Job, *, is_sealed: bool, may_load: Collection[str]) -> None:
        self.job = job
        self.is_sealed = is_sealed  # student code cannot send signals: a SIGKILL from nowhere is not its doing
        self.may_load = may_load
        self.loaded: Loaded | None = None
        self.fatal: Failure | None = None
        self.answers: list[Sequence[Answer] | None] = [None] * len(job.tasks)
        self.costs: dict[str, tuple[float, int]] = {}  # CPU seconds and bytes of a function's counted answer, on average
        self.output = bytearray()
        self.shown_output = bytearray()
        self.wrote_to_stdout = False
        self.cpu_seconds = 0.0
        self.free_seconds = 0.0  # the part of them that shown and repeated calls took
        self.worked_seconds = 0.0  # wall time since a child was ready for the submission
        self.answered_bytes = 0
        self.shown_bytes = 0
        self.forgives_starving = True
        self.wall_timeout = False

    @property
    def is_pending(self) -> bool:
        """Whether something is left to run."""
        return self.fatal is None and (self.loaded is None or None in self.answers)

    def serve(self, child: Child) -> None:
        """Use one child as far as it goes. Raises OurFaultError, WantedError; a student's failure is noted."""
        session = ChildSession(self, child)
        try:
            session.go()
        finally:
            self.worked_seconds += session.worked_seconds()
            self.cpu_seconds += session.total_cpu()
            self.free_seconds += session.free_seconds()
            self.shown_output += child.pipes.output[session.new_output : session.end_of_shown][: _room(self.shown_output)]
            self.output += child.pipes.output[session.new_output : session.end_of_counted][: _room(self.output)]

    def counted_seconds(self, cpu_seconds: float, free_seconds: float) -> float:
        """Return the CPU time that counts for the whole submission, with so much of a child at work."""
        free = min(self.free_seconds + free_seconds, free_cpu_seconds(self.job.limits))
        return self.cpu_seconds + cpu_seconds - free

    def give_up(self, reason: str) -> None:
        """Leave what is not answered ungraded, after our second fault."""
        fault = Failure(reason=Reason.OUR_FAULT, detail=one_line(reason))
        for number, plan in enumerate(self.job.tasks):
            if self.answers[number] is None:
                self.answers[number] = (Answer(failure=fault),) * len(plan.inputs)
        if self.loaded is None:
            self.fatal = replace(fault, phase=Phase.LOADING)

    def note_death(self, failure: Failure, number: int, partial: Sequence[Answer]) -> None:
        """
        Write down that a child died in the calls of a plan, after `partial` answers.

        A function that failed in a counted case is not repeated. One that did not finish in a shown case is not called in
        counted ones: that would cost the same time again.
        """
        rest = Answer(failure=failure)
        plans = self.job.tasks
        died = plans[number]
        self.answers[number] = (*partial, *[rest] * (len(died.inputs) - len(partial)))
        if died.purpose == "shown" and failure.reason not in _OUT_OF_TIME:
            return
        for place, plan in enumerate(plans):
            if self.answers[place] is None and plan.call.function == died.call.function:
                self.answers[place] = () if plan.purpose == "repeated" else (rest,) * len(plan.inputs)

    def trial(self, isolation: str, layers: Sequence[str]) -> Trial:
        """Return what came of the job."""
        loaded = self.loaded
        return Trial(
            tasks=tuple(TaskTrial(answers=answers) for answers in self.answers if answers is not None),
            failure=self.fatal,
            load_errors=loaded.errors if loaded else (),
            defined=loaded.defined if loaded else None,
            autodiff=loaded.autodiff if loaded else (),
            output=cleaned(self.output.decode("utf-8", "replace")),
            shown_output=cleaned(self.shown_output.decode("utf-8", "replace")),
            wrote_to_stdout=self.wrote_to_stdout,
            wall_timeout=self.wall_timeout,
            layers=tuple(layers),
            isolation=isolation,
        )


def _room(kept: bytearray) -> int:
    return max(0, _MOST_OUTPUT - len(kept))
