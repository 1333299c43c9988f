"""Read a file that was handed in as a submission: sources as bytes, never decoded, parsed as Python or run here."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from grader.errors import Fault, SubmissionError
from grader.judging.notebooks import MAX_CODE_BYTES, MAX_NOTEBOOK_BYTES, Budget, NotebookError, code_cells
from grader.judging.sections import exercises_named, only_section, with_corrected_lines
from grader.sandbox.wire.plan import Source

_WHICH = "Name the file you want checked."


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """
    What one student handed in. `name` is what messages call it.

    `known` are the exercises that a section line may name, where they are known: one that names another is a comment.
    """

    student: str | None
    sources: tuple[Source, ...]
    name: str = "submission"
    known: frozenset[str] = frozenset()

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], student: str | None = None) -> Submission:
        """Read one .py or .ipynb file. Raises SubmissionError when it cannot be opened, is too large, or holds no code."""
        path = Path(path)
        data = read_regular_file(path)
        if not data.strip():
            raise SubmissionError(Fault(str(path), "The file is empty.", "Save your work, then check again."))
        submission = cls.from_bytes({path.name: data}, student=student, name=str(path))
        if not any(cell.strip() for source in submission.sources for cell in source.cells):
            raise SubmissionError(Fault(str(path), "The notebook has no code.", "Write your functions in code cells."))
        return submission

    @classmethod
    def from_bytes(
        cls, files: Mapping[str, bytes], student: str | None = None, name: str = "", budget: Budget | None = None
    ) -> Submission:
        """Take files by name. Raises SubmissionError for one that is too large, or a notebook that cannot be read."""
        sources = tuple(_source(filename, data, budget) for filename, data in files.items())
        return cls(student=student, sources=sources, name=name or ", ".join(files))

    @property
    def sha256(self) -> str:
        """The fingerprint of the code that was handed in; a notebook's outputs and text do not count."""
        digest = hashlib.sha256()
        for source in self.sources:
            for piece in (source.name.encode(errors="surrogateescape"), *source.cells):
                digest.update(len(piece).to_bytes(8, "little") + piece)
        return digest.hexdigest()

    @property
    def sections(self) -> tuple[str, ...]:
        """The exercises that have a section of their own."""
        named = dict.fromkeys(one for source in self.sources for one in exercises_named(source))
        return tuple(one for one in named if not self.known or one in self.known)

    def with_known(self, exercises: Collection[str]) -> Submission:
        """Take section lines of other exercises than these for comments."""
        return replace(self, known=frozenset(exercises))

    def with_corrected_lines(self, exercises: Collection[str]) -> Submission:
        """Correct section lines that differ from these exercises in capitals, blanks or hyphens only."""
        return replace(self, sources=tuple(with_corrected_lines(source, exercises) for source in self.sources))

    def part(self, exercise: str) -> Submission:
        """
        Return what counts for one exercise: the lines before the first section of each file, and the exercise's own sections.

        Where nobody said which exercises there are, other section lines count only beside one of this exercise.
        """
        named = set(self.sections)
        named = named if self.known or exercise in named else set()
        return replace(self, sources=tuple(only_section(source, exercise, named) for source in self.sources))


def read_regular_file(path: Path) -> bytes:
    """
    Read a regular file of bounded size.

    Raises SubmissionError for anything else: a directory, a pipe (opened without waiting for its other end), a device.
    """
    limit = MAX_NOTEBOOK_BYTES if path.suffix.lower() == ".ipynb" else MAX_CODE_BYTES
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise _cannot_open(path, error) from None
    try:
        mode = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(mode):
            what = "This is a folder" if stat.S_ISDIR(mode) else "This is not a regular file"
            raise SubmissionError(Fault(str(path), f"{what}, not a .py or .ipynb file.", _WHICH))
        # The descriptor is read, not the path again: it is what was checked.
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise _cannot_open(path, error) from None
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise _too_large(str(path), limit)
    return data


def _cannot_open(path: Path, error: OSError | ValueError) -> SubmissionError:
    if path.is_dir():  # Windows refuses to open a folder at all
        return SubmissionError(Fault(str(path), "This is a folder, not a .py or .ipynb file.", _WHICH))
    reason = getattr(error, "strerror", None) or str(error)
    remedy = "Is the name right, and may you read it?"
    return SubmissionError(Fault(str(path), f"The file cannot be opened: {reason}.", remedy))


def _too_large(name: str, limit: int) -> SubmissionError:
    remedy = "Hand in code only; clear a notebook's outputs before you save it."
    return SubmissionError(Fault(name, f"The file is larger than {limit >> 20} MiB.", remedy))


def _source(name: str, data: bytes, budget: Budget | None) -> Source:
    if name.startswith("<"):  # Python names code from no file so, and tracebacks leave that out as not the student's
        name = f"./{name}"
    if not name.lower().endswith(".ipynb"):
        if len(data) > MAX_CODE_BYTES:
            raise _too_large(name, MAX_CODE_BYTES)
        return Source(name=name, cells=(data,))
    if len(data) > MAX_NOTEBOOK_BYTES:
        raise _too_large(name, MAX_NOTEBOOK_BYTES)
    return Source(name=name, cells=_code_of(name, data, budget), is_notebook=True)


def _code_of(name: str, data: bytes, budget: Budget | None) -> tuple[bytes, ...]:
    try:
        return tuple(cell.data for cell in code_cells(data, budget))
    except NotebookError as error:
        raise SubmissionError(Fault(name, error.what, error.remedy)) from None
