"""
The rows of `list`, remembered from one run to the next.

Reading a catalogue of twenty exercises takes longer than starting Python; most files have not changed since the last time.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from grader.errors import GraderError
from grader.files import cache_folder, write_whole
from grader.version import VERSION

MAX_REMEMBERED = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedExercise:
    """One exercise in the list."""

    id: str
    title: str
    points: float
    kinds: tuple[str, ...]
    path: str


def rows(files: Iterable[tuple[str, Path]]) -> tuple[tuple[ListedExercise, ...], tuple[GraderError, ...]]:
    """Return the rows of exercise files, and the faults of those that cannot be loaded."""
    remembered = _remembered()
    found: list[ListedExercise] = []
    faults: list[GraderError] = []
    news = {}
    for name, path in files:
        key = str(path.resolve())
        row = _unchanged(remembered.get(key), path)
        if row is None:
            try:
                row = _read(path)
            except GraderError as error:
                faults.append(error)
                continue
            news[key] = [*_stamp(path), asdict(row)]
        found.append(replace(row, id=name, path=str(path)))
    if news:
        _remember({**remembered, **news})
    return tuple(found), tuple(faults)


def _unchanged(remembered: Any, path: Path) -> ListedExercise | None:
    """Return the row that was read from a file before; None when it has changed since, or was never read."""
    try:
        *stamp, row = remembered
        return ListedExercise(**{**row, "kinds": tuple(row["kinds"])}) if stamp == _stamp(path) else None
    except (TypeError, ValueError, KeyError):
        return None


def _read(path: Path) -> ListedExercise:
    from grader.exercise.loading import load_exercise

    exercise = load_exercise(path)
    kinds = tuple(dict.fromkeys(type(target.kind).__name__.lower() for _, target in exercise.targets()))
    return ListedExercise(id=exercise.id, title=exercise.title, points=exercise.points, kinds=kinds, path=str(path))


def _stamp(path: Path) -> list[int]:
    """Return numbers that change when a file does."""
    try:
        facts = path.stat()
    except OSError:
        return []
    return [facts.st_mtime_ns, facts.st_size]


def _remembered() -> dict[str, Any]:
    """Return the rows that this version read before; none where the file is torn or not ours."""
    try:
        data = json.loads((cache_folder() / "list.json").read_text(encoding="utf-8"))
        return dict(data["files"]) if data["version"] == VERSION else {}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _remember(files: dict[str, Any]) -> None:
    """Write the rows whole or not at all; a folder that cannot be written costs time, nothing else."""
    newest = dict(list(files.items())[-MAX_REMEMBERED:])
    with contextlib.suppress(OSError):
        write_whole(cache_folder() / "list.json", json.dumps({"version": VERSION, "files": newest}).encode())
