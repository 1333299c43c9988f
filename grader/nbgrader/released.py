"""Read the cells of a released notebook from nbgrader's database: the one place that a student cannot edit."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from nbgrader.api import Gradebook, MissingEntry  # type: ignore[import-untyped]

from grader.nbgrader.cells import IMPORT


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasedCell:
    """A cell of a released notebook."""

    metadata: Mapping[str, Any]
    source: str
    cell_type: str

    @property
    def is_graded_code(self) -> bool:
        """Whether nbgrader takes points from what this cell returns."""
        return bool(self.metadata["grade"]) and self.cell_type == "code"

    @property
    def is_check(self) -> bool:
        """Whether this is a grade cell that `grader nbgrader build` made."""
        return IMPORT in self.source


def read_released(names: Mapping[str, Any]) -> dict[str, ReleasedCell] | None:
    """Read the cells of the notebook that nbgrader's resources name; None where the database has no such notebook."""
    with Gradebook(names["db_url"]) as gradebook:
        try:
            notebook = gradebook.find_notebook(names["notebook"], names["assignment"])
        except MissingEntry:
            return None
        return dict(_cells_of(notebook))


def _cells_of(notebook: Any) -> Iterator[tuple[str, ReleasedCell]]:
    grades = {cell.name: cell.max_score for cell in notebook.grade_cells}
    tasks = {cell.name: cell.max_score for cell in notebook.task_cells}
    solutions = {cell.name for cell in notebook.solution_cells}
    points = {**grades, **tasks}
    for cell in notebook.source_cells:
        metadata = {
            "grade": cell.name in grades,
            "grade_id": cell.name,
            "locked": cell.locked,
            "schema_version": 3,
            "solution": cell.name in solutions,
            "task": cell.name in tasks,
            "checksum": cell.checksum,
            "cell_type": cell.cell_type,
            **({"points": points[cell.name]} if cell.name in points else {}),
        }
        yield cell.name, ReleasedCell(metadata=metadata, source=cell.source or "", cell_type=cell.cell_type)
