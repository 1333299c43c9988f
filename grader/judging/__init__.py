"""One submission of one exercise: from files to verdicts, likely mistakes and points."""
