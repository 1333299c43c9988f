"""A sandbox at work: limits, endings, faults that are ours, and what is left when things are killed."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from failures import ended, status_of, words_of

from grader.outcome import Status
from grader.sandbox import Sandbox
from grader.sandbox.host import zygote
from grader.sandbox.host.clock import CpuClock
from grader.sandbox.host.pipes import Pipes, ThreadedPipes
from grader.sandbox.host.run import JobRun
from grader.sandbox.job import Job, Trial
from grader.sandbox.limits import Limits
from grader.sandbox.wire import frames, protocol
from grader.sandbox.wire.answer import Answer
from grader.sandbox.wire.call import Call, Name
from grader.sandbox.wire.plan import Purpose, Source, TaskPlan

linux = pytest.mark.skipif(sys.platform != "linux", reason="forks from a zygote")
FORKS = sys.platform == "linux"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One sandbox for all, with the best walls there are."""
    with Sandbox("numpy", "best" if FORKS else "none") as made:
        yield made


def job(source: str, *functions: str, seconds: float = 0.5, memory_mib: int = 512, cases: int = 2) -> Job:
    """WallPlan the calls `f(x)` at x = [1, 2] of these functions."""
    inputs = ({"x": np.array([1.0, 2.0])},) * cases
    plans = tuple(
        TaskPlan(call=Call(function=name, arguments=(Name("x"),)), returns=("y",), inputs=inputs) for name in functions or ("f",)
    )
    code = textwrap.dedent(source).encode()
    limits = Limits(seconds=seconds, memory_mib=memory_mib)
    return Job(sources=(Source(name="answer.py", cells=(code,)),), tasks=plans, arrays="numpy", limits=limits)


RIGHT = job("def f(x): return 2 * x")


def first(trial: Trial, task: int = 0) -> Answer:
    """Return the first answer of a task."""
    assert status_of(trial) is None, trial
    return trial.tasks[task].answers[0]


def is_right(trial: Trial) -> bool:
    """Whether `RIGHT` was answered."""
    return [answer.items[0].tolist() for answer in trial.tasks[0].answers] == [[2.0, 4.0]] * 2  # type: ignore[union-attr]


def test_every_call_is_answered(sandbox: Sandbox) -> None:
    """A job comes back with an answer for every call and the layers."""
    trial = sandbox.run(RIGHT)
    assert is_right(trial)
    assert trial.layers == sandbox.layers
    assert trial.isolation == sandbox.isolation


def test_arrays_come_back_read_only(sandbox: Sandbox) -> None:
    """What came out of the sandbox cannot be changed by mistake."""
    item = first(sandbox.run(RIGHT)).items[0]
    assert isinstance(item, np.ndarray)
    assert not item.flags.writeable


def test_large_answer(sandbox: Sandbox) -> None:
    """An answer of 64 MiB comes through whole."""
    item = first(sandbox.run(job("import numpy as np\ndef f(x): return np.arange(8 << 20) / 2", seconds=5, cases=1))).items[0]
    assert isinstance(item, np.ndarray)
    assert np.array_equal(np.arange(8 << 20) / 2, item)


def test_large_inputs(sandbox: Sandbox) -> None:
    """Inputs of many pipefuls arrive whole."""
    x = np.arange(3 << 20) / 7
    plan = TaskPlan(call=Call(function="f", arguments=(Name("x"),)), returns=("y",), inputs=({"x": x},) * 2)
    source = Source(name="a.py", cells=(b"def f(x): return x[::-1]",))
    trial = sandbox.run(Job(sources=(source,), tasks=(plan,), arrays="numpy", limits=Limits(seconds=5)))
    assert np.array_equal(x[::-1], first(trial).items[0])  # type: ignore[arg-type]


def test_inputs_that_nobody_reads(sandbox: Sandbox) -> None:
    """A child that hangs with its pipe full is ended all the same."""
    inputs = ({"x": np.zeros(1 << 20)},)
    plan = TaskPlan(call=Call(function="f", arguments=(Name("x"),)), returns=("y",), inputs=inputs)
    source = Source(name="a.py", cells=(b"while True: pass",))
    trial = sandbox.run(Job(sources=(source,), tasks=(plan,), arrays="numpy", limits=Limits(seconds=0.3)))
    assert Status.TIMED_OUT is status_of(trial)


def test_death_ends_its_task_only(sandbox: Sandbox) -> None:
    """Calls before a death keep their answers, later ones share its status, other tasks run in a fresh child."""
    source = """
    import os
    n = 0
    def f(x):
        global n
        n += 1
        if n == 2: os._exit(0)
        return x
    def g(x): return x * n
    """
    trial = sandbox.run(job(source, "f", "g", cases=3))
    assert [None, Status.KILLED, Status.KILLED] == [status_of(answer) for answer in trial.tasks[0].answers]
    assert "it ended its own process (os._exit)" == words_of(trial.tasks[0].answers[2])
    assert [0.0, 0.0] == trial.tasks[1].answers[0].items[0].tolist()  # type: ignore[union-attr]


def test_cpu_limit_is_per_call(sandbox: Sandbox) -> None:
    """Each call has the limit for itself, and a hang costs what was asked for."""
    source = """
    import time
    def f(x):
        end = time.process_time() + 0.3
        while time.process_time() < end: pass
        return x
    def g(x):
        while True: pass
    """
    began = time.monotonic()
    trial = sandbox.run(job(source, "f", "g", cases=3))
    assert [None] * 3 == [status_of(answer) for answer in trial.tasks[0].answers]
    assert (Status.TIMED_OUT, "it did not finish within 0.5 seconds") == ended(first(trial, 1))
    assert time.monotonic() - began < 8


def test_whole_submission_has_ten_times_the_limit(sandbox: Sandbox) -> None:
    """Many slow calls together are ended, too."""
    source = (
        "import time\ndef f(x):\n    end = time.process_time() + .08\n    while time.process_time() < end: pass\n    return x"
    )
    trial = sandbox.run(job(source, seconds=0.1, cases=20))
    assert (Status.TIMED_OUT, "the whole submission took more than 1 seconds") == ended(trial.tasks[0].answers[-1])
    assert not trial.wall_timeout


BUSY = """
import time
def f(x):
    end = time.process_time() + .058
    while time.process_time() < end: pass
    return x
"""


def by_purpose(asked: Job, *purposes: Purpose) -> Job:
    """Repeat the first plan of a job, once for each purpose."""
    return replace(asked, tasks=tuple(replace(asked.tasks[0], purpose=purpose) for purpose in purposes))


def test_calls_that_earn_nothing_take_no_time_of_those_that_count(sandbox: Sandbox) -> None:
    """What is in time where counted calls are the only ones is in time beside shown and repeated ones."""
    asked = job(BUSY, seconds=0.1, cases=15)
    alone = sandbox.run(asked)
    assert {status_of(answer) for answer in alone.tasks[0].answers} == {None}
    beside = sandbox.run(by_purpose(asked, "shown", "counted", "repeated"))
    shown, counted, repeated = (trial.answers for trial in beside.tasks)
    assert {status_of(answer) for answer in (*shown, *counted, *repeated)} == {None}
    assert (len(counted), 2 <= len(shown) < 15, 1 <= len(repeated) < 15) == (15, True, True)


def test_shown_calls_have_an_end_all_the_same(sandbox: Sandbox) -> None:
    """Many functions that are slow in shown cases: their time is bounded for the whole submission."""
    asked = job(BUSY.replace(".058", ".09"), seconds=0.1, cases=3)
    plans = tuple(
        replace(asked.tasks[0], purpose="shown", call=Call(function=f"f{place}", arguments=(Name("x"),))) for place in range(40)
    )
    source = BUSY.replace(".058", ".09") + "".join(f"f{place} = f\n" for place in range(40))
    trial = sandbox.run(replace(job(source, seconds=0.1), tasks=plans))
    assert status_of(trial.tasks[0].answers[0]) is None
    # 5 seconds of wall time, where the machine is so busy that the CPU time takes as long
    told = {f"the whole submission took more than {seconds} seconds" for seconds in (1, 5)}
    assert words_of(trial.tasks[-1].answers[0]) in told


@linux
def test_what_is_loaded_does_not_tell_what_secret_cases_were() -> None:
    """A module that is wanted in a call that counts could be one for each value: then all are loaded, for whoever looks."""
    source = """
        import sys
        def f(x):
            __import__("difflib")
            return x
        def g(x):
            return float("difflib" in sys.modules) + 2 * ("csv" in sys.modules)
    """
    asked = job(source, "f", "g")
    f, g = asked.tasks
    wanted: dict[Purpose, float] = {"shown": 1.0, "counted": 3.0, "repeated": 3.0}
    for purpose, seen in wanted.items():
        with Sandbox("numpy") as fresh:
            trial = fresh.run(replace(asked, tasks=(replace(f, purpose=purpose), replace(g, purpose="shown", child=1))))
        assert status_of(first(trial)) is None
        assert float(first(trial, 1).items[0]) == seen  # type: ignore[arg-type]


@linux
def test_sleeping_a_little_in_every_call_ends_too(sandbox: Sandbox) -> None:
    """Calls that each wait less than they may are ended by the wall clock of the whole submission."""
    trial = sandbox.run(job("import time\ndef f(x):\n    time.sleep(1.9)\n    return 2 * x", seconds=0.04, cases=4))
    assert [None, Status.TIMED_OUT] == [status_of(trial.tasks[0].answers[place]) for place in (0, -1)]
    assert "the whole submission took more than 3.2 seconds" == words_of(trial.tasks[0].answers[-1])
    assert trial.wall_timeout
    assert is_right(sandbox.run(RIGHT))


def test_task_cannot_see_what_another_is_given(sandbox: Sandbox) -> None:
    """A quantity that `g` is given is what `f` is asked for: nothing in the child of `f` holds it before `g` is called."""
    source = """
        import gc, sys
        def f(x):
            frame = sys._getframe()
            while frame is not None:
                for value in frame.f_locals.values():
                    for inputs in getattr(value, "inputs", ()):
                        if "y" in inputs:
                            return inputs["y"]
                frame = frame.f_back
            raise LookupError
        def g(y): return y
    """
    asked = job(source, "f", "g")
    inputs = ({"x": np.array([1.0, 2.0]), "y": np.array([2.0, 4.0])},)
    tasks = (
        replace(asked.tasks[0], inputs=inputs),
        replace(asked.tasks[1], inputs=inputs, call=Call(function="g", arguments=(Name("y"),))),
    )
    trial = sandbox.run(replace(asked, tasks=tasks))
    assert Status.RAISED is status_of(first(trial))
    assert [2.0, 4.0] == first(trial, 1).items[0].tolist()  # type: ignore[union-attr]


def test_sleeping_is_ended_by_the_wall_clock(sandbox: Sandbox) -> None:
    """A call that sleeps ends after three times the limit and two seconds, once: it was not starved."""
    began = time.monotonic()
    trial = sandbox.run(job("import time\ndef f(x): time.sleep(100)", seconds=0.1))
    assert Status.TIMED_OUT is status_of(first(trial))
    assert "it waited rather than computed" in words_of(first(trial))
    assert trial.wall_timeout
    assert time.monotonic() - began < 4.5


def test_a_starved_child_is_tried_once_more(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wall time-out of a child that had no processor is no verdict the first time, and is one the second time."""
    if not FORKS:
        pytest.skip("needs a zygote")
    monkeypatch.setattr("grader.sandbox.host.clock.CpuClock.was_starved", lambda self, seconds: True)
    restarts = sandbox.restarts
    trial = sandbox.run(job("import time\ndef f(x): time.sleep(100)", seconds=0.1))
    assert (Status.TIMED_OUT, restarts + 1) == (status_of(first(trial)), sandbox.restarts)


def test_memory_limit(sandbox: Sandbox) -> None:
    """Beyond the budget is `out_of_memory`, within it is not."""
    if not FORKS:
        pytest.skip("address space is limited on Linux only")
    source = "import numpy as np\ndef f(x): return np.zeros(80 << 20, dtype=np.int8).sum()"
    assert Status.OUT_OF_MEMORY is status_of(first(sandbox.run(job(source, memory_mib=64, seconds=5))))
    assert status_of(first(sandbox.run(job(source, memory_mib=128, seconds=5)))) is None


def test_output_is_kept_cleaned_and_capped(sandbox: Sandbox) -> None:
    """Stdout and stderr come back without control characters, cut at 64 KiB."""
    trial = sandbox.run(job("import sys\nprint('\\x1b[31mred\\u202e')\nprint('err', file=sys.stderr)\ndef f(x): return 2 * x"))
    assert ("red\nerr\n", True) == (trial.output, trial.wrote_to_stdout)
    trial = sandbox.run(job("print('x' * 10**6)\ndef f(x): return 2 * x", seconds=5))
    assert is_right(trial)
    assert len(trial.output) <= (64 << 10) + 100


def test_stderr_alone_is_not_stdout(sandbox: Sandbox) -> None:
    """Warnings do not fail and are no output of the student's."""
    trial = sandbox.run(job("import warnings\nwarnings.warn('w')\ndef f(x): return 2 * x"))
    assert is_right(trial)
    assert "UserWarning: w" in trial.output
    assert not trial.wrote_to_stdout


def test_output_flood_is_killed(sandbox: Sandbox) -> None:
    """Output beyond what anybody reads ends the call."""
    answer = first(sandbox.run(job("def f(x):\n    while True: print('x' * 10**6)", seconds=5)))
    assert (Status.KILLED, "it wrote too much output") == ended(answer)


@linux
def test_crash_names_its_line(sandbox: Sandbox) -> None:
    """A segmentation fault is told with the student's line."""
    answer = first(sandbox.run(job("import ctypes\ndef f(x):\n    return ctypes.string_at(0)")))
    assert (Status.KILLED, "it crashed: segmentation fault (answer.py, line 3, in f)") == ended(answer)


def test_random_numbers_differ_between_children(sandbox: Sandbox) -> None:
    """No child can foretell another's random numbers."""
    source = "import random, numpy as np\ndef f(x): return [random.random(), np.random.rand()]"
    seen = [tuple(first(sandbox.run(job(source))).items[0].tolist()) for _ in range(2)]  # type: ignore[union-attr]
    assert seen[0][0] != seen[1][0]
    assert seen[0][1] != seen[1][1]


# --- no fault of ours ---

_BEGUN = frames.header(frames.READY, 0, 0)


class _Puppet:
    """A child that has said its part before anybody listens, and how it ended."""

    def __init__(self, said: bytes, ending: zygote.Ending, *, threaded: bool = False, output: bytes = b"") -> None:
        job, results, told = os.pipe(), os.pipe(), os.pipe()
        self.clock = CpuClock(None)
        os.write(results[1], said)
        os.write(told[1], output)
        for descriptor in (job[0], results[1], told[1]):
            os.close(descriptor)
        ends = (job[1], results[0], told[0])
        self.pipes: Pipes | ThreadedPipes = ThreadedPipes(*ends) if threaded else Pipes(*ends, None)
        self.ending = ending
        self.is_killed = False

    def kill(self) -> None:
        self.is_killed = True

    def release(self) -> None:
        self.ended()

    def ended(self) -> zygote.Ending:
        if isinstance(self.pipes, Pipes):
            self.pipes.drain_output()
        self.pipes.close()
        return self.ending


def served(child: _Puppet, asked: Job | None = None) -> JobRun:
    """Return the run of a job once a child has served it."""
    run = JobRun(asked or RIGHT, is_sealed=True, may_load=())
    run.serve(child)
    return run


@pytest.mark.parametrize("threaded", [False, True], ids=["selector", "threads"])
@pytest.mark.parametrize(
    "rubbish", [b"x" * 100, b"x", frames.header(frames.TASK, 0, 0), _BEGUN], ids=["text", "one byte", "kind", "begun"]
)
def test_breaking_the_protocol_at_once_is_the_students(rubbish: bytes, threaded: bool) -> None:
    """A child that says that it has begun, and rubbish in the same breath, is `killed`, whenever the grader looks."""
    child = _Puppet(_BEGUN + rubbish, zygote.Ending(exit_status=0), threaded=threaded)
    run = served(child)
    assert child.is_killed == (len(rubbish) > 1)  # one byte is broken only by the end of the pipes
    assert run.fatal is not None
    assert Status.KILLED is status_of(run.fatal)


@pytest.mark.parametrize("said", [b"", b"x" * 100, frames.header(frames.FAULT, 0, 3) + b"why"], ids=["nothing", "text", "fault"])
def test_a_child_that_never_began_is_our_fault(said: bytes) -> None:
    """No student code has run before a child says that it has begun: what goes wrong until then is ours."""
    with pytest.raises(zygote.OurFaultError):
        served(_Puppet(said, zygote.Ending(exit_status=1)))


def test_a_kill_from_outside_is_our_fault() -> None:
    """Behind seccomp nobody can send SIGKILL: it came from outside, unless the limits explain it."""
    asked = replace(RIGHT, limits=Limits(seconds=1.0, memory_mib=64))
    with pytest.raises(zygote.OurFaultError):
        served(_Puppet(_BEGUN, zygote.Ending(exit_status=-9, cpu_seconds=18.0)), asked)
    ignored = served(_Puppet(_BEGUN, zygote.Ending(exit_status=-9, cpu_seconds=20.0)), asked)
    assert ignored.fatal is not None
    assert (Status.TIMED_OUT, "the whole submission took more than 10 seconds") == ended(ignored.fatal)
    greedy = served(_Puppet(_BEGUN, zygote.Ending(exit_status=-9, peak_bytes=60 << 20)), asked)
    assert greedy.fatal is not None
    assert Status.OUT_OF_MEMORY is status_of(greedy.fatal)


def test_a_child_that_closes_its_pipes_and_stays_is_the_students() -> None:
    """The SIGKILL that ends it then is ours."""
    closed = served(_Puppet(_BEGUN, zygote.Ending(exit_status=-9, was_killed=True)))
    assert closed.fatal is not None
    assert (Status.KILLED, "it broke the grader's protocol: it closed its end of the pipes while it was loaded") == ended(
        closed.fatal
    )


def test_the_output_of_a_job_is_capped_over_all_its_children() -> None:
    """Each child writes as much as is kept of one: together it is no more."""
    run = JobRun(RIGHT, is_sealed=True, may_load=())
    for letter in (b"a", b"b"):
        run.serve(_Puppet(_BEGUN, zygote.Ending(exit_status=0), output=letter * 40_000))
    assert (40_000, 64 << 10) == (run.output.count(b"a"), len(run.output))


_ODD_ENDS = {
    "bytes to every descriptor": "for n in range(21):\n    try: os.write(n, b'x' * 100)\n    except OSError: pass",
    "half a header": "os.write(4, b'grd1'); os._exit(0)",
    "half a body": "os.write(4, frames.header(frames.LOADED, 0, 100)); os._exit(0)",
    "begins again": "os.write(4, frames.header(frames.READY, 0, 0) * 50)",
    "says it is our fault": "os.write(4, frames.header(frames.FAULT, 0, 3) + b'bad'); os._exit(1)",
    "frames in a flood": "for _ in range(9): os.write(4, frames.header(frames.READY, 0, 0) * 1000)",
    "ends at once": "os._exit(70)",
    "ends as if by a signal": "os._exit(137)",
    "closes everything": "os.closerange(0, 100); os._exit(0)",
    "closes the results": "os.close(4)",
    "closes the job": "os.close(3)",
    "floods output and ends": "for _ in range(200): os.write(1, b'x' * 100000)\nos._exit(0)",
    "aborts": "os.abort()",
    "crashes": "import ctypes; ctypes.string_at(0)",
}


@linux
@pytest.mark.parametrize("name", _ODD_ENDS)
@pytest.mark.parametrize("ahead", [False, True], ids=["", "ahead"])
def test_no_odd_end_is_our_fault(name: str, ahead: bool) -> None:
    """However a child ends while it loads, as often as it does: it is `killed`, and the zygote is as it was."""
    source = f"import os\nfrom grader.sandbox.wire import frames\n{_ODD_ENDS[name]}\ndef f(x): return 2 * x"
    began = time.monotonic()
    with Sandbox("numpy", "best", ahead=ahead) as other:
        for number in range(40):
            trial = other.run(job(source))
            # where it loads all the same, its call is killed
            status = status_of(trial) or status_of(first(trial))
            assert (Status.KILLED, 0) == (status, other.restarts), trial
            if number % 10 == 0:
                assert is_right(other.run(RIGHT))
            if time.monotonic() - began > 1.5:  # some are waited for
                break


def test_a_job_has_a_cap_on_all_its_answers(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the answers of a job come to together has an end: at the cap they are taken, one byte more ends the task."""
    asked = job("import numpy as np\ndef f(x): return np.ones(1000)", cases=3)
    sizes = [
        len(b"".join(protocol.pack_answer(0, Answer(items=(np.ones(1000),)), 0, wrote_to_stdout=False))) - frames.HEADER.size
    ] * 3
    monkeypatch.setattr("grader.sandbox.host.session._MOST_ANSWERED_BYTES", sum(sizes))
    assert [None] * 3 == [status_of(answer) for answer in sandbox.run(asked).tasks[0].answers]
    monkeypatch.setattr("grader.sandbox.host.session._MOST_ANSWERED_BYTES", sum(sizes) - 1)
    answers = sandbox.run(asked).tasks[0].answers
    assert [None, None, Status.KILLED] == [status_of(answer) for answer in answers]
    assert "it returned more than was asked for" == words_of(answers[2])


def test_repeated_answers_do_not_fill_what_counted_ones_left(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has just room enough is right, and not called again."""
    asked = by_purpose(job("import numpy as np\ndef f(x): return np.ones(1000)", cases=3), "counted", "repeated")
    monkeypatch.setattr("grader.sandbox.host.session._MOST_ANSWERED_BYTES", 30_000)
    counted, repeated = sandbox.run(asked).tasks
    assert [None] * 3 == [status_of(answer) for answer in counted.answers]
    assert not repeated.answers


def test_shown_answers_have_a_cap_of_their_own(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are kept beside those that count: at their cap a function is not called in more shown cases, and loses nothing."""
    asked = by_purpose(job("import numpy as np\ndef f(x): return np.ones(1000)", cases=3), "shown", "counted")
    monkeypatch.setattr("grader.sandbox.host.session._MOST_SHOWN_BYTES", 20_000)
    shown, counted = sandbox.run(asked).tasks
    assert [None, None, Status.KILLED] == [status_of(answer) for answer in shown.answers]
    assert [None] * 3 == [status_of(answer) for answer in counted.answers]


# --- our faults ---


@linux
def test_zygote_killed_between_jobs(sandbox: Sandbox) -> None:
    """A zygote that is gone is replaced, and the job is run."""
    sandbox.run(RIGHT)
    sandbox._zygote._process.kill()  # type: ignore[union-attr]
    assert is_right(sandbox.run(RIGHT))


@linux
def test_zygote_that_hangs(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zygote that does not answer is replaced, and the job is run."""
    monkeypatch.setattr(zygote, "_REPLY_SECONDS", 0.5)
    with Sandbox("numpy", "none") as other:
        other.run(RIGHT)
        os.kill(other._zygote._process.pid, signal.SIGSTOP)  # type: ignore[union-attr]
        assert is_right(other.run(RIGHT))
        assert 1 == other.restarts


@linux
def test_zygote_killed_in_mid_run(sandbox: Sandbox) -> None:
    """A zygote that is killed while a child works is replaced, and the job is begun anew."""
    import threading

    with Sandbox("numpy", "none") as other:
        other.run(RIGHT)
        process = other._zygote._process  # type: ignore[union-attr]
        threading.Timer(0.3, process.kill).start()
        trial = other.run(job("import time\ndef f(x):\n    time.sleep(0.5)\n    return 2 * x", cases=2))
        assert is_right(trial)
        assert 1 == other.restarts


@linux
def test_second_fault_is_ungraded(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the machinery fails twice, answers are `ungraded` and the reason is said."""

    def fails(self: object, request: object) -> None:
        raise zygote.OurFaultError("no luck")

    monkeypatch.setattr(zygote.Zygote, "fork", fails)
    trial = sandbox.run(job("def f(x): return x", "f", "g"))
    assert (Status.UNGRADED, "no luck") == ended(trial)
    assert [Status.UNGRADED] * 4 == [status_of(answer) for task in trial.tasks for answer in task.answers]


@linux
def test_children_that_begin_ahead_give_the_same() -> None:
    """One after the other, with other limits, after a death and a module loaded in between; a zygote that dies is replaced."""
    with Sandbox("numpy", "best", ahead=True) as other:
        assert is_right(other.run(RIGHT))
        assert other._begun is not None
        assert is_right(other.run(replace(RIGHT, limits=Limits(seconds=1.0, memory_mib=256))))
        assert Status.KILLED is status_of(first(other.run(job("import os\ndef f(x): os._exit(1)"))))
        assert is_right(other.run(job("import fractions\ndef f(x): return 2 * x")))
        assert is_right(other.run(RIGHT))
        assert 0 == other.restarts
        other._zygote._process.kill()  # type: ignore[union-attr]
        assert is_right(other.run(RIGHT))
        assert 1 == other.restarts


@linux
def test_a_child_that_began_ahead_leaves_nothing() -> None:
    """Closing the sandbox ends it, and its pipes are closed."""
    before = len(list(Path("/proc/self/fd").iterdir()))
    with Sandbox("numpy", "best", ahead=True) as other:
        assert is_right(other.run(RIGHT))
    assert before == len(list(Path("/proc/self/fd").iterdir()))


@linux
def test_a_zygote_that_cannot_load_what_is_wanted_is_our_fault(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that submissions asked for and a new zygote fails to load: tried again, then `ungraded`, never an exception."""

    def fails(self: object, names: object) -> None:
        raise zygote.OurFaultError("it does not load")

    monkeypatch.setattr(zygote.Zygote, "load", fails)
    with Sandbox("numpy", "none") as other:
        asks = job("import fractions\ndef f(x): return 2 * x")
        assert Status.UNGRADED is status_of(other.run(asks))
        assert Status.UNGRADED is status_of(other.run(asks))


@linux
def test_interrupt_leaves_a_usable_sandbox(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the midst of a job goes through, and the sandbox can be used again."""
    with Sandbox("numpy", "none") as other:
        other.run(RIGHT)
        signal.signal(signal.SIGALRM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        signal.setitimer(signal.ITIMER_REAL, 0.3)
        with pytest.raises(KeyboardInterrupt):
            other.run(job("import time\ndef f(x): time.sleep(60)", seconds=30))
        assert is_right(other.run(RIGHT))


# --- without fork ---


def test_spawned_child_gives_the_same(sandbox: Sandbox) -> None:
    """A fresh process of the same program answers alike: values, load errors, deaths, stand-ins."""
    source = """
    import torch, statistics
    print("hello")
    def f(x): return 2 * x
    def g(x): return 1 / 0
    def h(x): return torch.tanh(x)
    def k(x): return __import__("os")._exit(3)
    1 / 0
    """
    asked = job(source, "f", "g", "h", "k", "missing")
    with Sandbox("numpy", "none", method="spawn") as other:
        trial, expected = other.run(asked), sandbox.run(asked)
    assert "hello\n" == trial.output.partition("hello\n")[1]
    assert expected.load_errors == trial.load_errors
    for one, two in zip(expected.tasks, trial.tasks, strict=True):
        for mine, theirs in zip(one.answers, two.answers, strict=True):
            assert mine.failure == theirs.failure


def test_pipes_with_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """The form of the pipes that Windows needs does the same: answers, floods, hangs."""
    monkeypatch.setattr(zygote, "Pipes", lambda job, results, output, death: ThreadedPipes(job, results, output))
    with Sandbox("numpy", "none", method="spawn") as other:
        assert is_right(other.run(RIGHT))
        assert Status.TIMED_OUT is status_of(first(other.run(job("def f(x):\n    while True: pass", seconds=0.2))))
        flood = other.run(job("def f(x):\n    while True: print('x' * 10**6)", seconds=10))
        assert "it wrote too much output" == words_of(first(flood))
        rubbish = other.run(job("import os\ndef f(x):\n    os.write(4, b'x' * 100)\n    return x"))
        assert Status.KILLED is status_of(first(rubbish))


# --- torch ---


@pytest.fixture(scope="module")
def torch_sandbox() -> Iterator[Sandbox]:
    """Start a zygote with torch."""
    pytest.importorskip("torch")
    with Sandbox("torch", "best" if FORKS else "none") as made:
        yield made


def test_torch_exercise(torch_sandbox: Sandbox) -> None:
    """Torch is there, its default dtype is float64 while code loads and runs, and its tensors are accepted."""
    source = """
    import torch
    w = torch.ones(2)
    def f(x):
        assert x.dtype == w.dtype == torch.float64
        return torch.tanh(x).requires_grad_()
    """
    asked = job(source, seconds=5, memory_mib=1024)
    answer = first(torch_sandbox.run(Job(sources=asked.sources, tasks=asked.tasks, arrays="torch", limits=asked.limits)))
    assert np.allclose(np.tanh([1.0, 2.0]), answer.items[0])  # type: ignore[arg-type]


def test_torch_memory(torch_sandbox: Sandbox) -> None:
    """Torch's own message about memory is `out_of_memory`."""
    asked = job("import torch\ndef f(x): return torch.zeros(1 << 36)", seconds=5)
    answer = first(torch_sandbox.run(Job(sources=asked.sources, tasks=asked.tasks, arrays="torch", limits=asked.limits)))
    assert Status.OUT_OF_MEMORY is status_of(answer)


def test_loading_that_fails_the_second_time(sandbox: Sandbox) -> None:
    """When loading dies in the fresh child after a death, only the tasks that are left are lost."""
    until = time.time() + 1.0
    source = f"""
    import os, time
    def f(x): return 2 * x
    def g(x):
        while time.time() <= {until}: time.sleep(0.05)
        os._exit(0)
    def h(x): return x
    if time.time() > {until}: os._exit(0)
    """
    trial = sandbox.run(job(source, "f", "g", "h", seconds=2))
    assert status_of(trial) is None
    assert [None, Status.KILLED, Status.KILLED] == [status_of(task.answers[0]) for task in trial.tasks]


@linux
def test_no_descriptor_is_inherited() -> None:
    """A child holds its five pipes only, however many files the grader has open."""
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(400)]
    source = """
    import os
    def f(x):
        found = []
        for number in range(5, 3000):
            try: os.lseek(number, 0, 1)
            except OSError as error:
                if error.errno == 9: continue
            found.append(number)
        return found
    """
    try:
        with Sandbox("numpy", "best") as other:
            assert [] == first(other.run(job(source))).items[0].tolist()  # type: ignore[union-attr]
    finally:
        for descriptor in held:
            os.close(descriptor)
