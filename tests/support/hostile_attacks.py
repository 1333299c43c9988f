"""What the tests of the sandbox share: a small exercise, the attacks of tests/hostile, and what came of one in a word."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from builders import one_target
from places import TESTS

from grader.exercise.model import Jacobian
from grader.judging import compare
from grader.judging.diagnosis.diagnose import diagnose
from grader.outcome import Status
from grader.reference.model import Case, Expected, Record
from grader.reference.tolerance import Standard
from grader.sandbox import Sandbox
from grader.sandbox.job import Job, Trial
from grader.sandbox.limits import Limits
from grader.sandbox.wire.answer import Answer
from grader.sandbox.wire.call import Call, Name
from grader.sandbox.wire.plan import Source, TaskPlan

FOLDER = TESTS / "hostile"
FORGING = (FOLDER / "shared" / "forging.py").read_bytes()
RIGHT = b"import numpy as np\n\n\ndef dY_dX(X):\n    return np.diag(1 - np.tanh(X) ** 2)\n"
LIMITS = Limits(seconds=0.3, memory_mib=384)
CASES = tuple({"X": np.random.default_rng(7).normal(size=size)} for size in (3, 2, 4))


@dataclass(frozen=True)
class Attack:
    """One file of the corpus with what its header says."""

    name: str
    source: bytes
    expect: frozenset[str]
    flags: frozenset[str]
    twin: str = ""  # what comes of it without its lie

    def honest(self) -> bytes:
        """Return the twin of an attack that forges frames: the same frames without the lie."""
        assert b"import forging" in self.source
        return self.source.replace(b"import forging", b"import forging\n\nforging.LIES = False", 1)


def attacks(folder: Path = FOLDER) -> list[Attack]:
    """Read every attack of a folder, by name."""
    return [_read(path) for path in sorted(folder.glob("*.py"))]


def _read(path: Path) -> Attack:
    source = path.read_bytes()
    fields = dict(re.findall(rb"^# (expect|flags|twin): (.*)$", source, re.MULTILINE))
    return Attack(
        name=path.stem,
        source=source,
        expect=frozenset(fields[b"expect"].decode().split("|")),
        flags=frozenset(fields.get(b"flags", b"").decode().split()),
        twin=fields.get(b"twin", b"").decode(),
    )


def job(source: bytes, *, name: str = "answer.py", limits: Limits = LIMITS, arrays: str = "numpy") -> Job:
    """WallPlan the calls dY_dX(X) of three cases on one source, which may use what attacks share."""
    shared = [Source(name="forging.py", cells=(FORGING,))] if b"import forging" in source else []
    plan = TaskPlan(call=Call(function="dY_dX", arguments=(Name("X"),)), returns=("dY_dX",), inputs=CASES)
    return Job(sources=(Source(name=name, cells=(source,)), *shared), tasks=(plan,), arrays=arrays, limits=limits)  # type: ignore[arg-type]


def outcome(trial: Trial) -> str:
    """Return the status of a trial of `job`: what stopped it, or what is wrong with its answers, or `correct`."""
    if trial.failure is not None:
        return Status.of(trial.failure.reason).value
    (task,) = trial.tasks
    assert len(task.answers) == len(CASES)
    _look_into(task.answers)
    judged = [_judged(answer, case["X"]) for answer, case in zip(task.answers, CASES, strict=True)]
    return next((status for status in judged if status != "correct"), "correct")


def _judged(answer: Answer, x: np.ndarray) -> str:
    if answer.failure is not None:
        return Status.of(answer.failure.reason).value
    if len(answer.items) != 1:
        return "wrong_count"
    (item,) = answer.items
    expected = np.diag(1 - np.tanh(x) ** 2)
    if not isinstance(item, np.ndarray):
        return "wrong_type"
    if item.shape != expected.shape:
        return "wrong_shape"
    if not np.isfinite(item).all():
        return "not_finite"
    return "correct" if np.abs(item - expected).max() <= 1e-6 * expected.max() + 1e-12 else "wrong_value"


def _look_into(answers: Sequence[Answer]) -> None:
    """Judge and diagnose as the grader's own process does, which no answer may make raise or warn."""
    exercise = one_target("Y = tanh(x)", Jacobian(of="Y", wrt="x"), "n n")
    (_, target), key = next(exercise.targets()), ("g", "g")
    cases = tuple(
        (
            Case(name=f"case {place}", role="random", sizes={"n": case["X"].size}, values={"x": case["X"]}),
            Expected(targets={key: np.diag(1 - np.tanh(case["X"]) ** 2)}),
        )
        for place, case in enumerate(CASES)
    )
    standard = Standard(Record(record_sha256="", seed=0, cases=cases, probes=(), hypotheses={}, versions={}), exercise.rtol)
    verdicts = [
        compare.judge(answer, case, tolerance, place=0, count=1)
        for answer, (case, _), tolerance in zip(answers, cases, standard.tolerances(key), strict=True)
    ]
    diagnose(exercise, target, key, standard, verdicts)


def is_alive_and_fair(sandbox: Sandbox, restarts: int) -> bool:
    """Whether a right submission gets full marks from the very zygote that was attacked."""
    right = RIGHT.replace(b"numpy", b"torch") if sandbox.arrays == "torch" else RIGHT
    return outcome(sandbox.run(job(right, arrays=sandbox.arrays))) == "correct" and sandbox.restarts == restarts
