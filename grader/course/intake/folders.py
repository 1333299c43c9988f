"""List the files of a folder without following links."""

from __future__ import annotations

import io
import os
import stat
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course.intake.files import MAX_DEPTH, File, Tree, is_junk, reason_of, with_fault
from grader.course.intake.names import shown
from grader.errors import Fault, SubmissionError

MAX_ENTRIES = 500_000  # files and folders below the given folder: a class of thousands, and their results beside it


@dataclass(frozen=True, slots=True)
class _FolderHome:
    root: Path

    def read(self, key: str, limit: int) -> bytes:
        """Open the file folder by folder from the root, never through a link."""
        try:
            with _open_regular(self.root, key.split("/")) as file:
                return file.read(limit)
        except (OSError, ValueError) as error:
            raise SubmissionError(Fault(shown(key), f"It cannot be read: {reason_of(error)}.")) from None


def _open_regular(root: Path, parts: list[str]) -> io.BufferedReader:
    no_follow = getattr(os, "O_NOFOLLOW", 0)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | no_follow
    if os.open in os.supports_dir_fd:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts[:-1]:
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | no_follow, dir_fd=folder)
                os.close(folder)
                folder = below
            descriptor = os.open(parts[-1], flags, dir_fd=folder)
        finally:
            os.close(folder)
    else:
        descriptor = os.open(root.joinpath(*parts), flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is not a regular file")
    return open(descriptor, "rb")  # noqa: PTH123 - the descriptor is what was with_fault, not the path


def folder_tree(root: Path) -> Tree:
    """List the files below a folder. Raises SubmissionError when it cannot be read or holds too many."""
    home = _FolderHome(root)
    files: list[File] = []
    folders: list[str] = []
    try:
        top = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError as error:
        raise SubmissionError(Fault(str(root), f"The folder cannot be read: {reason_of(error)}.", "May you read it?")) from None
    for entry in top:
        for found, is_folder in _walk(entry, entry.name, home, depth=1):
            if is_folder:
                folders.append(found.path)
            else:
                files.append(found)
            if len(files) + len(folders) > MAX_ENTRIES:
                raise SubmissionError(too_many(root, files))
    return Tree(files=tuple(files), folders=tuple(folders))


def too_many(root: Path, files: list[File]) -> Fault:
    """Return the fault of a place with too many files. It is not known yet whose they are: none is left out silently."""
    where, count = Counter("/".join(file.path.split("/")[:2]) for file in files).most_common(1)[0]
    what = f"There are more than {MAX_ENTRIES} files and folders here; {count} of them are in {shown(where)}."
    return Fault(str(root), what, "Name the folder that holds the submissions only, or take out what is none.")


def _walk(entry: os.DirEntry[str], path: str, home: _FolderHome, *, depth: int) -> Iterator[tuple[File, bool]]:
    """Yield the entry and everything below it; the second value tells whether it is a folder."""
    if is_junk(entry.name):
        return
    file = File(path=path, size=0, modified=0.0, home=home, key=path)
    try:
        status = entry.stat(follow_symlinks=False)
        file = replace(file, size=status.st_size, modified=status.st_mtime)
        if not stat.S_ISDIR(status.st_mode):
            yield with_fault(file, status.st_mode), False
            return
        if depth >= MAX_DEPTH:
            yield replace(file, fault=f"it lies more than {MAX_DEPTH} folders deep."), False
            return
        below = sorted(os.scandir(entry.path), key=lambda item: item.name)
    except OSError as error:
        yield replace(file, fault=f"it cannot be read: {reason_of(error)}."), False
        return
    yield file, True
    for item in below:
        yield from _walk(item, f"{path}/{item.name}", home, depth=depth + 1)
