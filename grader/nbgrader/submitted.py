"""Read what a student handed in, as it lies in nbgrader's folders: code cells, modules, links, the time."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.course.intake.entries import MAX_SOURCES
from grader.course.intake.files import Readable
from grader.course.intake.trees import tree_of
from grader.errors import Fault, SubmissionError
from grader.judging.notebooks import NotebookError, code_cells
from grader.judging.submission import read_regular_file

if TYPE_CHECKING:
    from grader.nbgrader.cells import GeneratedCell

_LONGEST_TIME = 200  # bytes of a time and the blanks around it


def cells_of(name: str, data: bytes) -> list[Mapping[str, Any]]:
    """
    Return the code cells of a notebook's bytes in the form of nbformat, with the fields that `student_code` reads.

    Raises SubmissionError when they cannot be read.
    """
    try:
        found = code_cells(data, with_nbgrader=True)
    except NotebookError as error:
        raise SubmissionError(Fault(name, error.what, error.remedy)) from None
    return [{"cell_type": "code", "source": cell.source, "metadata": {"nbgrader": cell.nbgrader}} for cell in found]


def student_code(notebook_cells: Iterable[Any], checks: Container[str]) -> list[str]:
    """
    Return the code cells in order; grade cells and copies of our `checks` become empty: cell numbers in messages stay right.

    Raises TypeError, KeyError or AttributeError when the cells are not as nbformat has them.
    """
    code = []
    for cell in notebook_cells:
        if cell["cell_type"] != "code":
            continue
        source = cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])
        ours = cell.get("metadata", {}).get("nbgrader")
        tests = isinstance(ours, dict) and ours.get("grade") is True and ours.get("solution") is not True
        code.append("" if tests or source.strip() in checks else source)
    while code and not code[-1].strip():  # such as grade cells that were put back at the end
        code.pop()
    return code


@dataclass(frozen=True, slots=True, kw_only=True)
class _InstructorFile:
    """A file that the instructor gave; where it is a link, the file that nbgrader copies."""

    root: Path
    path: str

    @property
    def name(self) -> str:
        """Return the name without folders."""
        return self.path.rpartition("/")[2]

    def read(self) -> bytes:
        """Read the bytes. Raises SubmissionError when it is no regular file."""
        return read_regular_file(self.root / self.path)


def modules_beside(coursedir: Any, student: str, assignment: str) -> tuple[Readable, ...]:
    """
    Find the student's modules and the instructor's, which nbgrader puts in the place of files with the same path.

    A student has as many as `grader grade` looks at, those nearest to the notebook, never through a link. Modules in folders come
    first: where an import may mean two of them, the last counts. Raises SubmissionError when a folder cannot be read.
    """
    submitted = Path(coursedir.format_path(coursedir.submitted_directory, student, assignment))
    source = Path(coursedir.format_path(coursedir.source_directory, ".", assignment))
    files = (file for file in tree_of(submitted).files if file.suffix == ".py")
    beside: dict[str, Readable] = {file.path: file for file in sorted(files, key=_depth)[:MAX_SOURCES]}
    names = (path.relative_to(source).as_posix() for path in source.rglob("*.py"))
    beside |= {path: _InstructorFile(root=source, path=path) for path in names}
    return tuple(sorted(beside.values(), key=_depth, reverse=True))


def _depth(file: Readable) -> tuple[int, str]:
    return file.path.count("/"), file.path


def refuse_links(folder: Path) -> None:
    """
    Raise SubmissionError for a symbolic link in a submission.

    The file that it leads to would come into the sandbox, where student code could print it: the seed, or another's answers.
    """
    if link := next((path for path in sorted(folder.rglob("*")) if path.is_symlink()), None):
        remedy = "Put the file itself in its place, or remove the link."
        raise SubmissionError(Fault(str(link), f"{link.name} is a symbolic link", remedy))


def submitted_at(folder: Path) -> datetime | None:
    """Read the time that the exchange wrote into a submission; None where there is none that can be read."""
    from nbgrader.utils import parse_utc  # type: ignore[import-untyped]

    try:  # a pipe has no end, and may have any name
        written = read_regular_file(folder / "timestamp.txt")
        at: datetime = parse_utc(written[:_LONGEST_TIME].decode().strip() if len(written) <= _LONGEST_TIME else "")
    except Exception:  # dateutil raises errors of many kinds
        return None
    return at.replace(tzinfo=UTC)


def is_blank(path: Path) -> bool:
    """Whether a small file holds nothing but blanks; a large one is not read."""
    return path.stat().st_size <= _LONGEST_TIME and not path.read_bytes().strip()


def checks_of(cells: Iterable[GeneratedCell]) -> frozenset[str]:
    """Return the sources of the grade cells among these."""
    return frozenset(cell.source for cell in cells if cell.role == "grade")
