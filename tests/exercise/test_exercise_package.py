"""The example of a package with exercises: installed by pip, its exercises are found by id from anywhere."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

PAGE = (ROOT / "docs" / "grading.md").read_text("utf-8")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the package into a folder with pip, without a network."""
    folder = tmp_path_factory.mktemp("package")
    shutil.copytree(ROOT / "examples" / "exercise_package", folder / "source")
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    target = ["--no-build-isolation", "--target", str(folder / "site"), str(folder / "source")]
    done = subprocess.run([*pip, *target], capture_output=True, text=True, check=False, timeout=120)
    assert 0 == done.returncode, done.stderr
    return folder / "site"


def grader(site: Path, *arguments: str) -> str:
    """Run a command in a folder without exercises, and return what it prints."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join((str(site), str(ROOT))),
        "GRADER_CACHE": str(site.parent / "cache"),
    }
    command = [sys.executable, "-m", "grader", *arguments]
    done = subprocess.run(command, cwd=site.parent, env=environment, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def test_its_exercises_are_listed_and_started(site: Path) -> None:
    """Beside the shipped ones."""
    assert "The slope of a cubic" in grader(site, "list")
    assert "Wrote answer.py." in grader(site, "start", "cubic", "-o", "answer.py")


def test_it_can_be_checked_against(site: Path) -> None:
    """As any other exercise."""
    (site.parent / "right.py").write_text("def dy_dx(x):\n    return 3 * x**2 - 1\n", "utf-8")
    assert "1 of 1 point." in grader(site, "check", "cubic", "right.py")


def test_the_page_shows_its_entry_point() -> None:
    """To be copied."""
    text = (ROOT / "examples" / "exercise_package" / "pyproject.toml").read_text("utf-8")
    assert text.partition('[project.entry-points."grader.exercises"]')[2].strip() in PAGE
