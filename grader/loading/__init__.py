"""YAML -> Exercise, Assignment: every fault of a file at once, each with its line, what is wrong and what to do."""

from __future__ import annotations

from grader.loading.assignment_file import load_assignment
from grader.loading.dump import dump, dump_assignment, dump_for_students
from grader.loading.exercise_file import load_exercise, parse_exercise

__all__ = ["dump", "dump_assignment", "dump_for_students", "load_assignment", "load_exercise", "parse_exercise"]
