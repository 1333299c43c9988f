"""Load an assignment file: exercises that are handed in together, with what it overrides already applied."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast, get_args

from grader.errors import ExerciseError, Fault
from grader.exercise.assignment import Assignment, Feedback, ShownCases
from grader.exercise.loading.exercise_file import CHOICES, load_exercise, read_limits, read_schema, read_top
from grader.exercise.loading.faults import Faults, listed, suggestion
from grader.exercise.loading.files import read_text
from grader.exercise.loading.late_rule import read_late_rule
from grader.exercise.loading.overrides import read_overrides
from grader.exercise.loading.reading import as_choice, as_fields, as_items, as_text, entries, in_range
from grader.exercise.loading.targets import MAX_POINTS
from grader.exercise.loading.yaml_nodes import YamlMapping, YamlNode, YamlScalar
from grader.exercise.model import Exercise

if TYPE_CHECKING:
    from grader.exercise.assignment import Override

_LIST_REMEDY = "Write ids, or paths relative to this file: `exercises: [tanh_layer, chain_rule]`."
_OVERRIDES_REMEDY = "Write the path of a CSV file, relative to this file: `overrides: overrides.csv`."
_OVERRIDING = ("arrays", "numerical", "points", "limits")
FEEDBACK: tuple[Feedback, ...] = get_args(Feedback)
SHOWN_CASES: tuple[ShownCases, ...] = get_args(ShownCases)
_DUE_REMEDY = "Write day, time and zone, as 2026-10-01T23:59:00+02:00."


def load_assignment(path: str | Path, find: Callable[[str], Path]) -> Assignment:
    """
    Load the assignment of a file. `find` returns the file of an exercise's id, and raises ExerciseError for an unknown one.

    Raises ExerciseError with every fault of this file and of the exercises' files.
    """
    path = Path(path)
    faults = Faults(str(path))
    fields = read_top(read_text(path), faults, "assignment")
    if fields is None:
        raise faults.error()
    found = entries(
        fields,
        "",
        faults,
        required=("schema", "title", "exercises"),
        optional=(*_OVERRIDING, "due", "feedback", "late", "overrides"),
    )
    read_schema(found, faults)
    title = as_text(found["title"], "title", faults, is_line=True) if "title" in found else None
    due = _time(found["due"], "due", faults) if "due" in found else None
    feedback, shown_cases = _feedback(found["feedback"], faults) if "feedback" in found else (None, None)
    late = read_late_rule(found["late"], path, _time, faults) if "late" in found else None
    if "late" in found and "due" not in found:
        faults.add(found["late"].line, "late: the assignment has no due time.", f"Add the key due. {_DUE_REMEDY}")
    others: list[Fault] = []
    exercises = _exercises(found["exercises"], path, find, faults, others) if "exercises" in found else {}
    exercises = _overridden(exercises, found, faults)
    overrides = _overrides(found["overrides"], path, exercises, faults, others) if "overrides" in found else ()
    if faults or others:
        raise ExerciseError(*(faults.error().faults if faults else ()), *others)
    return Assignment(
        id=path.stem,
        title=title or "",
        exercises=tuple(exercises.values()),
        due=due,
        feedback=cast("Feedback", feedback or FEEDBACK[0]),
        shown_cases=cast("ShownCases", shown_cases or SHOWN_CASES[0]),
        late=late,
        overrides=overrides,
        path=str(path),
    )


def _feedback(node: YamlNode, faults: Faults) -> tuple[str | None, str | None]:
    """Read a level of feedback, or `{level: ..., cases: ...}`."""
    if not isinstance(node, YamlMapping):
        return as_choice(node, "feedback", FEEDBACK, faults), None
    found = entries(node, "feedback", faults, required=(), optional=("level", "cases"))
    level = as_choice(found["level"], "feedback.level", FEEDBACK, faults) if "level" in found else None
    cases = as_choice(found["cases"], "feedback.cases", SHOWN_CASES, faults) if "cases" in found else None
    return level, cases


def _overrides(
    node: YamlNode, path: Path, exercises: Mapping[str, Exercise], faults: Faults, others: list[Fault]
) -> tuple[Override, ...]:
    name = as_text(node, "overrides", faults, remedy=_OVERRIDES_REMEDY, is_line=True)
    return read_overrides(path.parent / name, exercises, others) if name else ()


def _exercises(
    node: YamlNode, path: Path, find: Callable[[str], Path], faults: Faults, others: list[Fault]
) -> dict[str, Exercise]:
    """Load the exercises by id; faults of their own files are added to `others`."""
    items = as_items(node, "exercises", faults, remedy=_LIST_REMEDY)
    if items == ():
        faults.add(node.line, "exercises is empty.", _LIST_REMEDY)
    exercises: dict[str, Exercise] = {}
    for number, item in enumerate(items or (), 1):
        name = as_text(item, f"exercises, number {number}", faults)
        where = _where(name, item, path, find, faults) if name else None
        if where is None:
            continue
        if where.stem in exercises:
            faults.add(item.line, f"`{where.stem}` is listed twice.", "Keep one of them.")
            continue
        try:
            exercises[where.stem] = load_exercise(where)
        except ExerciseError as error:
            others.extend(error.faults)
    return exercises


def _where(name: str, item: YamlNode, path: Path, find: Callable[[str], Path], faults: Faults) -> Path | None:
    if "/" in name or "\\" in name or name.endswith((".yaml", ".yml")):
        where = path.parent / name.replace("\\", "/")
        if not where.is_file():
            faults.add(item.line, f"There is no file {where}.", "Paths are relative to the assignment's file.")
            return None
        return where
    try:
        return find(name)
    except ExerciseError as error:
        for fault in error.faults:
            faults.add(item.line, fault.what, fault.remedy)
        return None


def _time(node: YamlNode, place: str, faults: Faults) -> datetime | None:
    text = node.text if isinstance(node, YamlScalar) else ""
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        faults.add(node.line, f'{place} is "{text}", which is no time.' if text else f"{place} is not a time.", _DUE_REMEDY)
        return None
    if time.tzinfo is None:
        faults.add(node.line, f"{place} is {text}, without a zone.", _DUE_REMEDY)
        return None
    return time


def _overridden(exercises: Mapping[str, Exercise], found: Mapping[str, YamlNode], faults: Faults) -> dict[str, Exercise]:
    """Apply what the assignment overrides to its exercises."""
    changes: dict[str, Any] = {}
    for name in ("arrays", "numerical"):
        if name in found:
            changes[name] = as_choice(found[name], name, CHOICES[name], faults)
    points = _points(found["points"], exercises, faults) if "points" in found else {}
    overridden = {}
    for id, exercise in exercises.items():
        limits = read_limits(found["limits"], "limits", faults, exercise.limits) if "limits" in found else exercise.limits
        overridden[id] = rescaled(replace(exercise, limits=limits, **changes), points.get(id, exercise.points))
    return overridden


def _points(node: YamlNode, exercises: Mapping[str, Exercise], faults: Faults) -> dict[str, float]:
    fields = as_fields(node, "points", faults, remedy="Write exercises and their points: {tanh_layer: 5}.") or YamlMapping((), 0)
    points: dict[str, float] = {}
    for key, value in fields:
        total = in_range(value, f"points.{key.text}", faults, low=0, high=MAX_POINTS, above=True)
        if key.text not in exercises:
            remedy = f"Exercises here: {listed(exercises)}. {suggestion(key.text, exercises)}".strip()
            faults.add(key.line, f"points: `{key.text}` is not an exercise of this assignment.", remedy)
        elif total is not None:
            points[key.text] = float(total)
    return points


def rescaled(exercise: Exercise, total: float) -> Exercise:
    """Return the exercise with `total` points, shared among its targets as before."""
    if total == exercise.points:
        return exercise
    factor = total / exercise.points
    tasks = tuple(
        replace(task, targets=tuple(replace(target, points=target.points * factor) for target in task.targets))
        for task in exercise.tasks
    )
    return replace(exercise, tasks=tasks)
