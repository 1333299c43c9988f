"""
Name the likely mistake behind wrong numbers, or say nothing.

One family of mistakes a file: what a student making the mistake returns, the sentence that names it, and examples of what the
family names and what it must not name. `diagnose` holds the families in the order in which they are tried.
"""
