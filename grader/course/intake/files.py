"""
The files of a folder or a zip as they were handed in: listed without being opened, read with a cap.

Whatever is no regular file of bounded size inside the given place (links, pipes, devices, paths that leave an archive,
archives that unpack to far more than they are) keeps its name and gets a reason; nothing here aborts a batch.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field, replace
from typing import Protocol

from grader.course.intake.names import unreadable_name
from grader.errors import Fault, SubmissionError
from grader.judging.notebooks import MAX_CODE_BYTES, MAX_NOTEBOOK_BYTES

MAX_DEPTH = 8
MAX_FILES = 2000  # files of one student, and files in one zip of a student
_JUNK_FILES = {".ds_store", "thumbs.db", "desktop.ini"}
_JUNK_FOLDERS = {"__macosx", "__pycache__", ".ipynb_checkpoints", ".git", ".idea", ".vscode"}
_JUNK_FOLDERS |= {"venv", ".venv", "site-packages", "node_modules", ".pytest_cache", ".mypy_cache", ".ruff_cache"}


class Home(Protocol):
    """The folder or archive in which a file lies."""

    def read(self, key: str, limit: int) -> bytes:
        """Read at most `limit` bytes. Raises SubmissionError with the reason when they cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One thing that was handed in. `path` is for messages; `fault` says why it may not be opened."""

    path: str
    size: int
    modified: float  # seconds; an order, not a time of day: archives know no zone
    home: Home = field(repr=False)
    key: str = field(repr=False)  # its name there
    fault: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """`.py`, `.ipynb`, `.zip` ..., in lower case."""
        return os.path.splitext(self.name)[1].lower()  # noqa: PTH122 - a name, not a path of this machine

    def read(self) -> bytes:
        """Read the file. Raises SubmissionError when it may not be opened, cannot be read, or is larger than it said."""
        if self.fault:
            raise SubmissionError(Fault(self.path, f"It was not opened: {self.fault}"))
        limit = limit_of(self.suffix)
        data = self.home.read(self.key, limit + 1)
        if len(data) > limit:
            raise SubmissionError(Fault(self.path, f"It was not read: {too_large(limit)}"))
        return data


class Readable(Protocol):
    """A file of code. Equal ones hold the same bytes."""

    @property
    def name(self) -> str:
        """The name without folders."""

    @property
    def path(self) -> str:
        """The name with the folders that it lies in, as far as they are known."""

    def read(self) -> bytes:
        """Read the file. Raises SubmissionError when it cannot be read."""


NOT_ON_ROSTER = "It is graded under this name; nobody on the roster has it as an id, an email or a name of theirs alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """Something that was handed in and is not graded, with the reason; or a student whom the roster does not know."""

    path: str
    reason: str

    @property
    def is_graded(self) -> bool:
        """Whether it is a student who is graded, and only has no place on the roster."""
        return self.reason == NOT_ON_ROSTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What a folder or an archive holds: files in the order of their paths, and folders (some of them empty)."""

    files: tuple[File, ...]
    folders: tuple[str, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()


def with_fault(file: File, mode: int) -> File:
    """Find the fault of a file by its mode (0 where an archive knows none), its name and its size."""
    kind = stat.S_IFMT(mode)
    limit = limit_of(file.suffix)
    if kind == stat.S_IFLNK:
        fault = "it is a symbolic link: hand in the file itself."
    elif kind not in {0, stat.S_IFREG}:
        fault = "it is not a regular file."
    elif file.size > limit and file.suffix in {".py", ".ipynb", ".zip"}:
        fault = too_large(limit)
    else:
        fault = unreadable_name(file.path)
    return replace(file, fault=fault) if fault else file


def limit_of(suffix: str) -> int:
    """Return how many bytes a file with this suffix may have."""
    return MAX_NOTEBOOK_BYTES if suffix in {".ipynb", ".zip"} else MAX_CODE_BYTES


def too_large(limit: int) -> str:
    """Return the reason for a file above this limit."""
    return f"it is larger than {limit >> 20} MiB: hand in code only, and clear a notebook's outputs."


def is_junk(name: str) -> bool:
    """Return whether an operating system or a tool left this file or folder."""
    return name.lower() in _JUNK_FILES | _JUNK_FOLDERS or name.startswith("._") or name.endswith(".pyc")


def reason_of(error: BaseException) -> str:
    """Return what an error says, without its full stop."""
    return str(getattr(error, "strerror", None) or error or type(error).__name__).rstrip(".")
