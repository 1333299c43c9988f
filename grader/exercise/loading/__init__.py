"""
Load exercises and assignments from YAML: every fault of a file at once, with its line, what is wrong and what to do.

The public names are imported when they are first used: who loads an exercise does not wait for assignments, nor for dumping.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from grader.exercise.loading.assignment_file import load_assignment
    from grader.exercise.loading.dumping import dump, dump_assignment, dump_for_students
    from grader.exercise.loading.exercise_file import load_exercise, parse_exercise

_HOMES = {
    "dump": "dumping",
    "dump_assignment": "dumping",
    "dump_for_students": "dumping",
    "load_assignment": "assignment_file",
    "load_exercise": "exercise_file",
    "parse_exercise": "exercise_file",
}

__all__ = ["dump", "dump_assignment", "dump_for_students", "load_assignment", "load_exercise", "parse_exercise"]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
