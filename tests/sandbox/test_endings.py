"""Whatever starts a box ends it, however it ends itself: nothing of one is left, in whichever moment the grader stops."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hostile_attacks import RIGHT, job, outcome
from popen import killed_afterwards

from grader.errors import SandboxError
from grader.sandbox import Sandbox
from grader.sandbox.host import doctor, launch, sandbox

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks from a zygote, and looks through /proc")

ISOLATIONS = ["strict", "none"]


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Put a folder on the module path, and so into the command line of every process of every box of this test."""
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    yield str(folder)
    for number in left_over(str(folder), seconds=0):
        os.kill(number, signal.SIGKILL)


def left_over(token: str, seconds: float = 10.0) -> list[int]:
    """Return the processes of boxes that still run; none of them may, but each has a moment to end."""
    until = time.monotonic() + seconds
    while (found := _running(token)) and time.monotonic() < until:
        time.sleep(0.05)
    return found


def _running(token: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        try:
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if b"zygote.py" in command and token.encode() in command:
            found.append(int(entry.name))
    return found


def box(isolation: str) -> Sandbox:
    """Start a box and do not wait for it."""
    try:
        return Sandbox("numpy", isolation)  # type: ignore[arg-type]
    except SandboxError as error:
        pytest.skip(str(error))


def grader(token: str, isolation: str, code: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """Start a process that starts boxes as `code` says; it is killed when the test is through with it."""
    start = f"""
    import os, signal, sys, time
    sys.path[:0] = {[token, *filter(None, sys.path)]!r}
    from grader.sandbox.wire.call import Call, Name
    from grader.sandbox.limits import Limits
    from grader.sandbox import Sandbox
    from grader.sandbox.job import Job
    from grader.sandbox.wire.plan import Source, TaskPlan
    def box(): return Sandbox("numpy", {isolation!r})
    def ready(): print("ready", flush=True)
    plan = TaskPlan(call=Call(function="f", arguments=()), returns=("y",), inputs=({{}},))
    source = Source(name="a.py", cells=(b"import time\\ndef f(): time.sleep(600)",))
    job = Job(sources=(source,), tasks=(plan,), arrays="numpy", limits=Limits(seconds=200))
    """
    program = textwrap.dedent(start) + textwrap.dedent(code)
    command = [sys.executable, "-W", "ignore", "-c", program]
    pipe = subprocess.PIPE
    return killed_afterwards(subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True))


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_box_is_there_and_closed(token: str, isolation: str) -> None:
    """The positive control: a box that is up is found, and one that is closed is not."""
    with box(isolation) as made:
        assert made.layers
        assert left_over(token, seconds=0)
    assert [] == left_over(token)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_exception_ends_a_box(token: str, isolation: str) -> None:
    """So does an exception in the midst of its use."""
    with pytest.raises(ZeroDivisionError), box(isolation) as made:
        assert made.layers
        raise ZeroDivisionError
    assert [] == left_over(token)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_box_that_is_closed_while_it_starts(token: str, isolation: str) -> None:
    """At any moment of its first milliseconds: half a bubblewrap that waits for the other half would stay for ever."""
    box(isolation).close()
    for number in range(60):
        made = box(isolation)
        time.sleep(number % 30 * 0.0003)
        made.close()
    assert [] == left_over(token)


def test_launch_that_fails(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bubblewrap that cannot do what it is told, and a zygote that is missing, leave nothing."""
    real = Sandbox._wrapper

    def with_a_fault(made: Sandbox) -> list[str]:
        command = list(real(made))
        return [*command[:-1], "--ro-bind", "/nowhere", "/nowhere", "--"] if command else []

    monkeypatch.setattr(sandbox, "_failed", {})  # what does not work is not tried again
    monkeypatch.setattr(Sandbox, "_wrapper", with_a_fault)
    with pytest.raises(SandboxError):
        box("strict")._settle()
    monkeypatch.setattr(launch, "_PROGRAM", Path("/nowhere/zygote.py"))
    with pytest.raises(SandboxError):
        box("none")._settle()
    assert [] == left_over(token)


def test_doctor_leaves_nothing(token: str) -> None:
    """It starts a box for each way there is."""
    doctor.examine()
    assert [] == left_over(token)


@pytest.mark.parametrize("isolation", ISOLATIONS)
@pytest.mark.parametrize("end", ["", "sys.exit(3)", "1 / 0", "os._exit(0)", "os.abort()"])
def test_grader_that_forgets_its_box(token: str, isolation: str, end: str) -> None:
    """A grader that ends in any way without closing what it started takes it along, whether up or on its way."""
    box(isolation).close()
    with grader(token, isolation, f"first = box()\nfirst.layers\nsecond = box()\nready()\n{end}") as process:
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        process.communicate()
    assert [] == left_over(token)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_grader_that_is_killed_in_mid_run(token: str, isolation: str) -> None:
    """SIGKILL of the grader while student code sleeps ends that code, too."""
    box(isolation).close()
    with grader(token, isolation, "made = box()\nmade.layers\nready()\nmade.run(job)") as process:
        assert process.stdout is not None
        assert "ready\n" == process.stdout.readline()
        time.sleep(0.3)
        assert left_over(token, seconds=0)
        process.kill()
    assert [] == left_over(token)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_grader_that_is_killed_while_a_box_starts(token: str, isolation: str) -> None:
    """SIGKILL of the grader at any moment of a box's first milliseconds: nobody is left to end it but itself."""
    box(isolation).close()
    code = """
    for number in range(40):
        pid = os.fork()
        if pid == 0:
            made = box()
            time.sleep(100)
        time.sleep(0.003 + number % 20 * 0.0005)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    """
    with grader(token, isolation, code) as process:
        assert "" == process.communicate()[1]
    assert [] == left_over(token)


@pytest.mark.parametrize("isolation", ISOLATIONS)
def test_interrupt_while_a_box_starts(token: str, isolation: str) -> None:
    """Ctrl-C between the start of the process and the moment in which somebody knows of it leaves nothing."""
    box(isolation).close()
    code = """
    def interrupt(*_): raise KeyboardInterrupt
    signal.signal(signal.SIGALRM, interrupt)
    # Python drops what a handler raises within a destructor: such a run ends by its limit, after five seconds
    job = Job(sources=job.sources, tasks=job.tasks, arrays="numpy", limits=Limits(seconds=1))
    interrupted = 0
    for number in range(60):
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.0003 + number % 30 * 0.0003)
            made = box()
            made.run(job)
        except KeyboardInterrupt:
            interrupted += 1
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    made = None
    print("interrupted", interrupted, flush=True)
    sys.stdin.read()
    """
    with grader(token, isolation, code) as process:
        assert process.stdout is not None
        assert int(process.stdout.readline().split()[1]) > 50
        # the grader still runs: what it has lost must not wait for its end
        assert [] == left_over(token)
        process.kill()


def test_no_box_outlives_a_thread_that_started_it(token: str) -> None:
    """A box belongs to the process: the end of the thread that started it is no end of the box."""
    import threading

    box("strict").close()
    made: list[Sandbox] = []
    thread = threading.Thread(target=lambda: made.append(box("strict")))
    thread.start()
    thread.join()
    with made[0] as one:
        trial = one.run(job(RIGHT))
        assert ("correct", 0) == (outcome(trial), one.restarts)
    assert [] == left_over(token)
