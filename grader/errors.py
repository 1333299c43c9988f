"""The package's errors: each says where, what is wrong, and what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fault:
    """
    One thing that is wrong, in words of the person who can mend it.

    `where` is `path:line`, a path, or a place inside a formula; `remedy` may have several lines.
    """

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        return head + "".join(f"\n    {line}" for line in self.remedy.splitlines())


class GraderError(Exception):
    """An error that the user can mend. `faults` holds every fault that was found, in reading order."""

    def __init__(self, *faults: Fault) -> None:
        super().__init__(*faults)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join(map(str, self.faults))


class ExerciseError(GraderError):
    """An exercise or assignment file is wrong: its author mends it."""


class SubmissionError(GraderError):
    """A submission cannot be opened at all: its student mends it."""


class SandboxError(GraderError):
    """This machine cannot run student code as asked: its administrator mends it."""


class ExportError(GraderError):
    """Results cannot be written in the form asked for."""
