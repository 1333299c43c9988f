"""Exercises of a course: found by grader, never run."""
