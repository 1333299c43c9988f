"""Every attack of tests/hostile comes to what its header says, in the box and without one, and harms nothing."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hostile_attacks import FOLDER, Attack, attacks, is_alive_and_fair, job, outcome

from grader.errors import SandboxError
from grader.sandbox import Sandbox
from grader.sandbox.host.walls import OPEN, SEALED
from grader.sandbox.wire import frames
from grader.sandbox.wire.answer import Failure, Reason

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the walls are Linux's")


@pytest.fixture(scope="module", params=["strict", "no namespaces"])
def sandbox(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Start one zygote for all attacks of a mode."""
    try:
        made = Sandbox("numpy", "strict") if request.param == "strict" else Sandbox("numpy", plan=SEALED)
        with made:
            assert "seccomp" in made.layers
            yield made
    except SandboxError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a course folder that anybody may write into, with things worth reading."""
    folder = tmp_path_factory.mktemp("course")
    (folder / "gradebook.db").write_text("s01: 4 of 4")
    (folder / "solution.py").write_text("import numpy as np\ndef dY_dX(X): return np.diag(1 - np.tanh(X) ** 2)\n")
    folder.chmod(0o777)
    (folder / "gradebook.db").chmod(0o666)
    return folder


@pytest.mark.parametrize("attack", attacks(), ids=lambda attack: attack.name)
def test_attack_comes_to_nothing(sandbox: Sandbox, course: Path, attack: Attack) -> None:
    """An attack ends as expected, the course is untouched, and the same zygote gives a right submission full points."""
    restarts = sandbox.restarts
    trial = sandbox.run(job(attack.source.replace(b"@COURSE@", str(course).encode())))
    assert outcome(trial) in attack.expect, trial
    if "mutates_inputs" in attack.flags:
        assert trial.tasks[0].answers[0].mutated == ("X",)
    assert sorted(path.name for path in course.iterdir()) == ["gradebook.db", "solution.py"]
    assert (course / "gradebook.db").read_text() == "s01: 4 of 4"
    assert is_alive_and_fair(sandbox, restarts)


@pytest.fixture(scope="module", params=["strict", "no namespaces"])
def fresh(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """Start a zygote that has loaded nothing for any attack."""
    try:
        made = Sandbox("numpy", "strict") if request.param == "strict" else Sandbox("numpy", plan=SEALED)
        with made:
            assert "seccomp" in made.layers
            yield made
    except SandboxError as error:
        pytest.skip(str(error))


FORGERIES = [attack for attack in attacks() if attack.twin]


@pytest.mark.parametrize("attack", FORGERIES, ids=lambda attack: attack.name)
def test_honest_twin_of_a_forgery_is_accepted(fresh: Sandbox, attack: Attack) -> None:
    """The frames of an attack are of today's format: without their lie they are what an honest child sends."""
    trial = fresh.run(job(attack.honest()))
    assert outcome(trial) == attack.twin, trial
    assert attack.twin not in attack.expect


_MISSING = b"""
import forging
from grader.sandbox.wire.answer import Failure, Reason

TOLD = {"failure": Failure(reason=Reason.NO_FUNCTION, function="q" * 9000), "items": ()}
forging.serve(lambda *question: forging.CHANNEL.send(forging.answer(*question, **TOLD)))
"""


def test_no_name_of_a_missing_function_is_taken_from_a_child(fresh: Sandbox) -> None:
    """What is missing is one of the functions that were asked for: another name would be looked for in every source."""
    answers = fresh.run(job(_MISSING)).tasks[0].answers
    assert {Failure(reason=Reason.NO_FUNCTION, function="dY_dX")} == {answer.failure for answer in answers}


def test_no_frame_is_forged_by_numbers_of_its_own() -> None:
    """Frames are built from the codec: a format that is written down in an attack goes out of date, and nobody sees it."""
    for attack in attacks():
        assert b"struct.pack" not in attack.source or b"os.write(4" not in attack.source, attack.name
        assert frames.MAGIC not in attack.source, attack.name
        assert bool(attack.twin) == (b"import forging" in attack.source), attack.name


@pytest.fixture(scope="module")
def torch_sandbox() -> Iterator[Sandbox]:
    """Start one zygote with torch, in the best box there is."""
    pytest.importorskip("torch")
    with Sandbox("torch") as made:
        assert "seccomp" in made.layers
        yield made


@pytest.mark.parametrize("attack", attacks(FOLDER / "torch"), ids=lambda attack: attack.name)
def test_attack_by_torch_comes_to_nothing(torch_sandbox: Sandbox, attack: Attack) -> None:
    """What torch brings along opens no door either."""
    restarts = torch_sandbox.restarts
    trial = torch_sandbox.run(job(attack.source, arrays="torch"))
    assert outcome(trial) in attack.expect, trial
    assert is_alive_and_fair(torch_sandbox, restarts)


def test_corpus_is_large() -> None:
    """There are at least 120 attacks, each with an expectation."""
    assert len(attacks()) >= 120
    assert all(attack.expect for attack in attacks())


_NEEDS_ROOT = ("runs_a_process", "forks")  # an ordinary user's limit on processes holds without any wall


@pytest.mark.parametrize("name", ["reads_the_gradebook", "writes_a_file", "opens_socketpairs", *_NEEDS_ROOT])
def test_without_walls_attacks_succeed(course: Path, name: str) -> None:
    """A positive control: with the walls off, in a throwaway box, the corpus shows that something got through."""
    (attack,) = [attack for attack in attacks() if attack.name == name]
    if name in _NEEDS_ROOT and os.geteuid() != 0:
        pytest.skip("only root is not held by the limit on processes")
    with Sandbox("numpy", plan=OPEN) as unprotected:
        trial = unprotected.run(job(attack.source.replace(b"@COURSE@", str(course).encode())))
    assert trial.layers == ("rlimits",)
    got_through = outcome(trial) not in attack.expect or (course / "owned").exists()
    (course / "owned").unlink(missing_ok=True)
    assert got_through
