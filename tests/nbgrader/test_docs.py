"""The sessions of docs/nbgrader.md are true, in the order in which they stand there."""

from __future__ import annotations

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from places import ROOT

pytest.importorskip("nbgrader")

PAGE = (ROOT / "docs/nbgrader.md").read_text(encoding="utf-8")
SESSIONS = re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", "".join(re.findall(r"^```console\n(.*?)^```$", PAGE, re.M | re.S)), re.M)


def test_the_sessions(tmp_path: Path) -> None:
    """Each command prints what the page says; two students hand in before the first autograde."""
    folder = tmp_path
    for command, printed in SESSIONS:
        if command.startswith("cd "):
            folder = folder / command.removeprefix("cd ")
            continue
        if "autograde" in command and not (folder / "submitted").exists():
            for student in ("s01", "s02"):
                shutil.copytree(folder / "release/problem_set_1", folder / f"submitted/{student}/problem_set_1")
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"}
        done = subprocess.run(command.split(), cwd=folder, env=environment, capture_output=True, encoding="utf-8", check=True)
        told = re.sub(r"^\d+ of \d+ graded, .*\n", "", done.stderr, flags=re.M)  # on a slow machine, now and then
        shown = done.stdout + ("" if command.startswith("nbgrader") else told)
        assert shown == printed or doctest.OutputChecker().check_output(printed, shown, doctest.ELLIPSIS), shown


def test_every_setting_is_there() -> None:
    """What the page calls a setting of ours is one."""
    from grader.nbgrader.preprocessors import SandboxedExecute

    named = re.findall(r"`c\.SandboxedExecute\.(\w+)`", PAGE)
    assert {"isolation", "feedback", "feedback_cases"} == set(named)
    assert set(named) <= set(SandboxedExecute.class_traits(config=True))
