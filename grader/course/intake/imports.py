"""Find the modules that a student's code imports. Code is searched, never parsed or run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from grader.course.intake.contents import Contents
from grader.course.intake.files import MAX_DEPTH, Readable
from grader.errors import SubmissionError
from grader.judging.submission import Submission

_NAMED = r"\w[\w.]*+(?:\s++as\s++\w++)?+"
_LIST = rf"[\s\\(]++({_NAMED}(?:[\s\\]*+,[\s\\]*+{_NAMED})*+)"
# `import a.b, c as d`, `from .a import b`, `from . import (a, b)`; \ and ( count as blanks. Nothing is tried twice (`*+`): the
# time for a list of a megabyte is in proportion to its length, and it takes no memory.
_IMPORTED = re.compile(rf"\b(?:from[\s.\\]++(?!import\b)(\w[\w.]*+)(?:[\s\\]++import{_LIST})?+|import{_LIST})")
_IN_LIST = re.compile(r"(\w[\w.]*+)(?:\s++as\s++\w++)?+[\s\\,]*+")
_LONGEST_MODULE = 512  # characters of a name with the packages that it is in
_DEEPEST_MODULE = MAX_DEPTH + 1


def add_imported(
    files: dict[str, bytes],
    siblings: Sequence[Readable],
    left_out: dict[str, str] | None = None,
    contents: Contents | None = None,
) -> None:
    """
    Add the modules that these files import, and those that these import in turn.

    A module that cannot be read raises SubmissionError, or goes to `left_out` with the reason.
    """
    contents = contents or Contents()
    modules: dict[str, tuple[str, Readable]] = {}
    for file in siblings:
        for name in spellings_of(file) if file.name not in files else ():
            modules[dotted(name)] = name, file
    look_at = list(files)
    while look_at and modules:
        at = look_at.pop()
        package = at.rpartition("/")[0].replace("/", ".")
        for imported in modules_imported_by(at, files[at]):
            if (found := modules.get(f"{package}.{imported}") or modules.get(imported)) is None:
                continue
            name, file = found
            modules = {key: (other, beside) for key, (other, beside) in modules.items() if beside is not file}
            try:
                files[name] = contents.code(file)
            except SubmissionError as error:
                if left_out is None:
                    raise
                left_out[name] = error.faults[0].what
            else:
                look_at.append(name)


def spellings_of(file: Readable) -> Iterator[str]:
    """Yield the names by which a module may be imported: `maths.py`, and `utils/maths.py` where it lies in such a folder."""
    parts = file.path.split("/")
    yield from ("/".join(parts[place:]) for place in reversed(range(len(parts))))


def dotted(name: str) -> str:
    """Return the name by which Python imports a file: `utils.maths` for `utils/maths.py`."""
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def modules_imported_by(name: str, data: bytes) -> Iterator[str]:
    """
    Yield the modules that a file's imports may mean, and the packages around them; none for a notebook that cannot be read.

    `from a.b import c` gives a, a.b and a.b.c.
    """
    with suppress(SubmissionError):
        for source in Submission.from_bytes({name: data}).sources:
            for cell in source.cells:
                for found in _IMPORTED.finditer(cell.decode("utf-8", "replace")):
                    package = _parts(found[1]) if found[1] else []
                    if found[1] and not package:
                        continue
                    yield from (".".join(package[:end]) for end in range(1, len(package) + 1))
                    for one in _IN_LIST.finditer(found[2] or found[3] or ""):
                        module = [*package, *_parts(one[1])]
                        yield from (".".join(module[:end]) for end in range(len(package) + 1, len(module) + 1))


def _parts(module: str) -> list[str]:
    """Return a module's packages and its name; nothing for a name that is too long or too deep for any file."""
    if len(module) > _LONGEST_MODULE or module.count(".") >= _DEEPEST_MODULE:
        return []
    return module.split(".")
