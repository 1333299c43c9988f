"""How a missing extra is added to this Python: a command that works for any copy of this package."""

from __future__ import annotations

import shlex
import subprocess
import sys
from importlib.machinery import PathFinder
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from places import ROOT

from grader import installed
from grader.installed import EXTRAS, install_command


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_it_names_what_the_extra_consists_of(extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Never this package, which is on no index."""
    monkeypatch.setattr(installed, "which", lambda name: str(Path(sys.executable).with_name("pip")))
    pip, install, *requirements = shlex.split(install_command(extra))
    assert ["pip", "install"] == [pip, install]
    assert [Requirement(one).name for one in EXTRAS[extra]] == [Requirement(one).name for one in requirements]
    assert "autograd" not in install_command(extra)


@pytest.mark.parametrize("found", [None, "/usr/bin/pip"])
def test_the_pip_of_another_python_is_not_meant(found: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """It would install beside this one."""
    monkeypatch.setattr(installed, "which", lambda name: found)
    assert install_command("torch") == f"{sys.executable} -m pip install 'torch>=2.4'"


def test_an_environment_without_pip_is_uvs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own pip does not exist."""
    monkeypatch.setattr(PathFinder, "find_spec", lambda name: None)
    assert install_command("torch") == f"uv pip install --python {sys.executable} 'torch>=2.4'"


def test_a_shell_and_pip_understand_it() -> None:
    """As it is printed; what is installed already is only looked at."""
    command = install_command("nbgrader").replace("pip install", "pip install --dry-run --no-index --quiet", 1)
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)
    assert 0 == done.returncode, done.stderr


def test_no_page_and_no_message_says_to_install_it_from_an_index() -> None:
    """Whoever followed that would get nothing, or somebody else's package of that name."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "grader").rglob("*.py")]
    told = [
        path.name
        for path in pages
        if "install autograd-grader" in (text := path.read_text("utf-8")) or "install 'autograd-" in text
    ]
    assert [] == told
