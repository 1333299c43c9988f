"""What crosses between grader and child. Imported by both sides, imports neither."""
