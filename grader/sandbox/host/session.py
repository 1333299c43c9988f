"""
Drive one child: send it sources and calls, take its answers, and end it when it reaches a limit.

The clock and the caps are the grader's.
"""

from __future__ import annotations

import math
import secrets
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from grader.sandbox.host import budgets, replies
from grader.sandbox.host.deaths import explain_ending
from grader.sandbox.host.missing import called_functions, explain_missing
from grader.sandbox.host.replies import UndecodedAnswers
from grader.sandbox.host.zygote import OurFaultError
from grader.sandbox.wire import frames, protocol
from grader.sandbox.wire.answer import Answer, Failure, Phase, Reason
from grader.sandbox.wire.modules import ALLOWED
from grader.sandbox.wire.plan import PURPOSES
from grader.text import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.sandbox.host.run import JobRun
    from grader.sandbox.host.zygote import Child
    from grader.sandbox.wire.frames import Frame
    from grader.sandbox.wire.plan import TaskPlan

_START_SECONDS: Final = 120.0
_MOST_ANSWERED_BYTES: Final = 1 << 30  # in one job
_FEWEST_SHOWN: Final = 3  # cases in which a slow function is called for the student to see
_SHOWN_CPU: Final = 0.5  # seconds of a function's shown calls after which these are enough, or the limit of one call
_SHOWN_BYTES: Final = 32 << 20  # what a function may answer to shown calls before these are enough
_MOST_SHOWN_BYTES: Final = 512 << 20  # what a job may answer to shown calls in all; it is kept beside the other answers
_REPEATED_BYTES: Final = 64 << 20  # about what a function may answer to repeated calls


class DeathError(Exception):
    """A child ended, or has to, before it had answered: what that comes to for the student."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure


class StarvedError(OurFaultError):
    """A child ran out of wall time without having had a processor to run on."""


class WantedError(Exception):
    """
    Student code wants a module of the closed list that is not loaded yet.

    `is_of_secrets`: it was given cases that count. Which module it names may then say what they are, and whatever runs in a
    later child can see which are loaded.
    """

    def __init__(self, name: str, *, is_of_secrets: bool) -> None:
        self.name = name
        self.is_of_secrets = is_of_secrets


class _GoneError(Exception):
    """The child's pipes ended."""


class ChildSession:
    """One child at work on a job: what it is sent, what it may send back, and when it has to end."""

    def __init__(self, run: JobRun, child: Child) -> None:
        self.run = run
        self.child = child
        self.pipes = child.pipes
        self.is_started = False
        self.stage_cpu = self.child.clock.seconds() or 0.0
        self.stage_began = time.monotonic()
        self.work_began: float | None = None
        self.is_free = False  # the calls that are being made are shown or repeated ones
        self.free_before = 0.0  # CPU seconds of earlier calls of that kind
        self.purpose_cpu = 0.0  # the CPU time at which the calls of the present purpose began
        self.missing: dict[str, Answer] = {}  # why a function is missing, where that was asked
        self.number = -1  # the plan whose answers are awaited; -1 while loading
        self.partial: Sequence[Answer] = ()  # the answers that came
        self.new_output = 0  # where the output begins that no earlier child wrote while loading the same sources
        self.end_of_shown: int | None = None  # where the output ends that was written before counted cases were there
        self.end_of_counted: int | None = (
            None  # where the output ends that was written before repeated calls, which print the same again
        )

    def total_cpu(self) -> float:
        """Return the CPU time of the child so far."""
        return self.child.clock.seconds() or 0.0

    def free_seconds(self) -> float:
        """Return the CPU time of shown and repeated calls."""
        return self.free_before + (self.total_cpu() - self.purpose_cpu if self.is_free else 0.0)

    def worked_seconds(self) -> float:
        """Return the wall time since the child was ready for the submission."""
        return 0.0 if self.work_began is None else time.monotonic() - self.work_began

    def go(self) -> None:
        """Load the sources, then make the calls that belong in this child."""
        killed = False
        try:
            self._load()
            self._call_plans()
            self.child.kill()
            killed = True
            self.child.release()
        except (_GoneError, frames.ProtocolError, DeathError, WantedError, OurFaultError) as error:
            if killed:
                raise
            self._note(self._failure(error))
        except BaseException:  # Ctrl-C: nothing is left running
            self.child.kill()
            self.child.ended()
            raise

    def _note(self, failure: Failure) -> None:
        """Write a death down: it costs its plan; while loading, every plan that is left."""
        run = self.run
        if self.number >= 0:
            run.note_death(failure, self.number, tuple(self.partial))
        elif run.loaded is None:
            run.fatal = failure
        else:
            rest = Answer(failure=failure)
            run.answers = [
                (rest,) * len(plan.inputs) if answers is None else answers
                for plan, answers in zip(run.job.tasks, run.answers, strict=True)
            ]

    def _load(self) -> None:
        run, job = self.run, self.run.job
        nonce = secrets.randbits(63)
        orders = protocol.Orders(nonce=nonce, arrays=job.arrays, asked=called_functions(job), sources=job.sources)
        self.pipes.send(protocol.pack_orders(orders))
        first = self._next()
        if first.kind != frames.READY:
            raise OurFaultError(f"a child could not be confined: {one_line(bytes(first.body).decode('utf-8', 'replace'))}")
        self.is_started = True
        self.work_began = time.monotonic()
        loaded = replies.unpack_loaded(self._expect(frames.LOADED, nonce).body)
        run.wrote_to_stdout |= loaded.wrote_to_stdout
        if loaded.exited_in:
            raise DeathError(Failure(reason=Reason.EXITED, phase=Phase.LOADING, source=loaded.exited_in))
        if run.loaded is None:
            run.loaded = loaded
        else:
            self.new_output = self.pipes.output_so_far()

    def _call_plans(self) -> None:
        """
        Make the calls of the pending plans that share a child with the first of them, purpose by purpose.

        A child has nothing of a purpose before all answers of the one before are here.
        """
        run, plans = self.run, self.run.job.tasks
        pending = [number for number, answers in enumerate(run.answers) if answers is None]
        mine = [number for number in pending if plans[number].child == plans[pending[0]].child]
        for purpose in PURPOSES:
            self.free_before, self.purpose_cpu = self.free_seconds(), self.total_cpu()
            self.is_free = purpose != "counted"
            if purpose == "counted":
                self.end_of_shown = self.pipes.output_so_far()
            elif purpose == "repeated":
                self.end_of_counted = self.pipes.output_so_far()
            sent = []
            for number in mine:
                if plans[number].purpose == purpose and (plan := self._affordable(number)) is not None:
                    nonce = secrets.randbits(63)
                    self.pipes.send(protocol.pack_task(plan, nonce))
                    sent.append((number, plan, nonce))
            for number, plan, nonce in sent:
                if not self._take_answers(number, plan, nonce):
                    return  # a fresh child goes on
        self.number = -1

    def _affordable(self, number: int) -> TaskPlan | None:
        """Cut repeated calls to what memory and half of their time that is left are enough for; None where that is none."""
        run, plan = self.run, self.run.job.tasks[number]
        if plan.purpose != "repeated":
            return plan
        each_cpu, each_bytes = run.costs.get(plan.call.function, (0.0, 0))
        most = max(1, _REPEATED_BYTES // max(1, each_bytes))
        others = sum(1 for other in run.job.tasks if other.purpose == "repeated")
        most = min(most, (_MOST_ANSWERED_BYTES - run.answered_bytes) // (2 * others * max(1, each_bytes)))
        if each_cpu:
            left = budgets.free_cpu_seconds(run.job.limits) - run.free_seconds - self.free_seconds()
            most = min(most, int(max(0.0, left) / (2 * others * each_cpu)))
        if most >= len(plan.inputs):
            return plan
        if not most:
            run.answers[number] = ()
            return None
        return replace(plan, inputs=plan.inputs[:most])

    def _take_answers(self, number: int, plan: TaskPlan, nonce: int) -> bool:
        """Wait for the answers of a plan. Return False where it was left early: shown cases of a function that is slow."""
        if plan.purpose == "shown":
            return self._take_shown(number, plan, nonce)
        run = self.run
        answers: list[Answer] = []
        self.number, self.partial = number, answers
        cpu_before, bytes_before = self.total_cpu(), run.answered_bytes
        for index in range(len(plan.inputs)):
            body = self._expect(frames.ANSWER, nonce).body
            run.answered_bytes += len(body)
            if run.answered_bytes > _MOST_ANSWERED_BYTES:
                raise self._death(Reason.RETURNED_TOO_MUCH)
            answer, wrote = replies.unpack_answer(body, index)
            run.wrote_to_stdout |= wrote
            answers.append(self._with_reason(answer, plan.call.function))
        run.answers[number] = answers
        if plan.purpose == "counted":
            count = len(plan.inputs)
            run.costs[plan.call.function] = (self.total_cpu() - cpu_before) / count, (run.answered_bytes - bytes_before) // count
        return True

    def _take_shown(self, number: int, plan: TaskPlan, nonce: int) -> bool:
        """Wait for the answers to shown cases, as many as cost little time and memory. Return whether these are all."""

        def decode(body: memoryview, index: int) -> Answer:
            try:
                answer, _ = replies.unpack_answer(body, index)
            except frames.ProtocolError as error:
                return Answer(failure=Failure(reason=error.reason, limit=error.size))
            return self._with_reason(answer, plan.call.function)

        bodies: list[memoryview] = []
        self.number, self.partial = number, UndecodedAnswers(bodies, decode)
        cpu_before, began = self.total_cpu(), time.monotonic()
        few_seconds = min(_SHOWN_CPU, self.run.job.limits.seconds)
        size = 0
        while len(bodies) < len(plan.inputs):
            seconds = time.monotonic() - began
            if (size > _SHOWN_BYTES or seconds > few_seconds) and self._is_enough(len(bodies), size, cpu_before, seconds):
                break
            body = self._expect(frames.ANSWER, nonce).body
            size += len(body)
            self.run.shown_bytes += len(body)
            if self.run.shown_bytes > _MOST_SHOWN_BYTES:  # costs no points: it is called in cases that count all the same
                raise self._death(Reason.RETURNED_TOO_MUCH)
            bodies.append(body)
        self.run.answers[number] = self.partial
        return len(bodies) == len(plan.inputs)

    def _is_enough(self, count: int, size: int, cpu_before: float, seconds: float) -> bool:
        """Whether a slow function, or one of large answers, was called in enough shown cases: those that count need the rest."""
        if size > _SHOWN_BYTES:
            return True
        spent = max(self.total_cpu() - cpu_before, seconds / 10)  # or it sleeps
        limit = self.run.job.limits.seconds
        return spent > (min(_SHOWN_CPU, limit) if count >= _FEWEST_SHOWN else limit)

    def _with_reason(self, answer: Answer, function: str) -> Answer:
        """Say why a function is missing. It is looked into once: that takes the grader's time, not the child's."""
        failure, job = answer.failure, self.run.job
        if failure is None or failure.reason is not Reason.NO_FUNCTION:
            return answer
        if function not in self.missing:
            assert self.run.loaded is not None
            # which function is missing is the child's word: it may be forged
            name = failure.function if failure.function in called_functions(job) else function
            self.missing[function] = Answer(failure=explain_missing(name, self.run.loaded, job))
        return self.missing[function]

    # --- waiting, with the clock in hand ---

    def _begin_stage(self) -> None:
        self.stage_cpu = self.child.clock.seconds() or 0.0
        self.stage_began = time.monotonic()

    def _expect(self, kind: int, nonce: int) -> Frame:
        frame = self._next()
        if frame.kind == frames.WANTED:
            number = int.from_bytes(frame.body, "little")
            name = ALLOWED[number] if number < len(ALLOWED) else ""
            if name not in self.run.may_load:
                raise frames.ProtocolError
            is_of_secrets = self.number >= 0 and self.run.job.tasks[self.number].purpose != "shown"
            raise WantedError(name, is_of_secrets=is_of_secrets)
        if frame.kind != kind or frame.nonce != nonce:
            raise frames.ProtocolError
        return frame

    def _next(self) -> Frame:
        pipes = self.pipes
        if not pipes.frames:
            self._begin_stage()  # what is here already was answered in time
        while True:
            # asked before the frames: a thread of the pipes' may add the last of them, and only then say that they are at an end
            broken, is_ended = pipes.broken, pipes.is_ended
            if pipes.frames:
                return pipes.frames.popleft()
            if broken is not None:
                raise broken
            if pipes.is_flooded and self.is_started:  # only student code writes as much: its child is about to say that it began
                raise self._death(Reason.WROTE_TOO_MUCH)
            if is_ended:
                raise _GoneError
            pipes.wait(self._seconds_left())

    def _seconds_left(self) -> float:
        """Return the least time until a limit can be reached. Raises DeathError when one is."""
        now = time.monotonic() - self.stage_began
        if not self.is_started:
            if now > _START_SECONDS:
                raise OurFaultError("a child did not start")
            return _START_SECONDS - now
        limits, cpu = self.run.job.limits, self.child.clock.seconds()
        submission_wall = budgets.submission_wall_seconds(limits)
        submission_wall_left = submission_wall - (self.run.worked_seconds + self.worked_seconds())
        if submission_wall_left <= 0:
            self.run.wall_timeout = True
            raise self._death(Reason.SUBMISSION_TOO_LONG, submission_wall)
        cpu_left = math.inf if cpu is None else self._cpu_seconds_left(cpu)
        wall = budgets.call_wall_seconds(limits)
        if now >= wall:
            self._forgive_starving(now)
            self.run.wall_timeout = True
            raise self._death(Reason.WALL_TOO_LONG if cpu is None else Reason.WAITED, wall)
        return min(wall - now, submission_wall_left, cpu_left) + 0.001

    def _cpu_seconds_left(self, cpu: float) -> float:
        """Return the CPU time that is left of the call, or of the submission. Raises DeathError when there is none."""
        limits = self.run.job.limits
        submission_cpu = budgets.submission_cpu_seconds(limits)
        call_left = limits.seconds - (cpu - self.stage_cpu)
        submission_left = submission_cpu - self.run.counted_seconds(cpu, self.free_seconds())
        if call_left <= 0:
            raise self._death(Reason.CALL_TOO_LONG, limits.seconds)
        if submission_left <= 0:
            raise self._death(Reason.SUBMISSION_TOO_LONG, submission_cpu)
        return min(call_left, submission_left)

    def _forgive_starving(self, seconds: float) -> None:
        """Raise StarvedError, once a job, for a child that waited for a processor: it is run again."""
        if self.run.forgives_starving and self.child.clock.was_starved(seconds):
            self.run.forgives_starving = False
            raise StarvedError("this machine was too busy")

    # --- what an ending means ---

    def _failure(self, error: Exception) -> Failure:
        """Return the failure that ended this session. Raises what is not the student's."""
        if not isinstance(error, _GoneError):
            self.child.kill()
        ending = self.child.ended()
        if isinstance(error, WantedError | OurFaultError):
            raise error
        if not self.is_started:
            raise OurFaultError(f"a child ended before it began ({ending.exit_status})")
        if isinstance(error, DeathError):
            return error.failure
        if isinstance(error, frames.ProtocolError):
            return Failure(reason=error.reason, phase=self._phase(), limit=error.size)
        output, limits = bytes(self.pipes.output), self.run.job.limits
        return explain_ending(ending, output, limits, self._phase(), is_sealed=self.run.is_sealed)

    def _death(self, reason: Reason, limit: float = 0.0) -> DeathError:
        return DeathError(Failure(reason=reason, phase=self._phase(), limit=limit))

    def _phase(self) -> Phase:
        return Phase.LOADING if self.number < 0 else Phase.CALLING
