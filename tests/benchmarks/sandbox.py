"""
What each layer of protection costs per child: a bare fork of the zygote, then one layer after the other, then all.

`python tests/benchmarks/sandbox.py [ROUNDS] [numpy|torch]`. The variants take turns in every round, so that a busy machine is
busy for all of them; medians, the ratio to the bare fork, the child's CPU time and its page faults, and what
one such fault costs.
"""

from __future__ import annotations

import json
import mmap
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

if TYPE_CHECKING:
    import numpy as np

    from grader.sandbox.limits import Arrays


_HERE = Path(__file__).resolve()
_PACKAGE = _HERE.parents[2] / "grader"

_NUMPY = b"""
import numpy as np

def dY_dW(W, X, B):
    Y = np.tanh(W @ X + B)
    return np.einsum("i,ij,k->ijk", 1 - Y**2, np.eye(len(Y)), X)

def dY_dB(W, X, B):
    return np.diag(1 - np.tanh(W @ X + B) ** 2)
"""
_TORCH = _NUMPY.replace(b"import numpy as np", b"import torch as np")


def _be_bare_zygote(settings: dict[str, Any]) -> None:
    """Run as a zygote whose children have no wall and no limit at all."""
    sys.path[:] = settings["path"]
    sys.path.insert(0, str(_PACKAGE / "sandbox" / "child"))
    import zygote  # type: ignore[import-not-found]  # by its folder, as the child has it

    sys.path.pop(0)
    zygote._make_packages(str(_PACKAGE))
    from grader.sandbox.child import confinement, forking

    confinement.confine_child = lambda *_: ""
    forking.main(settings)


def _fresh_process(arrays: str) -> float:
    """Seconds of a fresh interpreter that does the same."""
    values = [[value.tolist() for value in case.values()] for case in _cases()]
    make = "np.array(v)" if arrays == "numpy" else "np.tensor(v, dtype=np.float64)"
    code = (_NUMPY if arrays == "numpy" else _TORCH).decode() + f"\nfor case in {values!r}:\n    case = [{make} for v in case]\n"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", code + "    dY_dW(*case); dY_dB(*case)\n"], check=True)
    return time.perf_counter() - began


def _in_process(arrays: str) -> float:
    """Seconds of the same calls in this process, source compiled and run, without isolation."""
    began = time.perf_counter()
    namespace: dict[str, object] = {}
    exec(compile(_NUMPY if arrays == "numpy" else _TORCH, "answer.py", "exec"), namespace)
    for case in _cases():
        for name in ("dY_dW", "dY_dB"):
            if arrays == "numpy":
                namespace[name](**{key: value.copy() for key, value in case.items()})  # type: ignore[operator]
            else:
                import torch

                namespace[name](**{key: torch.from_numpy(value.copy()) for key, value in case.items()})  # type: ignore[operator]
    return time.perf_counter() - began


def _fault_microseconds() -> float:
    """CPU time of one page that a forked child writes to, copied since its parent has it, too."""
    pages = 4096
    memory = mmap.mmap(-1, pages * mmap.PAGESIZE, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    memory[:] = bytes([1]) * len(memory)
    reading, writing = os.pipe()
    if (pid := os.fork()) == 0:
        began = time.process_time()
        for at in range(0, len(memory), mmap.PAGESIZE):
            memory[at] = 2
        os.write(writing, str((time.process_time() - began) / pages * 1e6).encode())
        os._exit(0)
    os.waitpid(pid, 0)
    return float(os.read(reading, 100))


def _cases() -> list[dict[str, np.ndarray]]:
    import numpy as np

    random = np.random.default_rng(0)
    return [{"W": random.normal(size=(3, 4)), "X": random.normal(size=4), "B": random.normal(size=3)} for _ in range(10)]


def main(rounds: int, arrays: Arrays) -> None:
    """Print the table."""
    from grader.sandbox import Sandbox
    from grader.sandbox.host import bubblewrap, launch, zygote
    from grader.sandbox.host.walls import OPEN, SEALED, WallPlan
    from grader.sandbox.job import Job
    from grader.sandbox.limits import Limits
    from grader.sandbox.wire.call import Call, Name
    from grader.sandbox.wire.plan import Source, TaskPlan

    arguments = (Name("W"), Name("X"), Name("B"))
    plans = tuple(
        TaskPlan(call=Call(function=name, arguments=arguments), returns=(name,), inputs=tuple(_cases()))
        for name in ("dY_dW", "dY_dB")
    )
    source = Source(name="answer.py", cells=(_NUMPY if arrays == "numpy" else _TORCH,))
    whole = Job(sources=(source,), tasks=plans, arrays=arrays, limits=Limits())
    empty = Job(sources=(), tasks=(), arrays=arrays, limits=Limits())

    endings: list[zygote.Ending] = []
    ended = zygote.ForkedChild.ended

    def noted(child: zygote.ForkedChild) -> zygote.Ending:
        endings.append(ended(child))
        return endings[-1]

    # a benchmark looks behind the sandbox: a child that is let go of is waited for, so that its time is known
    zygote.ForkedChild.ended = noted  # type: ignore[assignment, method-assign]
    zygote.ForkedChild.release = noted  # type: ignore[assignment, method-assign]

    sandboxes = {"bare fork": Sandbox(arrays, plan=OPEN)}
    with patch.object(launch, "_PROGRAM", _HERE):
        sandboxes["bare fork"].run(empty)
    bwrap = bubblewrap.find()
    variants = {"+ rlimits": OPEN, "+ seccomp": WallPlan(walls=("seccomp",)), "+ Landlock": SEALED}
    if bwrap:
        variants["rlimits + namespaces"] = WallPlan(walls=("namespaces",), bwrap=bwrap)
        variants["all: strict"] = WallPlan(walls=("namespaces", "seccomp"), bwrap=bwrap)
    for name, plan in variants.items():
        sandboxes[name] = Sandbox(arrays, plan=plan)
    for label, job in (("an empty submission", empty), ("two Jacobians x 10 cases", whole)):
        seconds: dict[str, list[float]] = {name: [] for name in sandboxes}
        faults: dict[str, list[int]] = {name: [] for name in sandboxes}
        computed: dict[str, list[float]] = {name: [] for name in sandboxes}
        for number in range(rounds + 3):
            for name, sandbox in sandboxes.items():
                began = time.perf_counter()
                sandbox.run(job)
                if number >= 3:
                    seconds[name].append(time.perf_counter() - began)
                    faults[name].append(endings[-1].page_faults)
                    computed[name].append(endings[-1].cpu_seconds)
        bare = statistics.median(seconds["bare fork"])
        print(f"{label}, {arrays}, median of {rounds}")
        for name in sandboxes:
            took = statistics.median(seconds[name])
            cpu, count = 1e3 * statistics.median(computed[name]), statistics.median(faults[name])
            print(f"  {name:22} {1e3 * took:7.2f} ms  x {took / bare:4.2f}  child {cpu:6.2f} ms CPU, {count:5.0f} page faults")
    for name, measure, times in (("no isolation, in process", _in_process, rounds), ("a fresh process", _fresh_process, 10)):
        print(f"  {name:24} {1e3 * statistics.median(measure(arrays) for _ in range(times)):9.2f} ms")
    print(f"  one copied page           {statistics.median(_fault_microseconds() for _ in range(5)):9.2f} us")
    for sandbox in sandboxes.values():
        sandbox.close()


if __name__ == "__main__":
    if sys.argv[1:] and sys.argv[1].startswith("{"):
        _be_bare_zygote(json.loads(sys.argv[1]))
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 200, "torch" if sys.argv[2:] == ["torch"] else "numpy")
