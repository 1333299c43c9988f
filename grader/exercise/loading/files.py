"""Read the text of a file, or say why that is not possible."""

from __future__ import annotations

import codecs
from pathlib import Path

from grader.errors import ExerciseError, Fault
from grader.exercise.loading.tree import MAX_BYTES


def read_text(path: Path) -> str:
    """Read a small UTF-8 file. Raises ExerciseError."""
    try:
        if path.is_dir():
            raise _error(path, "It is a folder, not a file.", "Name a file in it.")
        if path.exists() and not path.is_file():
            raise _error(path, "It is not a regular file.", "Name a file with YAML text.")
        size = path.stat().st_size
        if size > MAX_BYTES:
            what = f"It holds {size / 2**20:.1f} MiB; at most {MAX_BYTES // 1024} KiB are read."
            raise _error(path, what, "An exercise is a page of text: is this the right file?")
        data = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise _error(path, "There is no such file.", "Check the path; `grader list` names the exercises.") from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise _error(
            path, f"It cannot be read: {getattr(error, 'strerror', None) or error}.", "Check the path and its permissions."
        ) from None
    return _decoded(data, path)


def _decoded(data: bytes, path: Path) -> str:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise _error(path, "It is UTF-16 text.", "Save it as UTF-8.")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        what = f"It is not UTF-8: the byte 0x{data[error.start]:02x} in line {line}."
        raise ExerciseError(Fault(f"{path}:{line}", what, "Save it as UTF-8.")) from None


def _error(path: Path, what: str, remedy: str) -> ExerciseError:
    return ExerciseError(Fault(str(path), what, remedy))
