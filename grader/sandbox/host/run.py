"""
One job from its first child to its last: what is sent, what may come back, whose fault an ending is.

The clock and the caps are the grader's. A death ends its task; the remaining tasks run in a fresh child.
"""

from __future__ import annotations

import re
import secrets
import signal
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, overload

from grader.sandbox.host import replies
from grader.sandbox.host.zygote import OurFaultError, cpu_backstop
from grader.sandbox.job import TaskTrial, Trial
from grader.sandbox.wire import frames, protocol
from grader.sandbox.wire.answer import Answer, Failure, Phase, Reason
from grader.sandbox.wire.modules import ALLOWED
from grader.sandbox.wire.plan import PURPOSES
from grader.text import cleaned, one_line

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from grader.sandbox.host.zygote import Child, Ending
    from grader.sandbox.job import Job
    from grader.sandbox.wire.answer import LoadError
    from grader.sandbox.wire.frames import Frame
    from grader.sandbox.wire.plan import TaskPlan
    from grader.sandbox.wire.protocol import Loaded

_MOST_ANSWERED_BYTES: Final = 1 << 30  # of one job
_MOST_OUTPUT: Final = 64 << 10  # bytes that are kept of a job's output
_START_SECONDS: Final = 120.0
_JOB_CPU: Final = 10  # times the limit of one call: for the whole submission
_FREE_CPU: Final = 4  # ... and beside it for shown and repeated calls, which must not cost time that those that count need
_JOB_WALL: Final = 30
_FEWEST_SHOWN: Final = 3  # cases in which a slow function is called for the student to see
_SHOWN_CPU: Final = 0.5  # seconds of a function's shown calls after which these are enough, or the limit of one call
_SHOWN_BYTES: Final = 32 << 20  # of its answers to them
_MOST_SHOWN_BYTES: Final = 512 << 20  # of a job's answers to shown calls, which are kept beside the others
_REPEATED_BYTES: Final = 64 << 20  # of a function's answers to repeated calls, about
_OUT_OF_TIME: Final = frozenset({Reason.CALL_TOO_LONG, Reason.WAITED, Reason.WALL_TOO_LONG, Reason.SUBMISSION_TOO_LONG})


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


class Run:
    """What is known of a job so far. One `serve` for each child; `pending` says whether another is needed."""

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
        self.free_seconds = 0.0  # of these: shown and repeated calls
        self.worked_seconds = 0.0  # of wall time, since a child was ready for the submission
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
        visit = _Visit(self, child)
        try:
            visit.go()
        finally:
            self.worked_seconds += visit.worked_seconds()
            self.cpu_seconds += visit.total_cpu()
            self.free_seconds += visit.free_seconds()
            self.shown_output += child.pipes.output[visit.new_output : visit.end_of_shown][: _room(self.shown_output)]
            self.output += child.pipes.output[visit.new_output : visit.end_of_counted][: _room(self.output)]

    def job_seconds(self, cpu_seconds: float, free_seconds: float) -> float:
        """Return the CPU time that counts for the whole submission, with so much of a child at work."""
        free = min(self.free_seconds + free_seconds, _FREE_CPU * self.job.limits.seconds)
        return self.cpu_seconds + cpu_seconds - free

    def give_up(self, reason: str) -> None:
        """Our second fault: what is not answered stays ungraded."""
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


class _Undecoded(Sequence["Answer"]):
    """Answers as they came, decoded each time they are looked at: of shown cases that is only where something is wrong."""

    def __init__(self, bodies: Sequence[memoryview], decode: Callable[[memoryview, int], Answer]) -> None:
        self._bodies = bodies
        self._decode = decode

    def __len__(self) -> int:
        return len(self._bodies)

    @overload
    def __getitem__(self, at: int) -> Answer: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Answer]: ...
    def __getitem__(self, at: int | slice) -> Answer | Sequence[Answer]:
        if isinstance(at, slice):
            return [self[place] for place in range(*at.indices(len(self)))]
        return self._decode(self._bodies[at], range(len(self))[at])


class _Visit:
    """One child at work on a run."""

    def __init__(self, run: Run, child: Child) -> None:
        self.run = run
        self.child = child
        self.pipes = child.pipes
        self.is_started = False
        self.stage_cpu = self.child.clock.seconds() or 0.0
        self.stage_began = time.monotonic()
        self.work_began: float | None = None
        self.is_free = False  # the calls at hand are shown or repeated ones
        self.free_before = 0.0  # CPU seconds of such calls that are over
        self.stint_cpu = 0.0  # the CPU time at which those at hand began
        self.reasons: dict[str, Answer] = {}  # why a function is missing, where that was asked
        self.number = -1  # of the plan whose answers are awaited
        self.partial: Sequence[Answer] = ()  # those that came
        self.new_output = 0  # where the output begins that no earlier child wrote while loading the same sources
        self.end_of_shown: int | None = None  # where it ends that was written before counted cases were there
        self.end_of_counted: int | None = None  # ... before repeated calls, which print the same again

    def total_cpu(self) -> float:
        return self.child.clock.seconds() or 0.0

    def free_seconds(self) -> float:
        """CPU time of shown and repeated calls."""
        return self.free_before + (self.total_cpu() - self.stint_cpu if self.is_free else 0.0)

    def worked_seconds(self) -> float:
        """Wall time since the child was ready for the submission."""
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
            self._note(self._death(error).failure)
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
        orders = protocol.Orders(nonce=nonce, arrays=job.arrays, asked=self._asked(), sources=job.sources)
        self.pipes.send(protocol.pack_orders(orders))
        first = self._next()
        if first.kind != frames.READY:
            raise OurFaultError(f"a child could not be confined: {one_line(bytes(first.body).decode('utf-8', 'replace'))}")
        self.is_started = True
        self.work_began = time.monotonic()
        loaded = replies.unpack_loaded(self._expect(frames.LOADED, nonce).body)
        run.wrote_to_stdout |= loaded.wrote_to_stdout
        if loaded.exited_in:
            raise self._death_by(Reason.EXITED, source=loaded.exited_in)
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
            self.free_before, self.stint_cpu = self.free_seconds(), self.total_cpu()
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
            left = _FREE_CPU * run.job.limits.seconds - run.free_seconds - self.free_seconds()
            most = min(most, int(max(0.0, left) / (2 * others * each_cpu)))
        if most >= len(plan.inputs):
            return plan
        if not most:
            run.answers[number] = ()
            return None
        return replace(plan, inputs=plan.inputs[:most])

    def _take_answers(self, number: int, plan: TaskPlan, nonce: int) -> bool:
        """Wait for the answers of a plan. False where it was left early: shown cases of a function that is slow."""
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
                raise self._death_by(Reason.RETURNED_TOO_MUCH)
            answer, wrote = replies.unpack_answer(body, index)
            run.wrote_to_stdout |= wrote
            answers.append(self._with_reason(answer, plan.call.function))
        run.answers[number] = answers
        if plan.purpose == "counted":
            count = len(plan.inputs)
            run.costs[plan.call.function] = (self.total_cpu() - cpu_before) / count, (run.answered_bytes - bytes_before) // count
        return True

    def _take_shown(self, number: int, plan: TaskPlan, nonce: int) -> bool:
        """Wait for the answers to shown cases, as many as cost little time and memory."""

        def decode(body: memoryview, index: int) -> Answer:
            try:
                answer, _ = replies.unpack_answer(body, index)
            except frames.ProtocolError as error:
                return Answer(failure=Failure(reason=error.reason, limit=error.size))
            return self._with_reason(answer, plan.call.function)

        bodies: list[memoryview] = []
        self.number, self.partial = number, _Undecoded(bodies, decode)
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
                raise self._death_by(Reason.RETURNED_TOO_MUCH)
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
        failure = answer.failure
        if failure is None or failure.reason is not Reason.NO_FUNCTION:
            return answer
        if function not in self.reasons:
            # which function is missing is the child's word: it may be forged
            name = failure.function if failure.function in self._asked() else function
            self.reasons[function] = Answer(failure=self._explained(name))
        return self.reasons[function]

    def _explained(self, name: str) -> Failure:
        """Return why a function is missing: files define it differently, so that nobody knows which counts, or loading failed."""
        loaded = self.run.loaded
        assert loaded is not None
        handed_in = {source.name for source in self.run.job.sources}
        defining = tuple(source for source in dict.fromkeys(loaded.defined.get(name, ())) if source in handed_in)
        if len(defining) > 1:
            return Failure(reason=Reason.SEVERAL_FUNCTIONS, function=name, sources=defining)
        others = self._others()
        similar = _similar(name, others)
        error = _error_behind(name, loaded.errors, self.run.job)
        if error is None:
            return Failure(reason=Reason.NO_FUNCTION, function=name, similar=similar, others=tuple(others))
        return Failure(
            reason=error.reason or Reason.RAISED,
            phase=error.phase or Phase.LOADING,
            source=error.source,
            detail=error.detail,
            traceback=error.traceback,
            function=name,
            similar=similar,
        )

    def _others(self) -> list[str]:
        """The student's functions that no task asks for."""
        loaded = self.run.loaded
        return sorted(set(loaded.defined) - set(self._asked())) if loaded else []

    def _asked(self) -> tuple[str, ...]:
        """The functions that the tasks call."""
        tasks = self.run.job.tasks
        return tuple(dict.fromkeys(name for task in tasks for name in task.call.functions))

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
                raise self._death_by(Reason.WROTE_TOO_MUCH)
            if is_ended:
                raise _GoneError
            pipes.wait(self._seconds_left())

    def _seconds_left(self) -> float:
        """The least time until a limit can be reached. Raises DeathError when one is."""
        now = time.monotonic() - self.stage_began
        if not self.is_started:
            if now > _START_SECONDS:
                raise OurFaultError("a child did not start")
            return _START_SECONDS - now
        limit = self.run.job.limits.seconds
        cpu = self.child.clock.seconds()
        job_wall_left = _JOB_WALL * limit + 2 - (self.run.worked_seconds + self.worked_seconds())
        if job_wall_left <= 0:
            self.run.wall_timeout = True
            raise self._death_by(Reason.SUBMISSION_TOO_LONG, limit=_JOB_WALL * limit + 2)
        wall_left = 3 * limit + 2 - now
        left = min(wall_left, job_wall_left)
        if cpu is not None:
            call_left = limit - (cpu - self.stage_cpu)
            job_left = _JOB_CPU * limit - self.run.job_seconds(cpu, self.free_seconds())
            if call_left <= 0:
                raise self._death_by(Reason.CALL_TOO_LONG, limit=limit)
            if job_left <= 0:
                raise self._out_of_time()
            left = min(left, call_left, job_left)
        if wall_left <= 0:
            if self.run.forgives_starving and self.child.clock.was_starved(now):
                self.run.forgives_starving = False
                raise StarvedError("this machine was too busy")
            self.run.wall_timeout = True
            raise self._death_by(Reason.WALL_TOO_LONG if cpu is None else Reason.WAITED, limit=3 * limit + 2)
        return left + 0.001

    # --- what an ending means ---

    def _death(self, error: Exception) -> DeathError:
        """What the student is told of an ending; raises when it is not the student's."""
        if not isinstance(error, _GoneError):
            self.child.kill()
        ending = self.child.ended()
        if isinstance(error, WantedError | OurFaultError):
            raise error
        if not self.is_started:
            raise OurFaultError(f"a child ended before it began ({ending.exit_status})")
        if isinstance(error, DeathError):
            return error
        if isinstance(error, frames.ProtocolError):
            return self._death_by(error.reason, limit=error.size)
        return self._death_of_itself(ending)

    def _death_of_itself(self, ending: Ending) -> DeathError:
        if ending.was_killed:
            return self._death_by(Reason.CLOSED_ITS_PIPES)
        status = ending.exit_status
        limits = self.run.job.limits
        output = self.pipes.output.decode("utf-8", "replace")
        if status >= 0:
            if "bad_alloc" in output or "Memory allocation still failed" in output:
                return self._death_by(Reason.USED_TOO_MUCH_MEMORY, limit=limits.memory_mib)
            if status > 255:  # Windows reports a crash as its exception code
                return self._death_by(Reason.CRASHED, **_place_in(output))
            return self._death_by(Reason.ENDED_ITSELF)
        if -status == getattr(signal, "SIGXCPU", None):
            return self._out_of_time()
        if -status == getattr(signal, "SIGKILL", None) and self.run.is_sealed:
            if ending.cpu_seconds >= cpu_backstop(limits):  # it ignores SIGXCPU, and its clock could not be read
                return self._out_of_time()
            if ending.peak_bytes > limits.memory_mib << 19:
                return self._death_by(Reason.ENDED_BY_SYSTEM)
            raise OurFaultError("a child was killed from outside")
        if "bad_alloc" in output:
            return self._death_by(Reason.USED_TOO_MUCH_MEMORY, limit=limits.memory_mib)
        if -status == getattr(signal, "SIGSYS", None):
            return self._death_by(Reason.FORBIDDEN_CALL)
        return self._death_by(Reason.CRASHED, detail=_signal_name(-status), **_place_in(output))

    def _out_of_time(self) -> DeathError:
        return self._death_by(Reason.SUBMISSION_TOO_LONG, limit=_JOB_CPU * self.run.job.limits.seconds)

    def _death_by(self, reason: Reason, **facts: Any) -> DeathError:
        """Return the death by a reason, with the phase that the child is in."""
        phase = Phase.LOADING if self.number < 0 else Phase.CALLING
        return DeathError(Failure(reason=reason, phase=phase, **facts))


def _error_behind(name: str, errors: Sequence[LoadError], job: Job) -> LoadError | None:
    """The load error that left `name` undefined; of a notebook only one of a cell that mentions the name."""
    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    scripts = None
    for error in errors:
        for source in job.sources:
            for number, cell in enumerate(source.cells, 1):
                label = f"{source.name}, cell {number}" if source.is_notebook else source.name
                if label == error.source and word.search(cell):
                    return error
                if label == error.source and not source.is_notebook:
                    scripts = scripts or error
    return scripts


def _similar(name: str, others: Sequence[str]) -> str:
    """Return the function that may be meant by a name that is not there, or nothing."""
    import difflib

    return next(iter(difflib.get_close_matches(name, others, n=1, cutoff=0.7)), "")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _place_in(output: str) -> dict[str, Any]:
    """Return the first place of faulthandler's that is the student's: source, line and function."""
    text = output[output.rfind("Fatal Python error") :] if "Fatal Python error" in output else ""
    for filename, line, function in re.findall(r'File "([^"/\\<][^"]*)", line (\d+) in (.*)', text):
        named = "" if function == "<module>" else one_line(function, 80)
        return {"source": one_line(filename, 80), "line": int(line[:9]), "function": named}
    return {}
