"""docs/grading.md is true: its files are written, its commands run in order, and what they print and write is what it shows."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

from places import ROOT

BLOCKS = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", (ROOT / "docs" / "grading.md").read_text("utf-8"), re.M | re.S)


def run(command: str, folder: Path) -> str:
    """Run a command and return what it prints on both streams."""
    program, *arguments = command.split()
    done = subprocess.run(
        [sys.executable, *(arguments if program == "python" else ["-m", program, *arguments])],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    return done.stdout


def test_the_page_of_the_instructor(tmp_path: Path) -> None:
    """From the first file to the last command. Files that commands make are compared, not written."""
    for language, name, text in BLOCKS:
        if name.startswith(("OUT/", "made/")):
            assert text == (tmp_path / name).read_text("utf-8")
        elif name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, "utf-8")
        elif language == "console":
            for command, printed in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.M):
                shown = run(command, tmp_path)
                assert doctest.OutputChecker().check_output(printed, shown, doctest.ELLIPSIS), f"$ {command}\n{shown}"
