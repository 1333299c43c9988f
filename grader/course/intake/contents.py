"""Read the code in one student's files: each file once, and no more than a bounded size in all."""

from __future__ import annotations

from grader.course.intake.files import Readable
from grader.errors import Fault, SubmissionError
from grader.judging.notebooks import Budget, NotebookError, bare_notebook, code_cells

MAX_STUDENT_BYTES = 128 << 20  # all files of one student that are read, unpacked, with the outputs of notebooks
MAX_STUDENT_CODE = 8 << 20  # the code in them, which is kept while it is graded


class Contents:
    """The code in one student's files. Each file is read once, and files are read only while their size is within bounds."""

    def __init__(self) -> None:
        self._bytes_left = MAX_STUDENT_BYTES
        self._code_left = MAX_STUDENT_CODE
        self._budget = Budget()
        self._known: dict[Readable, bytes | tuple[Fault, ...]] = {}  # no error: its traceback would hold what was read

    def code(self, file: Readable) -> bytes:
        """
        Return the bytes of a file. A notebook comes back with its code only, so that its outputs are not kept.

        Raises SubmissionError when it cannot be read, or when there is too much beside it.
        """
        if file not in self._known:
            try:
                self._known[file] = self._read(file)
            except SubmissionError as error:
                self._known[file] = error.faults
        found = self._known[file]
        if isinstance(found, tuple):
            raise SubmissionError(*found)
        return found

    def _read(self, file: Readable) -> bytes:
        if self._bytes_left < 0:
            raise _too_much(file, f"larger than {MAX_STUDENT_BYTES >> 20} MiB")
        data = file.read()
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise _too_much(file, f"larger than {MAX_STUDENT_BYTES >> 20} MiB")
        if file.name.lower().endswith(".ipynb"):
            try:
                data = bare_notebook(cell.source for cell in code_cells(data, self._budget))
            except NotebookError as error:
                raise SubmissionError(Fault(file.name, error.what, error.remedy)) from None
        self._code_left -= len(data)
        if self._code_left < 0:
            raise _too_much(file, f"more than {MAX_STUDENT_CODE >> 20} MiB of code")
        return data


def _too_much(file: Readable, what: str) -> SubmissionError:
    return SubmissionError(
        Fault(file.path, f"It was not read: with the files before it, it is {what}.", "Hand in your own code.")
    )
