"""The zip for Gradescope grades in Gradescope's layout, by its own copy of this package, and tells student code no secret."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from classroom import Reader, steps

from grader import gradescope, wheel
from grader.cli.finding import find_assignment
from grader.errors import GraderError

PS1 = "schema: 1\ntitle: Set 1\nexercises: [tanh_derivative, scalar_linear]\npoints: {tanh_derivative: 4}\nfeedback: full\n"
RIGHT = "import numpy as np\ndef dY_dx(x):\n    return 1 - np.tanh(x) ** 2\n"
SEED = 8_314_159_265
METADATA = {"id": 1, "created_at": "2026-11-20T14:22:32.365935-07:00", "users": [{"email": "s01@example.org", "name": "s01"}]}


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Build the zip."""
    file = tmp_path_factory.mktemp("course") / "ps1.yaml"
    file.write_text(PS1, "utf-8")
    data, notes = gradescope.build(find_assignment(str(file), ()), seed=SEED)
    assert notes == ()
    return data


def container(built: bytes, root: Path, files: dict[str, str]) -> Path:
    """Gradescope's folders with this submission in them; setup.sh has made its venv."""
    for folder in ("source", "results", "submission", "venv/bin"):
        (root / folder).mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        archive.extractall(root / "source")
    shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
    with zipfile.ZipFile(root / "source" / wheel.NAME) as archive:
        archive.extractall(root / "venv/lib")
    (root / "venv/bin/python").write_text(f'#!/bin/sh\nPYTHONPATH={root}/venv/lib exec {sys.executable} "$@"\n', "utf-8")
    for script in ("run_autograder", "venv/bin/python"):
        (root / script).chmod(0o755)
    (root / "submission_metadata.json").write_text(json.dumps(METADATA), "utf-8")
    for name, text in files.items():
        (root / "submission" / name).write_text(text, "utf-8")
    return root


def results(root: Path, **environment: str) -> dict[str, Any]:
    """Run the autograder; return what Gradescope reads then."""
    done = subprocess.run(
        [root / "run_autograder"], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60, check=False
    )
    assert 0 == done.returncode, done.stderr
    found: dict[str, Any] = json.loads((root / "results" / "results.json").read_bytes())
    return found


def test_a_submission_is_graded_where_gradescope_puts_it(built: bytes, tmp_path: Path) -> None:
    """A test an exercise, the score by the assignment's points; what was not handed in is 0."""
    found = results(container(built, tmp_path, {"tanh_derivative.py": RIGHT}))
    tests = [(test["name"], test["score"], test["max_score"]) for test in found["tests"]]
    assert [("The derivative of tanh", 4.0, 4.0), (0.0, 3.0)] == [tests[0], tests[1][1:]]
    assert 4.0 == found["score"]


@pytest.mark.parametrize("boxed", [True, False], ids=["with what there is", "without namespaces"])
def test_student_code_does_not_find_the_seed(built: bytes, tmp_path: Path, boxed: bool) -> None:
    """Not on the disk, and not in what is shown; in a container without user namespaces, seccomp alone keeps it."""
    spy = f"""
import os, glob
for name in ("{tmp_path}/source/autograder.json", *glob.glob("{tmp_path}/source/*/*"), "/proc/self/environ"):
    try:
        print("READ", name, open(name, "rb").read()[:80])
    except BaseException as error:
        print(type(error).__name__)
try:
    print("LISTED", os.listdir("{tmp_path}/source"))
except BaseException as error:
    print(type(error).__name__)
"""
    root = container(built, tmp_path, {"tanh_derivative.py": RIGHT + spy})
    environment = {}
    if not boxed:
        (tmp_path / "bin").mkdir()
        for name in ("bash", "dirname", "readlink", "sh"):
            (tmp_path / "bin" / name).symlink_to(str(shutil.which(name)))
        environment = {"PATH": str(tmp_path / "bin")}
    shown = json.dumps(results(root, **environment))
    assert str(SEED) not in shown
    assert "READ" not in shown
    assert "LISTED" not in shown
    assert "Error" in shown
    left = [path.name for folder in ("exercises", "records") for path in (root / "source" / folder).iterdir()]
    assert [] == left
    assert not (root / "source" / "autograder.json").exists()


def test_a_container_that_was_used_says_so(built: bytes, tmp_path: Path) -> None:
    """Without the seed nothing can be graded, and no score is made up."""
    root = container(built, tmp_path, {"tanh_derivative.py": RIGHT})
    gradescope._forget(root / "source")
    with pytest.raises(GraderError, match="its container was used before"):
        gradescope.run(root)


def test_what_could_not_be_graded_has_no_results(built: bytes, tmp_path: Path) -> None:
    """Gradescope then says itself that the autograder failed."""
    root = container(built, tmp_path, {"tanh_derivative.py": "crash", "scalar_linear.py": "correct"})
    with pytest.raises(GraderError, match=r"results\.json: It was not written: .*a fault of ours"):
        gradescope.run(root, steps=steps(Reader()))
    assert not (root / "results" / "results.json").exists()


def test_where_the_student_has_to_choose_it_is_zero_and_said(built: bytes, tmp_path: Path) -> None:
    """The student reads it at once, and hands in again; no autograder has failed."""
    root = container(built, tmp_path, {"a.py": RIGHT, "b.py": RIGHT.replace("return", "return 2 *")})
    gradescope.run(root)
    found = json.loads((root / "results" / "results.json").read_bytes())
    assert 0.0 == found["score"]
    assert "a.py and b.py define dY_dx differently. Keep one of them" in json.dumps(found)
    assert "no points lost" not in json.dumps(found)


def test_an_empty_submission_is_zero_and_other_files_are_named(built: bytes, tmp_path: Path) -> None:
    """For staff, on what Gradescope shows as output."""
    root = container(built, tmp_path, {"notes.txt": "hello"})
    assert ("Not graded: notes.txt: It is not a .py or .ipynb file.",) == gradescope.run(root, steps=steps(Reader()))
    assert 0.0 == json.loads((root / "results" / "results.json").read_bytes())["score"]


def test_the_zip_is_as_gradescope_asks(built: bytes) -> None:
    """Both scripts at its root, executable; requirements without local versions; this package without its catalogue."""
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
        text = {name: archive.read(name).decode() for name in ("setup.sh", "run_autograder", "requirements.txt")}
    assert (0o755, 0o755) == (modes["setup.sh"], modes["run_autograder"])
    for name in ("setup.sh", "run_autograder"):
        assert 0 == subprocess.run(["bash", "-n"], input=text[name], text=True, check=False).returncode
    assert "numpy==" in text["requirements.txt"]
    assert "torch" not in text["requirements.txt"]
    assert "+" not in text["requirements.txt"]
    with zipfile.ZipFile(io.BytesIO(built)) as archive, zipfile.ZipFile(io.BytesIO(archive.read(wheel.NAME))) as package:
        names = package.namelist()
    assert "grader/sandbox/child/zygote.py" in names
    assert not [name for name in (*modes, *names) if "__pycache__" in name or "tanh_layer" in name]


def test_its_setup_installs_the_wheel_that_it_brings(built: bytes, tmp_path: Path) -> None:
    """Without an index even: the pinned requirements are then not to be had, which is said, and the wheel is installed."""
    root = tmp_path / "autograder"
    (root / "source").mkdir(parents=True)
    with zipfile.ZipFile(io.BytesIO(built)) as archive:
        archive.extractall(root / "source")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "apt-get").write_text("#!/bin/sh\n", "utf-8")
    (tmp_path / "bin" / "apt-get").chmod(0o755)
    (tmp_path / "bin" / "python3").symlink_to(sys.executable)
    environment = os.environ | {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}", "PIP_NO_INDEX": "1", "PIP_NO_DEPS": "1"}
    environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": ""}
    script = (root / "source" / "setup.sh").read_text("utf-8").replace("/autograder/", f"{root}/")
    done = subprocess.run(["bash"], input=script, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert 0 == done.returncode, done.stderr
    assert "taking others that fit" in done.stderr
    where = [str(root / "venv/bin/python"), "-c", "import importlib.util as u; print(u.find_spec('grader').origin)"]
    found = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert found.stdout.startswith(str(root / "venv"))


@pytest.mark.parametrize(
    ("there", "said"),
    [(("python3",), "python3"), (("python3.12",), "python3.12"), ((), "APT install -y --no-install-recommends python3.11")],
)
def test_setup_finds_a_python_that_is_new_enough(there: tuple[str, ...], said: str, tmp_path: Path) -> None:
    """The image's own, a newer one beside it, or one more from Ubuntu."""
    for name in ("python3", "python3.12"):
        (tmp_path / name).write_text(f"#!/bin/sh\nexit {int(name not in there)}\n", "utf-8")
        (tmp_path / name).chmod(0o755)
    finding = gradescope.SETUP.partition("python3-venv\n")[2].partition('"$python" -m venv')[0]
    script = f'set -euo pipefail\napt-get() {{ echo APT "$@"; }}\n{finding}echo "$python"\n'
    done = subprocess.run(
        [str(shutil.which("bash"))], input=script, env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith(said), done.stderr


def test_rules_that_it_does_not_apply_are_said(tmp_path: Path) -> None:
    """Late work and points by hand belong to `grade`."""
    (tmp_path / "by_hand.csv").write_text(
        "student,exercise,target,points,reason,by\ns01,tanh_derivative,,1,r,by01\n", encoding="utf-8"
    )
    rules = "due: 2026-11-20T12:00Z\nlate: {per_day: 10%}\noverrides: by_hand.csv\n"
    (tmp_path / "ps1.yaml").write_text(f"schema: 1\ntitle: x\nexercises: [tanh_derivative]\n{rules}", "utf-8")
    notes = list(gradescope._notes(find_assignment(str(tmp_path / "ps1.yaml"), ())))
    assert ["The zip has no late rule", "The zip has no points given by hand"] == [note.partition(":")[0] for note in notes]
