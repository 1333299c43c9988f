"""
One job from its first child to its last: what is sent, what may come back, whose fault an ending is.

The clock and the caps are the grader's. A death ends its task; the remaining tasks run in a fresh child.
"""

from __future__ import annotations

import re
import secrets
import signal
import time
from typing import TYPE_CHECKING, Final

from grader.call import gives_text
from grader.outcome import UNDECIDED, Answer, Status
from grader.sandbox import frames, protocol
from grader.sandbox.host import OurFaultError
from grader.sandbox.standins import ALLOWED
from grader.sandbox.text import cleaned, one_line
from grader.trial import TaskTrial, Trial

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from grader.sandbox.frames import Frame
    from grader.sandbox.host import Child, Ending
    from grader.sandbox.protocol import Loaded
    from grader.trial import Job, LoadError

_MOST_ANSWERED_BYTES: Final = 1 << 30  # of one job
_START_SECONDS: Final = 120.0
_MOST_NAMED: Final = 4  # functions that are there, where one is not


class DeathError(Exception):
    """A child ended, or has to, before it had answered: what that comes to for the student."""

    def __init__(self, status: Status, detail: str) -> None:
        self.status = status
        self.detail = detail


class StarvedError(OurFaultError):
    """A child ran out of wall time without having had a processor to run on."""


class WantedError(Exception):
    """Student code wants modules of the closed list that are not loaded yet."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names = names


class _GoneError(Exception):
    """The child's pipes ended."""


class Run:
    """What is known of a job so far. One `serve` for each child; `pending` says whether another is needed."""

    def __init__(self, job: Job, *, is_sealed: bool, may_load: Collection[str]) -> None:
        self.job = job
        self.is_sealed = is_sealed  # student code cannot send signals: a SIGKILL from nowhere is not its doing
        self.may_load = may_load
        self.loaded: Loaded | None = None
        self.fatal: DeathError | None = None
        self.answers: list[tuple[Answer, ...] | None] = [None] * len(job.tasks)
        self.output = bytearray()
        self.wrote_to_stdout = False
        self.is_stateless = False
        self.cpu_seconds = 0.0
        self.worked_seconds = 0.0  # of wall time, since a child was ready for the submission
        self.answered_bytes = 0
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
            self.output += child.pipes.output[: max(0, (64 << 10) - len(self.output))]

    def give_up(self, reason: str) -> None:
        """Our second fault: what is not answered stays ungraded."""
        ungraded = Answer(status=Status.UNGRADED, detail=one_line(reason))
        for number, task in enumerate(self.job.tasks):
            if self.answers[number] is None:
                self.answers[number] = (ungraded,) * len(task.inputs)
        if self.loaded is None:
            self.fatal = DeathError(Status.UNGRADED, one_line(reason))

    def trial(self, isolation: str, layers: Sequence[str]) -> Trial:
        """What came of the job."""
        loaded = self.loaded
        return Trial(
            tasks=tuple(TaskTrial(answers=answers) for answers in self.answers if answers is not None),
            status=self.fatal.status if self.fatal else None,
            detail=self.fatal.detail if self.fatal else "",
            load_errors=loaded.errors if loaded else (),
            defined=loaded.defined if loaded else None,
            autodiff=loaded.autodiff if loaded else (),
            is_stateless=self.is_stateless,
            output=cleaned(self.output.decode("utf-8", "replace")),
            wrote_to_stdout=self.wrote_to_stdout,
            wall_timeout=self.wall_timeout,
            layers=tuple(layers),
            isolation=isolation,
        )


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

    def total_cpu(self) -> float:
        return self.child.clock.seconds() or 0.0

    def worked_seconds(self) -> float:
        """Wall time since the child was ready for the submission."""
        return 0.0 if self.work_began is None else time.monotonic() - self.work_began

    def go(self) -> None:
        partial: list[Answer] = []
        number = -1
        killed = False
        try:
            self._load()
            for number, answers in enumerate(self.run.answers):
                if answers is None:
                    partial = []
                    self._task(number, partial)
                    self.run.answers[number] = tuple(partial)
            self.child.kill()
            killed = True
            self.child.release()
        except (_GoneError, frames.ProtocolError, DeathError, WantedError, OurFaultError) as error:
            if killed:
                raise
            death = self._death(error)
            self._note(death, number, partial)
        except BaseException:  # Ctrl-C: nothing is left running
            self.child.kill()
            self.child.ended()
            raise

    def _note(self, death: DeathError, number: int, partial: list[Answer]) -> None:
        """Write a death down: it costs its task; while loading, every task that is left."""
        run = self.run
        if number < 0 and run.loaded is None:
            run.fatal = death
            return
        rest = Answer(status=death.status, detail=death.detail)
        for place, task in enumerate(run.job.tasks):
            if place == number or (number < 0 and run.answers[place] is None):
                run.answers[place] = (*partial, *[rest] * (len(task.inputs) - len(partial)))

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
        is_harmless = protocol.unpack_read(self._expect(frames.READ, nonce).body)
        loaded = protocol.unpack_loaded(self._expect(frames.LOADED, nonce).body)
        run.wrote_to_stdout |= loaded.wrote_to_stdout
        if loaded.exited:
            raise DeathError(Status.KILLED, one_line(loaded.exited))
        run.is_stateless = is_harmless and loaded.is_stateless and not self._gives_text()
        run.loaded = run.loaded or loaded

    def _task(self, number: int, partial: list[Answer]) -> None:
        run, plan = self.run, self.run.job.tasks[number]
        nonce = secrets.randbits(63)
        self.pipes.send(protocol.pack_task(plan, nonce))
        explained: Answer | None = None
        for index in range(len(plan.inputs)):
            body = self._expect(frames.ANSWER, nonce).body
            run.answered_bytes += len(body)
            if run.answered_bytes > _MOST_ANSWERED_BYTES:
                raise DeathError(Status.KILLED, "it returned more than was asked for")
            answer, wrote = protocol.unpack_answer(body, index)
            run.wrote_to_stdout |= wrote
            if answer.status is Status.MISSING:  # looked into once: it takes the grader's time, not the child's
                answer = explained = explained or self._explained(answer, plan.function)
            partial.append(answer)

    def _explained(self, answer: Answer, function: str) -> Answer:
        """Why a function is missing: two files define it, so that nobody knows which counts, or loading failed."""
        loaded = self.run.loaded
        assert loaded is not None
        match = re.search(r"no function (\w+) is defined", answer.detail)
        name = match[1] if match and match[1] in self._asked() else function  # the child's word: it may be forged
        given = {source.name for source in self.run.job.sources}
        clash = [source for source in dict.fromkeys(loaded.defined.get(name, ())) if source in given]
        if len(clash) > 1:
            what = f"{' and '.join(clash)} define {name} differently. Keep one of them: rename or remove the other."
            return Answer(status=Status.UNGRADED, detail=f"{UNDECIDED}{what}")
        error = _error_behind(name, loaded.errors, self.run.job)
        if error is None:
            return Answer(status=Status.MISSING, detail=_not_found(name, self._others()))
        status = Status.REFUSED if "is not available in this exercise" in error.detail else Status.RAISED
        alike = _alike(name, self._others())
        hint = f". Before that it defines {alike}, not {name}" if alike else ""
        return Answer(status=status, detail=f"{error.source} did not load: {error.detail}{hint}", traceback=error.traceback)

    def _others(self) -> list[str]:
        """The student's functions that no task asks for."""
        loaded = self.run.loaded
        return sorted(set(loaded.defined) - set(self._asked())) if loaded else []

    def _asked(self) -> tuple[str, ...]:
        """The functions that the tasks call."""
        tasks = self.run.job.tasks
        return tuple(dict.fromkeys(name for task in tasks for name in (*(given.function for given in task.given), task.function)))

    def _gives_text(self) -> bool:
        return any(
            gives_text(arguments)
            for plan in self.run.job.tasks
            for arguments in (plan.arguments, *(given.arguments for given in plan.given))
        )

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
                raise frames.ProtocolError("it sent bytes that are no answer")
            raise WantedError([name])
        if frame.kind != kind or frame.nonce != nonce:
            raise frames.ProtocolError("it sent bytes that are no answer")
        return frame

    def _next(self) -> Frame:
        if not self.pipes.frames:
            self._begin_stage()  # what is here already was answered in time
        while not self.pipes.frames:
            if self.pipes.is_flooded:
                raise DeathError(Status.KILLED, "it wrote too much output")
            if self.pipes.is_ended:
                raise _GoneError
            self.pipes.wait(self._seconds_left())
        return self.pipes.frames.popleft()

    def _seconds_left(self) -> float:
        """The least time until a limit can be reached. Raises DeathError when one is."""
        now = time.monotonic() - self.stage_began
        if not self.is_started:
            if now > _START_SECONDS:
                raise OurFaultError("a child did not start")
            return _START_SECONDS - now
        limit = self.run.job.limits.seconds
        cpu = self.child.clock.seconds()
        job_wall_left = 30 * limit + 2 - (self.run.worked_seconds + self.worked_seconds())
        if job_wall_left <= 0:
            self.run.wall_timeout = True
            raise DeathError(Status.TIMED_OUT, f"the whole submission took more than {30 * limit + 2:g} seconds")
        wall_left = 3 * limit + 2 - now
        left = min(wall_left, job_wall_left)
        if cpu is not None:
            call_left, job_left = limit - (cpu - self.stage_cpu), 10 * limit - (self.run.cpu_seconds + cpu)
            if call_left <= 0:
                raise DeathError(Status.TIMED_OUT, f"it did not finish within {limit:g} seconds")
            if job_left <= 0:
                raise DeathError(Status.TIMED_OUT, f"the whole submission took more than {10 * limit:g} seconds")
            left = min(left, call_left, job_left)
        if wall_left <= 0:
            if self.run.forgives_starving and self.child.clock.was_starved(now):
                self.run.forgives_starving = False
                raise StarvedError("this machine was too busy")
            self.run.wall_timeout = True
            idle = " (it waited rather than computed)" if cpu is not None else ""
            raise DeathError(Status.TIMED_OUT, f"it did not finish within {3 * limit + 2:g} seconds{idle}")
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
            return DeathError(Status.KILLED, f"it broke the grader's protocol: {error}")
        return self._death_of_itself(ending)

    def _death_of_itself(self, ending: Ending) -> DeathError:
        if ending.was_killed:
            return DeathError(Status.KILLED, "it broke the grader's protocol: it closed its end of the pipes")
        status = ending.exit_status
        limits = self.run.job.limits
        output = self.pipes.output.decode("utf-8", "replace")
        if status >= 0:
            if "bad_alloc" in output or "Memory allocation still failed" in output:
                return DeathError(Status.OUT_OF_MEMORY, f"it used more than {limits.memory_mib} MiB")
            if status > 255:  # Windows reports a crash as its exception code
                return DeathError(Status.KILLED, f"it crashed{_place_in(output)}")
            return DeathError(Status.KILLED, "it ended its own process (os._exit)")
        if -status == getattr(signal, "SIGXCPU", None):
            return DeathError(Status.TIMED_OUT, f"the whole submission took more than {10 * limits.seconds:g} seconds")
        if -status == getattr(signal, "SIGKILL", None) and self.run.is_sealed:
            if ending.peak_bytes > limits.memory_mib << 19:
                return DeathError(Status.OUT_OF_MEMORY, "the system ended it, most likely for want of memory")
            raise OurFaultError("a child was killed from outside")
        if "bad_alloc" in output:
            return DeathError(Status.OUT_OF_MEMORY, f"it used more than {limits.memory_mib} MiB")
        if -status == getattr(signal, "SIGSYS", None):
            return DeathError(Status.KILLED, "it made a system call that is not allowed inside the grader")
        return DeathError(Status.KILLED, f"it crashed: {_signal_name(-status)}{_place_in(output)}")


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


def _alike(name: str, others: Sequence[str]) -> str:
    """The function that may be meant by a name that is not there, or nothing."""
    import difflib

    return next(iter(difflib.get_close_matches(name, others, n=1, cutoff=0.7)), "")


def _not_found(name: str, others: Sequence[str]) -> str:
    """
    What to say of a function that nobody defined.

    >>> _not_found("dY_dW", ["dY_dw", "helper"]), _not_found("dY_dW", ["helper"])
    ('no function dY_dW is defined; if dY_dw is meant to be it, rename it', 'no function dY_dW is defined, only helper')
    """
    sentence = f"no function {name} is defined"
    if alike := _alike(name, others):
        return f"{sentence}; if {alike} is meant to be it, rename it"
    if not others:
        return sentence
    return f"{sentence}, only {', '.join(others[:_MOST_NAMED])}{' and others' if len(others) > _MOST_NAMED else ''}"


def _signal_name(number: int) -> str:
    named = {"SIGSEGV": "segmentation fault", "SIGABRT": "abort", "SIGFPE": "arithmetic fault", "SIGBUS": "bus error"}
    try:
        name = signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
    return named.get(name, name)


def _place_in(output: str) -> str:
    """The first line of faulthandler's that is the student's, as ` (answer.py, line 3, in f)`."""
    text = output[output.rfind("Fatal Python error") :] if "Fatal Python error" in output else ""
    for filename, line, function in re.findall(r'File "([^"/\\<][^"]*)", line (\d+) in (.*)', text):
        return f" ({one_line(filename, 80)}, line {line}" + (f", in {one_line(function, 80)})" if function != "<module>" else ")")
    return ""
