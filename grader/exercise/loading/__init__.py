"""Load exercises and assignments from YAML: every fault of a file at once, with its line, what is wrong and what to do."""

from __future__ import annotations

from grader.exercise.loading.assignment_file import load_assignment
from grader.exercise.loading.dump import dump, dump_assignment, dump_for_students
from grader.exercise.loading.exercise_file import load_exercise, parse_exercise

__all__ = ["dump", "dump_assignment", "dump_for_students", "load_assignment", "load_exercise", "parse_exercise"]
