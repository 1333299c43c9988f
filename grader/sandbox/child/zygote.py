"""
Start the grader's other process: numpy (and torch) are loaded, then a child is forked for each job.

It never touches a byte of a submission: sources and inputs go down a pipe that only the child reads, after the fork and
once it is confined. Run by path, with the settings as JSON in its argument:
`python -I -S -B zygote.py '{"path": [...], "arrays": "numpy", ...}'`. With `"once": true` it does not fork and is the
child itself.
"""

from __future__ import annotations

import json
import os
import sys
from types import ModuleType


def _make_packages(folder: str) -> None:
    """Make `grader` and `grader.sandbox` importable without their `__init__`: what is not loaded need not be in the box."""
    for name, path in (("grader", folder), ("grader.sandbox", f"{folder}{os.sep}sandbox")):
        package = ModuleType(name)
        package.__path__ = [path]
        sys.modules[name] = package


if __name__ == "__main__":
    _settings = json.loads(sys.argv[1])
    sys.path[:] = _settings["path"]
    _make_packages(os.path.abspath(__file__).rsplit(os.sep, 3)[0])  # noqa: PTH100
    from grader.sandbox.child import forking

    forking.main(_settings)
