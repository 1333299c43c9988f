"""
A file that was handed in -> Submission: sources as bytes, never decoded, parsed as Python or run here.

`# exercise: ID` lines divide a file into parts, for courses in which two exercises ask for functions of one name.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from grader.errors import Fault, SubmissionError
from grader.judging.notebooks import MAX_CODE_BYTES, MAX_NOTEBOOK_BYTES, Budget, NotebookError, code_cells
from grader.sandbox.wire.plan import Source

_LONGEST_MARK = 200  # bytes of a line that is looked at as one
_LONGEST_IMPORT = 4096

_WHICH = "Name the file you want checked."
_MARK = re.compile(rb"[ \t]*#[ \t]*exercise:[ \t]*([a-z][a-z0-9_]*)[ \t]*\r?\n?", re.ASCII)
# A mark as students write it, too: `#Exercise : Tanh-Layer`. It may as well be a comment, so it counts for known ids only.
_LOOSE_MARK = re.compile(rb"[ \t]*#+[ \t]*exercise[ \t]*:[ \t]*([a-z][\w-]*(?: [\w-]+)*)[ \t]*(\r?\n?)", re.ASCII | re.IGNORECASE)
# An import at the margin, on one line: it counts in every part, since in the student's own notebook it does.
_NAMED = rb"[\w.]+(?:[ \t]+as[ \t]+\w+)?"
_LIST = rb"%b(?:[ \t]*,[ \t]*%b)*" % (_NAMED, _NAMED)
_IMPORT = re.compile(
    rb"(?:import[ \t]+%b|from[ \t]+(?!__future__)[\w.]+[ \t]+import[ \t]+(?:\*|%b))[ \t]*(?:#.*)?\r?\n?" % (_LIST, _LIST),
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """
    What one student handed in. `name` is what messages call it.

    `known` are the exercises that a mark may name, where they are known: a line like the mark of another is a comment.
    """

    student: str | None
    sources: tuple[Source, ...]
    name: str = "submission"
    known: frozenset[str] = frozenset()

    @classmethod
    def from_file(cls, path: str | os.PathLike[str], student: str | None = None) -> Submission:
        """One .py or .ipynb file. Raises SubmissionError when it cannot be opened, is too large, or holds no code."""
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
        """Files by name. Raises SubmissionError for one that is too large, or a notebook that cannot be read."""
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
    def marks(self) -> tuple[str, ...]:
        """The exercises that have a part of their own."""
        marks = (mark for source in self.sources for cell in source.cells for mark in _marks(cell, source.is_notebook))
        return tuple(dict.fromkeys(mark for mark in marks if not self.known or mark in self.known))

    def among(self, exercises: Collection[str]) -> Submission:
        """The same with marks of these exercises only."""
        return replace(self, known=frozenset(exercises))

    def with_marks_of(self, exercises: Collection[str]) -> Submission:
        """The same with marks of these exercises put right that differ in capitals, blanks or hyphens only."""
        return replace(self, sources=tuple(_marked(source, exercises) for source in self.sources))

    def part(self, exercise: str) -> Submission:
        """
        What counts for one exercise: what stands before the first mark of each file, and the exercise's own parts.

        Where nobody said which exercises there are, other marks count only beside one of this exercise.
        """
        marks = set(self.marks)
        marks = marks if self.known or exercise in marks else set()
        return replace(self, sources=tuple(_part(source, exercise, marks) for source in self.sources))


def read_regular_file(path: Path) -> bytes:
    """
    The bytes of a regular file of bounded size.

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
    if name.startswith("<"):  # Python calls so what lies in no file, and what lies in no file is not the student's
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


def _marks(cell: bytes, is_notebook: bool) -> list[str]:
    """The ids of the marks in a cell: every line of a .py file, the first line of a notebook's cell."""
    if b"exercise:" not in cell:
        return []
    lines = cell.lstrip().splitlines()[:1] if is_notebook else cell.splitlines()
    return [mark for line in lines if b"exercise:" in line and (mark := _mark(line))]


def _mark(line: bytes) -> str:
    """The exercise that a line marks; nothing where it is no mark."""
    match = _MARK.fullmatch(line) if len(line) <= _LONGEST_MARK else None
    return match[1].decode() if match else ""


def _is_import(line: bytes) -> bool:
    is_likely = line.startswith((b"import", b"from")) and len(line) <= _LONGEST_IMPORT
    return is_likely and _IMPORT.fullmatch(line) is not None


def _marked(source: Source, exercises: Collection[str]) -> Source:
    if not any(b"exercise" in cell.lower() for cell in source.cells):
        return source
    cells = (
        b"".join(_put_right(line, exercises) if b"#" in line else line for line in cell.splitlines(keepends=True))
        for cell in source.cells
    )
    return replace(source, cells=tuple(cells))


def _put_right(line: bytes, exercises: Collection[str]) -> bytes:
    match = _LOOSE_MARK.fullmatch(line) if len(line) <= _LONGEST_MARK else None
    id = re.sub("[ -]+", "_", match[1].decode().lower()) if match else ""
    return b"# exercise: %b%b" % (id.encode(), match[2]) if match and id in exercises else line


def _part(source: Source, exercise: str, known: Collection[str]) -> Source:
    """
    The source with the parts of other known exercises emptied, but for their imports.

    Lines and cells that do not count become empty ones, so that line and cell numbers in messages stay right.
    """
    marks = {mark for cell in source.cells for mark in _marks(cell, source.is_notebook) if mark in known}
    is_named_after_it = PurePath(source.name).stem == exercise
    if not marks or (is_named_after_it and exercise not in marks):  # then `# exercise: one` is a comment
        return source
    counts = True
    cells = []
    for cell in source.cells:
        if source.is_notebook:
            if marks.intersection(opened := _marks(cell, is_notebook=True)):
                counts = opened[0] == exercise
            cells.append(cell if counts else _imports(cell))
            continue
        lines = []
        for line in cell.splitlines(keepends=True):
            if b"exercise:" in line and (mark := _mark(line)) in marks:
                counts = mark == exercise
            lines.append(line if counts or _is_import(line) else b"\n")
        cells.append(b"".join(lines))
    return replace(source, cells=tuple(cells))


def _imports(cell: bytes) -> bytes:
    """The imports of a cell, each on its line; nothing where there are none."""
    lines = [line if _is_import(line) else b"\n" for line in cell.splitlines(keepends=True)]
    return b"".join(lines) if any(line.strip() for line in lines) else b""
