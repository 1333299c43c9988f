"""
Run jobs in confined children of one zygote.

It is used from one thread at a time; parallel workers have one each. The thread that makes it has to outlive it: the
kernel ends the zygote with that thread, so that nothing survives a grader that is killed.

What runs jobs is imported with the first job: a student waits for the zygote, which starts before that.
"""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, Any, Final, Literal, Self, TypeAlias

from grader.sandbox.host import bubblewrap, launch, walls
from grader.sandbox.host.walls import FailedWall, Isolation, WallPlan
from grader.sandbox.host.zygote import AskedChild, LaunchError, OurFaultError, SpawnedChild, Zygote

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from grader.sandbox.host.run import JobRun
    from grader.sandbox.host.zygote import Child
    from grader.sandbox.job import Job, Trial
    from grader.sandbox.limits import Arrays

Method: TypeAlias = Literal["fork", "spawn"]

_MOST_FAULTS: Final = 1  # faults of ours that one job survives; after the next one it is ungraded
_failed: Final[dict[WallPlan, FailedWall]] = {}  # plans that this machine could not carry out: not tried again
_nested: Final[set[str]] = set()  # paths of bubblewraps that are too old to forbid further namespaces


def failed_wall(plan: WallPlan) -> FailedWall | None:
    """Return which wall of a plan could not be put up on this machine, if it was tried and could not."""
    return _failed.get(plan)


class Sandbox:
    """
    A place to run student code in: a zygote, which is replaced when it hangs or dies.

    Making one starts the zygote and does not wait for it. Raises SandboxError when the isolation asked for cannot be had:
    at once where that can be known, else at the first use. `plan` asks for exactly these walls, for `doctor` and tests.

    With `ahead` the child of the next job starts as soon as a job is done: for when a person waits for each job and processors
    are idle meanwhile.
    """

    def __init__(
        self,
        arrays: Arrays,
        isolation: Isolation = "best",
        *,
        method: Method | None = None,
        plan: WallPlan | None = None,
        ahead: bool = False,
    ) -> None:
        self.arrays = arrays
        self.method: Method = method or ("fork" if sys.platform == "linux" else "spawn")
        self._asked = isolation
        self._plans, self._reasons = ((plan,), ()) if plan else walls.plans(isolation)
        self._wanted: list[str] = []  # modules that a replaced zygote has to load again
        self._zygote: Zygote | None = None
        self._ahead = ahead
        self._begun: AskedChild | None = None  # the next child, begun ahead
        self._layers: tuple[str, ...] | None = None
        self.restarts = 0  # how often the zygote had to be replaced
        self._plan = self._next_plan()
        try:
            self._zygote = self._start()
        except LaunchError:
            self._zygote = None  # the first use tries again and falls back

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the zygote."""
        if self._begun is not None:
            self._begun.close()
            self._begun = None
        if self._zygote is not None:
            self._zygote.kill()
            self._zygote = None

    @property
    def isolation(self) -> Isolation:
        """The level that really holds: strict with namespaces and seccomp, best with seccomp alone, else none."""
        self._settle()
        return self._plan.isolation

    @property
    def layers(self) -> tuple[str, ...]:
        """The layers of protection that really hold."""
        return self._settle()

    def run(self, job: Job) -> Trial:
        """Run a job. Never raises for what student code does."""
        from grader.sandbox.host.run import JobRun

        layers = self._settle()
        run = JobRun(job, is_sealed="seccomp" in layers, may_load=() if self.method == "spawn" else self._allowed())
        try:
            self._advance(run, job)
            if self._ahead:
                self._ask_for_next(job)
        except BaseException:  # Ctrl-C in the midst of a message: the next one would be misread
            self.close()
            raise
        return run.trial(self._plan.isolation, layers)

    def _allowed(self) -> tuple[str, ...]:
        from grader.sandbox.wire.modules import allowed

        return allowed(self.arrays)

    def _advance(self, run: JobRun, job: Job) -> None:
        from grader.sandbox.host.session import WantedError

        faults = 0
        while run.is_pending:
            try:
                run.serve(self._child(job))
            except WantedError as wanted:
                # all are loaded at the second request, so that no job starts more than twice, or where a name could tell a secret
                self._wanted = list(self._allowed()) if self._wanted or wanted.is_of_secrets else [wanted.name]
                run.may_load = set(self._allowed()) - set(self._wanted)
                faults += self._load_wanted()
            except OurFaultError as fault:
                faults += 1
                self.restarts += 1
                self.close()
                if faults > _MOST_FAULTS:
                    run.give_up(str(fault))

    def _child(self, job: Job) -> Child:
        request = launch.request_for(job.limits)
        if self.method == "spawn":
            return SpawnedChild(self._settings(), request, self._wrapper())
        if self._zygote is not None and (child := self._begun_child(self._zygote, request)):
            return child
        if self._zygote is None:
            self._zygote = zygote = Zygote(self._settings(), self._wrapper())
            zygote.wait_ready()
            if self._load_wanted():
                raise OurFaultError("a zygote could not load what submissions asked for")
        return self._zygote.fork(request)

    def _ask_for_next(self, job: Job) -> None:
        """Have a child begin for a job with the same limits."""
        if self._zygote is not None:
            with contextlib.suppress(OurFaultError):  # the next job will find out, and is tried twice
                self._begun = self._zygote.ask(launch.request_for(job.limits, ahead=True))

    def _begun_child(self, zygote: Zygote, request: Mapping[str, int]) -> Child | None:
        """Return the child that began ahead, if there is one with this budget."""
        begun, self._begun = self._begun, None
        if begun is None:
            return None
        child = zygote.answer(begun)
        if begun.request == {**request, "ahead": True}:
            return child
        child.kill()
        child.release()
        return None

    def _load_wanted(self) -> int:
        """Have the zygote import what was asked for. Return 1 when that failed, else 0."""
        if self._zygote is None or not self._wanted:
            return 0
        try:
            self._zygote.load(self._wanted)
        except OurFaultError:
            self.close()
            return 1
        return 0

    # --- plans ---

    def _settle(self) -> tuple[str, ...]:
        """Find the first walls that work, once, and return their layers. Raises SandboxError when none do."""
        while self._layers is None:
            try:
                self._layers = self._try()
            except LaunchError as error:
                self._fall_back(error)
        return self._layers

    def _try(self) -> tuple[str, ...]:
        self._zygote = self._zygote or self._start()
        try:
            held = self._spawn_once() if self._zygote is None else self._zygote.wait_ready()
        except OurFaultError as error:
            raise LaunchError(str(error)) from error
        lacking = set(self._plan.walls) - set(held) - {"landlock"}
        if lacking:
            wall = "seccomp" if lacking == {"seccomp"} else "bubblewrap"
            raise LaunchError(f"{' and '.join(sorted(lacking))} did not hold when tried", wall)
        return held

    def _fall_back(self, error: LaunchError) -> None:
        self.close()
        reason = str(error)
        # an old bubblewrap names the option that it does not know
        if "disable-userns" in reason and self._plan.bwrap and self._plan.bwrap not in _nested:
            _nested.add(self._plan.bwrap)
        elif self._plan is walls.OPEN:
            raise walls.refusal(self._asked, (*self._reasons, f"a child process does not start: {reason}"))
        else:
            wall = error.wall or ("bubblewrap" if self._plan.bwrap else "seccomp")
            _failed[self._plan] = FailedWall(wall, reason)
            self._plan = self._next_plan()

    def _next_plan(self) -> WallPlan:
        for plan in self._plans:
            if plan not in _failed:
                return plan
        raise walls.refusal(self._asked, (*self._reasons, *(str(_failed[plan]) for plan in self._plans)))

    def _settings(self) -> dict[str, Any]:
        return launch.settings_for(self.arrays, self._plan.walls)

    def _wrapper(self) -> Sequence[str]:
        if self._plan.bwrap is None:
            return ()
        nested, once = self._plan.bwrap in _nested, self.method == "spawn"
        return bubblewrap.wrapper(self._plan.bwrap, launch.search_path(), nested_namespaces=nested, once=once)

    def _start(self) -> Zygote | None:
        return Zygote(self._settings(), self._wrapper()) if self.method == "fork" else None

    def _spawn_once(self) -> tuple[str, ...]:
        """Start a fresh process and return its layers: it confines itself, or says why not, before it reads anything."""
        if self._plan.walls:
            from grader.sandbox.host.run import JobRun
            from grader.sandbox.job import Job
            from grader.sandbox.limits import Limits

            nothing = Job(sources=(), tasks=(), arrays=self.arrays, limits=Limits())
            JobRun(nothing, is_sealed=True, may_load=()).serve(self._child(nothing))
        return (*self._plan.walls, *(("rlimits",) if os.name == "posix" else ()))
