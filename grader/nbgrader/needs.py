"""nbgrader is an extra: say so where it is not installed, or is a version that this package does not know."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from grader.errors import Fault, GraderError
from grader.installed import install_command

OLDEST, BEFORE = (0, 9, 5), (0, 10)


def needs_nbgrader() -> None:
    """Raise GraderError unless a known version of nbgrader is installed, without importing it: that takes seconds."""
    try:
        found = version("nbgrader")
    except PackageNotFoundError:
        raise GraderError(Fault("", "nbgrader is not installed here.", _remedy())) from None
    numbers = tuple(int(part) for part in found.split(".")[:3] if part.isdigit())
    if not OLDEST <= numbers < BEFORE:
        what = f"nbgrader {found} is installed; this version of grader works with 0.9.5 and later ones before 0.10."
        raise GraderError(Fault("", what, _remedy()))


def _remedy() -> str:
    return f"Install it: {install_command('nbgrader')}"
