"""Start and end the other processes, from the grader's side: a zygote, and the children that it forks."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from grader.sandbox.host import launch
from grader.sandbox.host.clock import CpuClock, pid_of
from grader.sandbox.host.pipes import Pipes, ThreadedPipes
from grader.text import one_line

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_READY_SECONDS: Final = 120.0  # torch on a slow, cold disk
_REPLY_SECONDS: Final = 20.0


class OurFaultError(Exception):
    """The grader's own machinery failed: the job is tried once more, then it is ungraded."""


class LaunchError(OurFaultError):
    """A zygote did not come up, or `wall` did not hold when it was tried."""

    def __init__(self, reason: str, wall: str = "") -> None:
        super().__init__(reason)
        self.wall = wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a child's process ended: its exit status, or minus the signal; what it used, where that is known."""

    exit_status: int
    was_killed: bool = False  # by us, since it did not come to its end
    cpu_seconds: float = 0.0
    peak_bytes: int = 0
    page_faults: int = 0


class Child(Protocol):
    """A running child."""

    clock: CpuClock

    @property
    def pipes(self) -> Pipes | ThreadedPipes:
        """The grader's ends of its pipes."""

    def kill(self) -> None:
        """End it now."""

    def ended(self) -> Ending:
        """Wait for its end, ending it when it does not come, and let go of it. Raises OurFaultError."""

    def release(self) -> None:
        """Let go of it once it is killed, without asking how it ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedChild:
    """A child that a zygote was asked for: its budget, and the grader's ends of its pipes."""

    request: Mapping[str, int]
    ours: tuple[int, ...]

    def close(self) -> None:
        """Let go of the pipes."""
        for descriptor in self.ours:
            os.close(descriptor)


class Zygote:
    """
    One process with the modules loaded, from which one child at a time is forked. Linux only.

    It lives as long as the grader's end of its control socket is open, and ends by itself when that closes: however the
    grader itself ends, nothing is left of it.
    """

    def __init__(self, settings: Mapping[str, Any], wrapper: Sequence[str] = ()) -> None:
        self.walls: tuple[str, ...] | None = None
        self.unheard = 0  # reports on released children that the zygote has sent and nobody has read
        self._control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                self._process = subprocess.Popen(
                    [*wrapper, *launch.command({**settings, "control": theirs.fileno()})],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.PIPE,
                    pass_fds=(theirs.fileno(),),
                    env=launch.environment(),
                    cwd="/",
                    start_new_session=True,  # a Ctrl-C is the grader's to handle
                )
            except OSError as error:
                self._control.close()
                raise LaunchError(f"{error.filename or sys.executable}: {error.strerror}") from error
            except BaseException:  # Ctrl-C: what was started already ends with the socket
                self._control.close()
                raise

    def wait_ready(self) -> tuple[str, ...]:
        """Wait for a first child, which has no submission, and return the walls that it found to hold. Raises LaunchError."""
        if self.walls is None:
            reply = self._receive(_READY_SECONDS)
            if "ready" not in reply:
                raise LaunchError(reply.get("fault") or "it did not start")
            self.walls = tuple(reply["ready"])
        return self.walls

    def load(self, names: Sequence[str]) -> None:
        """Import more modules of the closed list. Raises OurFaultError."""
        self._hear()
        self._send({"load": list(names)})
        self._receive(_READY_SECONDS)

    def fork(self, request: Mapping[str, int]) -> ForkedChild:
        """Return a confined child with fresh pipes. Raises OurFaultError."""
        return self.answer(self.ask(request))

    def ask(self, request: Mapping[str, int]) -> AskedChild:
        """Have a child begin, without waiting for it. Raises OurFaultError."""
        pairs: list[tuple[int, int]] = []
        try:
            pairs += [os.pipe() for _ in range(3)]
        except OSError as error:  # `pairs` keeps the pipes that were made before this
            raise OurFaultError(f"no more files may be opened here: {error.strerror}") from error
        theirs = [pairs[0][0], pairs[1][1], pairs[2][1]]
        asked = AskedChild(request=dict(request), ours=(pairs[0][1], pairs[1][0], pairs[2][0]))
        try:
            self._send(request, theirs)
        except OurFaultError:
            asked.close()
            raise
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return asked

    def answer(self, asked: AskedChild) -> ForkedChild:
        """Return the child that was asked for last. Raises OurFaultError."""
        try:
            self._hear()
            _, descriptors = self._receive_with_descriptors(_REPLY_SECONDS)
        except OurFaultError:
            asked.close()
            raise
        try:
            return ForkedChild(self, descriptors[0], asked.ours)
        except OSError as error:
            signal.pidfd_send_signal(descriptors[0], signal.SIGKILL)
            os.close(descriptors[0])
            asked.close()
            raise OurFaultError(f"a child could not be waited for: {error.strerror}") from error

    def _hear(self) -> None:
        """Read what the zygote says about children that are released; it says that before anything else."""
        while self.unheard:
            self._receive(_REPLY_SECONDS)
            self.unheard -= 1

    @property
    def control(self) -> int:
        """The descriptor that becomes readable when the child is gone."""
        return self._control.fileno()

    def ending(self, seconds: float) -> Ending | None:
        """Wait for what the zygote says of its child's end; return None when it says nothing for so long."""
        try:
            reply = self._receive(seconds)
        except TimeoutError:
            return None
        if "exit" not in reply:
            raise OurFaultError("the zygote was confused")
        return Ending(
            exit_status=reply["exit"], cpu_seconds=reply["cpu"], peak_bytes=reply["peak"] << 10, page_faults=reply["faults"]
        )

    def kill(self) -> None:
        """End the zygote; in a pid namespace everything in it ends with it."""
        self._control.close()
        _end(self._process)
        if self._process.stderr is not None:
            self._process.stderr.close()

    def complaint(self) -> str:
        """Return what a zygote that did not start wrote on stderr, on one line."""
        if self._process.stderr is None or self._process.stderr.closed:
            return ""
        os.set_blocking(self._process.stderr.fileno(), False)
        text = (self._process.stderr.read() or b"").decode("utf-8", "replace")
        return one_line(" ".join(text.splitlines()[-3:]), 400)

    def _send(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> None:
        try:
            socket.send_fds(self._control, [json.dumps(message).encode()], list(descriptors))
        except OSError as error:
            raise OurFaultError(f"the zygote is gone ({error.strerror}) {self.complaint()}".strip()) from error

    def _receive(self, seconds: float) -> dict[str, Any]:
        return self._receive_with_descriptors(seconds, descriptors=0)[0]

    def _receive_with_descriptors(self, seconds: float, descriptors: int = 1) -> tuple[dict[str, Any], list[int]]:
        self._control.settimeout(seconds)
        try:
            raw, received, _, _ = socket.recv_fds(self._control, 65536, descriptors)
        except TimeoutError as error:
            if seconds < _REPLY_SECONDS:
                raise
            raise OurFaultError("the zygote does not answer") from error
        except OSError as error:
            raise OurFaultError(f"the zygote is gone ({error.strerror})") from error
        if not raw:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(2.0)
            raise OurFaultError(f"the zygote is gone ({self._process.returncode}). {self.complaint()}".strip())
        reply: dict[str, Any] = json.loads(raw)
        if "fault" in reply:
            raise OurFaultError(f"the zygote could not start a child: {reply['fault']}")
        if len(received) != descriptors:
            raise OurFaultError("the zygote sent no descriptor")
        return reply, received


class ForkedChild:
    """A child of a zygote; the zygote waits for it, its pidfd is ours."""

    def __init__(self, zygote: Zygote, pidfd: int, ours: Sequence[int]) -> None:
        self._zygote = zygote
        self._pidfd = pidfd
        job, results, output = ours
        self.pipes = Pipes(job, results, output, zygote.control)
        self.clock = CpuClock(pid_of(pidfd))

    def kill(self) -> None:
        """End it now. A pidfd never means another process."""
        try:
            signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
        except ProcessLookupError:
            pass
        except PermissionError as error:  # root without CAP_KILL: the child, who is nobody, ends with its zygote
            raise OurFaultError("a child could not be killed") from error

    def ended(self) -> Ending:
        """Wait for its end, ending it when it does not come, and let go of it."""
        try:
            ending = self._zygote.ending(2.0)
            if ending is None:
                self.kill()
                ending = self._zygote.ending(_REPLY_SECONDS - 1)
                if ending is None:
                    raise OurFaultError("a child did not end when it was killed")
                return dataclasses.replace(ending, was_killed=True)
            return ending
        except OurFaultError:
            with contextlib.suppress(OSError):  # its zygote is gone, and the child may still run
                signal.pidfd_send_signal(self._pidfd, signal.SIGKILL)
            raise
        finally:
            self._let_go()

    def release(self) -> None:
        """Let go of it once it is killed. Only the zygote's next child waits for its end."""
        self._zygote.unheard += 1
        self._let_go()

    def _let_go(self) -> None:
        self.pipes.drain_output()
        self.pipes.close()
        os.close(self._pidfd)


class SpawnedChild:
    """A child that is a fresh process of the same program, where there is no fork."""

    def __init__(self, settings: Mapping[str, Any], request: Mapping[str, int], wrapper: Sequence[str] = ()) -> None:
        try:
            self._process = subprocess.Popen(
                [*wrapper, *launch.command({**settings, "once": True, "limits": dict(request)})],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                env=launch.environment(),
                cwd="/" if os.name == "posix" else None,
                start_new_session=os.name == "posix",
            )
        except OSError as error:
            raise LaunchError(f"{error.filename or sys.executable}: {error.strerror}") from error
        streams = (self._process.stdin, self._process.stdout, self._process.stderr)
        duplicates: list[int] = []
        try:
            for stream in streams:  # a file object closes its own descriptor
                if stream is not None:
                    duplicates.append(os.dup(stream.fileno()))
                    stream.close()
        except BaseException:
            _end(self._process)
            for duplicate in duplicates:
                os.close(duplicate)
            raise
        job, results, output = duplicates
        self.pipes = Pipes(job, results, output, None) if os.name == "posix" else ThreadedPipes(job, results, output)
        self.clock = CpuClock(self._process.pid if sys.platform == "linux" and not wrapper else None)

    def kill(self) -> None:
        """End it now."""
        _kill(self._process)

    def ended(self) -> Ending:
        """Wait for its end, ending it when it does not come, and let go of it."""
        try:
            until = time.monotonic() + 2.0
            while self._process.poll() is None and time.monotonic() < until:
                time.sleep(0.005)
            was_killed = self._process.poll() is None
            if was_killed:
                self.kill()
            status = self._process.wait()
            return Ending(exit_status=128 - status if _is_signal_passed_on(status) else status, was_killed=was_killed)
        finally:
            self.pipes.drain_output()
            self.pipes.close()

    def release(self) -> None:
        """Let go of it once it is killed."""
        self.ended()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """
    Kill a process that leads a group, and the group.

    A bubblewrap is two processes of one group. Where the outer one is killed before it has let the inner one begin, the inner
    one waits for that for ever.
    """
    if os.name == "posix" and process.returncode is None:  # after it was waited for, its number may be another process's
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process with its group, and wait for its end."""
    _kill(process)
    process.wait()


def _is_signal_passed_on(status: int) -> bool:
    """Whether an exit status is how bubblewrap passes a signal on."""
    return os.name == "posix" and 128 < status < 160
