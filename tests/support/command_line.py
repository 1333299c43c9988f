"""Commands of `grader`, run in this process or in one of their own, and files for them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from places import ROOT

from grader import cli

FORGOT_TANH = """
import numpy as np

def dY_dW(W, X, B):
    return np.einsum('ki,j->kij', np.eye(len(B)), X)

def dY_dB(W, X, B):
    return np.diag(1 - np.tanh(W @ X + B) ** 2)
"""

QUICK = """
schema: 1
title: Twice
inputs:
  x: scalar
forward:
  y: 2 * x
tasks:
  - call: dy_dx(x)
    returns:
      dy_dx: {gradient: y, wrt: x}
cases: {random: 3}
limits: {seconds: 1}
"""


def run(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> tuple[int, str, str]:
    """Run a command in this process: exit status, stdout, stderr."""
    status = cli.run([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def grader(*arguments: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **options.pop("env", {})}
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120, **options)


def write(name: str, text: str) -> Path:
    """Write a file in the current folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


HOSTILE_NAME = "a\x1b[31m\u202egnp$(touch ran)`touch ran`;x.py"
OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")
