"""
nbgrader's course cycle with this package's exercises and sandbox: building, grading, parallel autograding.

Importing this package imports neither nbgrader nor NumPy: students' notebooks and every start of nbgrader do it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from grader.nbgrader.checking import public_check

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
    Have a course grade in the sandbox: the last line of its `nbgrader_config.py`, `configure(c)`.

    Of nbgrader's own steps two are replaced and one is put before the others; lists that the course has set itself stay
    as they are otherwise. Notebooks that `grader nbgrader build` did not make are graded as ever.
    """
    for name, steps in _STEPS.items():
        chosen = c.Autograde.get(name, steps)
        if hasattr(chosen, "get_value"):  # what the course adds to a list that it has not set: c.Autograde.NAME.append(...)
            chosen = chosen.get_value(list(steps))
        replaced: list[Any] = [_replaced(step) for step in chosen]
        first = f"{_MODULE}.RepairCells"
        if name == "sanitize_preprocessors" and first not in replaced:
            replaced.insert(0, first)
        c.Autograde[name] = replaced
    if "exporter_class" not in c.Autograde:
        c.Autograde.exporter_class = f"{_MODULE}.SandboxedExporter"


def _replaced(step: Any) -> Any:
    """The step, or ours in its place."""
    name = step if isinstance(step, str) else f"{step.__module__}.{step.__qualname__}"
    is_theirs = name.startswith("nbgrader.preprocessors.")
    ours = _OURS.get(name.rpartition(".")[2])
    return f"{_MODULE}.{ours}" if is_theirs and ours else step


def __getattr__(name: str) -> Any:
    if name == "public_check":
        from grader.nbgrader.checking import public_check

        return public_check
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
