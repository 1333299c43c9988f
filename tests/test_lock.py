"""The lock names one version of everything that `make setup` installs, for every Python, and no place to get it from."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, requires

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from places import ROOT

LINES = [line for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines() if not line.lstrip().startswith("#")]
PINS = [Requirement(line) for line in LINES]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def pinned(python: str) -> dict[str, str]:
    """Name and version of what is pinned for that Python on this platform."""
    environment = {**default_environment(), "python_version": python, "python_full_version": f"{python}.1"}
    named = [
        one
        for one in PINS
        if one.marker is None or one.marker.evaluate({name: str(value) for name, value in environment.items()})
    ]
    assert len(named) == len({one.name for one in named}), "a name is pinned twice"
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in named}


def test_a_line_is_a_name_a_version_and_at_most_a_marker() -> None:
    """No host, no file, no hash, no local label: any index with these versions will do."""
    bad = [line for line in LINES if not re.fullmatch(r"[a-z0-9.-]+==[0-9][0-9a-z.]*( ; [^#]+)?", line)]
    assert [] == bad


@pytest.mark.parametrize("python", PYTHONS)
def test_what_pyproject_asks_for_is_pinned_within_its_ranges(python: str) -> None:
    """Of every extra, and to build; `make lock` writes it anew."""
    pins = pinned(python)
    asked = [*PROJECT["build-system"]["requires"], *PROJECT["project"]["dependencies"]]
    asked += [line for lines in PROJECT["project"]["optional-dependencies"].values() for line in lines]
    asked += [line.partition("#")[0] for line in (ROOT / "constraints.in").read_text("utf-8").splitlines()]
    for requirement in (Requirement(line) for line in asked if line.strip() and not line.startswith("autograd-grader")):
        assert pins[canonicalize_name(requirement.name)] in requirement.specifier, "run `make lock`"


def test_whatever_these_need_is_pinned_too() -> None:
    """All that is installed here because of them."""
    python = ".".join(default_environment()["python_version"].split(".")[:2])
    pins, seen = pinned(python), set()
    waiting = [Requirement(f"autograd-grader[{','.join(PROJECT['project']['optional-dependencies'])}]")]
    while waiting:
        one = waiting.pop()
        for extra in ("", *one.extras):
            if (key := (canonicalize_name(one.name), extra)) in seen:
                continue
            seen.add(key)
            try:
                needs = [Requirement(line) for line in requires(one.name) or ()]
            except PackageNotFoundError:  # torch, where it is not offered for this Python
                continue
            waiting += [need for need in needs if need.marker is None or need.marker.evaluate({"extra": extra})]
    missing = {name for name, _ in seen} - set(pins) - {"autograd-grader"}
    assert set() == missing, "run `make lock`"


def test_make_setup_takes_it_and_make_test_newest_does_not() -> None:
    """For what is installed and for what builds it; the newest goes into a venv of its own."""

    def recipe(target: str) -> list[str]:
        alone = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # these tests run under make
        command = ["make", "--always-make", "--dry-run", target]
        done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=True)
        return [line for line in done.stdout.splitlines() if " install --" in line]

    (line,) = recipe("setup")
    assert line.startswith("PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt .venv/bin/python -m pip ")
    newest = recipe("test-newest")
    assert newest
    assert not [line for line in newest if "constraints.txt" in line or ".venv/" in line]
