"""
Divide a file into sections, for courses in which two exercises ask for functions of one name.

A section begins with a section line, `# exercise: ID`: any line of a .py file, the first line of a notebook's cell. Bytes are
matched line by line; nothing is decoded or parsed as Python.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import replace
from pathlib import PurePath

from grader.sandbox.wire.plan import Source

_LONGEST_LINE = 200  # bytes of a line that may be a section line
_LONGEST_IMPORT = 4096

_LINE = re.compile(rb"[ \t]*#[ \t]*exercise:[ \t]*([a-z][a-z0-9_]*)[ \t]*\r?\n?", re.ASCII)
# Students also write `#Exercise : Tanh-Layer`. It may as well be a comment, so it counts for known ids only.
_LOOSE_LINE = re.compile(rb"[ \t]*#+[ \t]*exercise[ \t]*:[ \t]*([a-z][\w-]*(?: [\w-]+)*)[ \t]*(\r?\n?)", re.ASCII | re.IGNORECASE)
# An import at the margin, on one line: it counts in every section, since in the student's own notebook it does.
_NAMED = rb"[\w.]+(?:[ \t]+as[ \t]+\w+)?"
_LIST = rb"%b(?:[ \t]*,[ \t]*%b)*" % (_NAMED, _NAMED)
_IMPORT = re.compile(
    rb"(?:import[ \t]+%b|from[ \t]+(?!__future__)[\w.]+[ \t]+import[ \t]+(?:\*|%b))[ \t]*(?:#.*)?\r?\n?" % (_LIST, _LIST),
    re.ASCII,
)


def exercises_named(source: Source) -> Iterator[str]:
    """Yield the exercises that the section lines of a file name, in order."""
    for cell in source.cells:
        yield from _named_in(cell, source.is_notebook)


def with_corrected_lines(source: Source, exercises: Collection[str]) -> Source:
    """Correct section lines that differ from these exercises in capitals, blanks or hyphens only."""
    if not any(b"exercise" in cell.lower() for cell in source.cells):
        return source
    cells = (
        b"".join(_corrected(line, exercises) if b"#" in line else line for line in cell.splitlines(keepends=True))
        for cell in source.cells
    )
    return replace(source, cells=tuple(cells))


def only_section(source: Source, exercise: str, known: Collection[str]) -> Source:
    """
    Empty the sections of other known exercises, but for their imports.

    Lines and cells that do not count become empty ones, so that line and cell numbers in messages stay right.
    """
    named = {one for one in exercises_named(source) if one in known}
    is_named_after_it = PurePath(source.name).stem == exercise
    if not named or (is_named_after_it and exercise not in named):  # then `# exercise: one` is a comment
        return source
    counts = True
    cells = []
    for cell in source.cells:
        if source.is_notebook:
            if named.intersection(opened := _named_in(cell, is_notebook=True)):
                counts = opened[0] == exercise
            cells.append(cell if counts else _imports(cell))
            continue
        lines = []
        for line in cell.splitlines(keepends=True):
            if b"exercise:" in line and (one := _named_by(line)) in named:
                counts = one == exercise
            lines.append(line if counts or _is_import(line) else b"\n")
        cells.append(b"".join(lines))
    return replace(source, cells=tuple(cells))


def _named_in(cell: bytes, is_notebook: bool) -> list[str]:
    if b"exercise:" not in cell:
        return []
    lines = cell.lstrip().splitlines()[:1] if is_notebook else cell.splitlines()
    return [one for line in lines if b"exercise:" in line and (one := _named_by(line))]


def _named_by(line: bytes) -> str:
    """Return the exercise that a section line names; nothing for any other line."""
    match = _LINE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
    return match[1].decode() if match else ""


def _corrected(line: bytes, exercises: Collection[str]) -> bytes:
    match = _LOOSE_LINE.fullmatch(line) if len(line) <= _LONGEST_LINE else None
    id = re.sub("[ -]+", "_", match[1].decode().lower()) if match else ""
    return b"# exercise: %b%b" % (id.encode(), match[2]) if match and id in exercises else line


def _imports(cell: bytes) -> bytes:
    """Keep the imports of a cell, each on its line; return nothing where there are none."""
    lines = [line if _is_import(line) else b"\n" for line in cell.splitlines(keepends=True)]
    return b"".join(lines) if any(line.strip() for line in lines) else b""


def _is_import(line: bytes) -> bool:
    is_likely = line.startswith((b"import", b"from")) and len(line) <= _LONGEST_IMPORT
    return is_likely and _IMPORT.fullmatch(line) is not None
