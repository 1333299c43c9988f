"""Read the table of points given by hand: `student,exercise,target,points,reason,by`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from grader.errors import Fault
from grader.exercise.assignment import Override
from grader.exercise.loading.faults import listed, suggestion

if TYPE_CHECKING:
    from grader.exercise.model import Exercise

COLUMNS = ("student", "exercise", "target", "points", "reason", "by")
NEEDED = ("student", "exercise", "points", "reason", "by")  # a target may be left out
MAX_BYTES = 8 << 20
MAX_POINTS = 1_000_000

Row = tuple[int, Mapping[str, str]]


def read_overrides(path: Path, exercises: Mapping[str, Exercise], faults: list[Fault]) -> tuple[Override, ...]:
    """Read the rows of the table; what is wrong with them is added to `faults`, each with its line."""
    overrides: list[Override] = []
    lines: dict[tuple[str, str, str], int] = {}
    for line, cells in _rows(path, faults):
        where = f"{path}:{line}"
        override = _override(where, cells, exercises, faults)
        if override is None:
            continue
        key = (override.student, override.exercise, override.target)
        for other in [other for other in lines if other[:2] == key[:2] and (other[2] == key[2] or not (other[2] and key[2]))]:
            what = f"{override.student} has points for {override.exercise} at line {lines[other]}, too."
            both = "" if other == key else " Points of a whole exercise and of one of its targets exclude each other."
            faults.append(Fault(where, what, f"Keep one of the two rows.{both}"))
        lines.setdefault(key, line)
        overrides.append(override)
    return tuple(overrides)


def _rows(path: Path, faults: list[Fault]) -> Iterator[Row]:
    from grader.csv_tables import CsvError, from_text, read_rows, separator_of  # not at the top: `grader list` needs no CSV

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        text = data.decode("utf-8-sig")
    except OSError as error:
        what = f"The table of overrides cannot be opened: {error.strerror}."
        faults.append(Fault(str(path), what, "Its path is relative to the assignment's file."))
        return
    except UnicodeDecodeError:
        faults.append(Fault(str(path), "It is not UTF-8 text.", "Save it as `CSV UTF-8`."))
        return
    if len(data) > MAX_BYTES:
        faults.append(Fault(str(path), "It is larger than 8 MiB.", "Name a table of points given by hand."))
        return
    try:
        for line, cells in _cells(path, read_rows(text, separator_of(text), strict=False), faults):
            yield line, {**cells, "student": from_text(cells["student"])}  # as grades.csv has it
    except CsvError as error:
        faults.append(Fault(f"{path}:{error.line}", f"It is not CSV: {error.reason}.", "Save it as CSV."))


def _cells(path: Path, rows: Iterator[tuple[int, list[str]]], faults: list[Fault]) -> Iterator[Row]:
    """Yield each row's cells by column, without the blanks around them."""
    _, first = next(rows, (1, []))
    header = [name.strip() for name in first]
    unknown = [name for name in header if name not in COLUMNS]
    missing = [name for name in NEEDED if name not in header]
    if unknown or missing:
        what = f"The column `{unknown[0]}` is not known." if unknown else f"The column `{missing[0]}` is missing."
        faults.append(Fault(f"{path}:1", what, f"Columns: {','.join(COLUMNS)}."))
        return
    for line, row in rows:
        found = dict(zip(header, map(str.strip, row), strict=False))
        cells = {name: found.get(name, "") for name in COLUMNS}
        if any(cells.values()):
            yield line, cells


def _override(where: str, cells: Mapping[str, str], exercises: Mapping[str, Exercise], faults: list[Fault]) -> Override | None:
    empty = [name for name in NEEDED if not cells[name]]
    if empty:
        remedy = "Students see who gave the points and why." if empty[0] in {"reason", "by"} else "Fill it in, or remove the row."
        faults.append(Fault(where, f"{empty[0]} is empty.", remedy))
        return None
    exercise = exercises.get(cells["exercise"])
    if exercise is None:
        remedy = f"Exercises here: {listed(exercises)}. {suggestion(cells['exercise'], exercises)}".strip()
        faults.append(Fault(where, f"`{cells['exercise']}` is not an exercise of this assignment.", remedy))
        return None
    targets = [target.name for _, target in exercise.targets()]
    if cells["target"] and targets.count(cells["target"]) != 1:
        count = "several targets" if cells["target"] in targets else "no target"
        what = f"{exercise.id} has {count} `{cells['target']}`."
        faults.append(Fault(where, what, f"Its targets: {listed(dict.fromkeys(targets))}; none means the whole exercise."))
        return None
    points = _points(cells["points"])
    if points is None:
        faults.append(Fault(where, f'points is "{cells["points"]}".', "Write a number from 0, as 2.5."))
        return None
    return Override(
        student=cells["student"],
        exercise=exercise.id,
        target=cells["target"],
        points=points,
        reason=cells["reason"],
        by=cells["by"],
    )


def _points(text: str) -> float | None:
    try:
        points = float(text)
    except ValueError:
        return None
    return points if math.isfinite(points) and 0 <= points <= MAX_POINTS else None
