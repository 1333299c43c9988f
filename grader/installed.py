"""
The requirements of this package, and the command that installs those of an extra.

The package is on no index, so an extra cannot be installed by its name: the command names the extra's requirements, which works
however this copy was installed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from importlib.machinery import PathFinder
from pathlib import Path
from shutil import which

PYTHON = ">=3.11"
CORE = ("click>=8.1.7", "numpy>=1.26", "pyyaml>=6.0.1", "rich>=13.7")
EXTRAS: Mapping[str, tuple[str, ...]] = {  # a test holds these and pyproject.toml together
    "class": ("cryptography>=42", "dask[distributed]>=2024.8.0", "matplotlib>=3.8", "sqlalchemy>=2.0"),
    "nbgrader": ("nbformat>=5.10", "nbgrader<0.10,>=0.9.5"),
    "torch": ("torch>=2.4",),
}


def install_command(extra: str) -> str:
    """Write the shell command that adds an extra to the Python that runs here."""
    quote = '"' if os.name == "nt" else "'"
    return " ".join((_installer(), *(f"{quote}{requirement}{quote}" for requirement in EXTRAS[extra])))


def _installer() -> str:
    """Return `pip install` where that is this Python's own pip, else the command that does the same."""
    python = f'"{sys.executable}"' if " " in sys.executable else sys.executable
    if PathFinder.find_spec("pip") is None:  # as in the environments that uv makes
        return f"uv pip install --python {python}"
    found = which("pip")
    own = found is not None and Path(found).parent.resolve() == Path(sys.executable).parent.resolve()
    return "pip install" if own else f"{python} -m pip install"
