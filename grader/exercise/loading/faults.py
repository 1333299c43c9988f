"""Collect the faults of one file while it is read, and report them together in line order."""

from __future__ import annotations

from collections.abc import Iterable

from grader.errors import ExerciseError, Fault

MAX_REPORTED = 100  # faults of one file; more than that follow from the first


class Faults:
    """What is wrong with one file. Reading goes on after a fault, so that all of them are reported at once."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._found: dict[tuple[int, str], str] = {}  # the same fault of a line is reported once

    def add(self, line: int, what: str, remedy: str = "") -> None:
        """Note a fault at a line, counted from 1; line 0 is the file as a whole."""
        self._found.setdefault((line, what), remedy)

    def __bool__(self) -> bool:
        return bool(self._found)

    def error(self) -> ExerciseError:
        """Return all faults as one exception, in line order."""
        ordered = sorted(self._found.items(), key=lambda found: found[0][0])
        return ExerciseError(*(Fault(self._where(line), what, remedy) for (line, what), remedy in ordered[:MAX_REPORTED]))

    def _where(self, line: int) -> str:
        if not line:
            return self.path
        return f"{self.path}:{line}" if self.path else f"line {line}"


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that was probably meant."""
    from difflib import get_close_matches  # 8 ms, and only needed when something is wrong

    lowered = {other.lower(): other for other in known}
    close = [name.lower()] if name.lower() in lowered else get_close_matches(name.lower(), lowered, n=1)
    return lowered[close[0]] if close else None


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `Did you mean ...?` for a name that is close to a known one, else nothing."""
    meant = closest(name, known)
    return f"Did you mean `{meant}`?" if meant else ""


def listed(names: Iterable[str], otherwise: str = "none") -> str:
    """Join names by commas, for a sentence."""
    return ", ".join(names) or otherwise
