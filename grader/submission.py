"""
A file that was handed in -> Submission: sources as bytes, never decoded, parsed as Python or run here.

`# exercise: ID` lines divide a file into parts, for courses in which two exercises ask for functions of one name.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any

from grader.errors import Fault, SubmissionError
from grader.trial import Source

MAX_CODE_BYTES = 1 << 20
MAX_NOTEBOOK_BYTES = 32 << 20  # with the pictures that its outputs hold
MAX_CELLS = 20_000

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
    def from_bytes(cls, files: Mapping[str, bytes], student: str | None = None, name: str = "") -> Submission:
        """Files by name. Raises SubmissionError for one that is too large, or a notebook that cannot be read."""
        sources = tuple(_source(filename, data) for filename, data in files.items())
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


def _source(name: str, data: bytes) -> Source:
    if name.startswith("<"):  # Python calls so what lies in no file, and what lies in no file is not the student's
        name = f"./{name}"
    if not name.lower().endswith(".ipynb"):
        if len(data) > MAX_CODE_BYTES:
            raise _too_large(name, MAX_CODE_BYTES)
        return Source(name=name, cells=(data,))
    if len(data) > MAX_NOTEBOOK_BYTES:
        raise _too_large(name, MAX_NOTEBOOK_BYTES)
    cells = _code_cells(name, data)
    if sum(map(len, cells)) > MAX_CODE_BYTES:
        raise SubmissionError(
            Fault(name, f"The notebook holds more than {MAX_CODE_BYTES >> 20} MiB of code.", "Hand in your own code only.")
        )
    return Source(name=name, cells=cells, is_notebook=True)


def _code_cells(name: str, data: bytes) -> tuple[bytes, ...]:
    """The code of a notebook of nbformat 3 or 4. nbformat itself is not used here: importing it takes seconds."""
    try:
        notebook = json.loads(data)
    except (ValueError, RecursionError):
        raise SubmissionError(Fault(name, "This is not a notebook: it is not JSON.", "Save it as .ipynb from Jupyter.")) from None
    try:
        cells = _cells_of(notebook)
        code = [_text(cell.get("source", cell.get("input", ""))) for cell in cells if cell.get("cell_type") == "code"]
    except (TypeError, AttributeError, KeyError):
        raise SubmissionError(
            Fault(name, "This is JSON, but not a notebook: it has no list of cells.", "Save it as .ipynb from Jupyter.")
        ) from None
    if len(code) > MAX_CELLS:
        raise SubmissionError(Fault(name, f"The notebook has more than {MAX_CELLS} code cells.", "Hand in your own cells only."))
    return tuple(text.encode("utf-8", errors="surrogatepass") for text in code)


def _cells_of(notebook: Any) -> list[dict[str, Any]]:
    if "worksheets" in notebook:  # nbformat 3 and older
        return [cell for sheet in notebook["worksheets"] for cell in sheet["cells"]]
    return list(notebook["cells"])


def _text(source: Any) -> str:
    if isinstance(source, str):
        return source
    return "".join(source)  # TypeError when it is not a list of texts


def _marks(cell: bytes, is_notebook: bool) -> list[str]:
    """The ids of the marks in a cell: every line of a .py file, the first line of a notebook's cell."""
    if b"exercise:" not in cell:
        return []
    lines = cell.lstrip().splitlines()[:1] if is_notebook else cell.splitlines()
    return [match[1].decode() for line in lines if (match := _MARK.fullmatch(line))]


def _marked(source: Source, exercises: Collection[str]) -> Source:
    if not any(b"exercise" in cell.lower() for cell in source.cells):
        return source
    cells = (b"".join(_put_right(line, exercises) for line in cell.splitlines(keepends=True)) for cell in source.cells)
    return replace(source, cells=tuple(cells))


def _put_right(line: bytes, exercises: Collection[str]) -> bytes:
    match = _LOOSE_MARK.fullmatch(line)
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
            if (match := _MARK.fullmatch(line)) and (mark := match[1].decode()) in marks:
                counts = mark == exercise
            lines.append(line if counts or _IMPORT.fullmatch(line) else b"\n")
        cells.append(b"".join(lines))
    return replace(source, cells=tuple(cells))


def _imports(cell: bytes) -> bytes:
    """The imports of a cell, each on its line; nothing where there are none."""
    lines = [line if _IMPORT.fullmatch(line) else b"\n" for line in cell.splitlines(keepends=True)]
    return b"".join(lines) if any(line.strip() for line in lines) else b""
