"""
nbgrader's course cycle with this package's exercises and sandbox: building, grading, parallel autograding.

Importing this package imports neither nbgrader nor NumPy: students' notebooks and every start of nbgrader do it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.nbgrader.student_check import public_check

__all__ = ["configure", "public_check"]

_STEPS = {
    "autograde_preprocessors": (
        "nbgrader.preprocessors.Execute",
        "nbgrader.preprocessors.IgnorePattern",
        "nbconvert.preprocessors.ClearMetadataPreprocessor",
        "nbgrader.preprocessors.LimitOutput",
        "nbgrader.preprocessors.SaveAutoGrades",
        "nbgrader.preprocessors.AssignLatePenalties",
        "nbgrader.preprocessors.CheckCellMetadata",
    ),
    "sanitize_preprocessors": (
        "nbgrader.preprocessors.ClearOutput",
        "nbgrader.preprocessors.DeduplicateIds",
        "nbgrader.preprocessors.OverwriteKernelspec",
        "nbgrader.preprocessors.OverwriteCells",
        "nbgrader.preprocessors.CheckCellMetadata",
    ),
}
_OURS = {"Execute": "SandboxedExecute", "SaveAutoGrades": "SaveSandboxedGrades"}
_MODULE = "grader.nbgrader.preprocessors"


def configure(c: Any) -> None:
    """
    Have a course grade in the sandbox: write `configure(c)` as the last line of its `nbgrader_config.py`.

    Two of nbgrader's steps are replaced by ours, and one of ours is put before the others; the rest of a list that the course
    has set itself stays. Notebooks that `grader nbgrader build` did not make are graded by nbgrader as before.
    """
    for name, steps in _STEPS.items():
        chosen = c.Autograde.get(name, steps)
        if hasattr(chosen, "get_value"):  # the course appends to a list that it has not set: c.Autograde.NAME.append(...)
            chosen = chosen.get_value(list(steps))
        replaced: list[Any] = [_replaced(step) for step in chosen]
        first = f"{_MODULE}.RepairCells"
        if name == "sanitize_preprocessors" and first not in replaced:
            replaced.insert(0, first)
        c.Autograde[name] = replaced
    if "exporter_class" not in c.Autograde:
        c.Autograde.exporter_class = f"{_MODULE}.SandboxedExporter"


def _replaced(step: Any) -> Any:
    """Return our step in the place of a step of nbgrader's that it replaces, else the step."""
    name = step if isinstance(step, str) else f"{step.__module__}.{step.__qualname__}"
    is_theirs = name.startswith("nbgrader.preprocessors.")
    ours = _OURS.get(name.rpartition(".")[2])
    return f"{_MODULE}.{ours}" if is_theirs and ours else step


def __getattr__(name: str) -> Any:
    if name == "public_check":
        from grader.nbgrader.student_check import public_check

        return public_check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
