"""What `pytest --fast` leaves out, which is `make test-fast`: what takes long for what it tells while one writes."""

from __future__ import annotations

SLOW = {
    "audit": "audits whole exercises",
    "benchmarks": "no tests",
    "cli/test_demo.py": "grades the demo's class",
    "course/pages/test_pages.py": "a browser",
    "course/results/test_database.py": "PostgreSQL",
    "course/test_hostile_files.py": "archives that want all memory",
    "course/test_rescore.py": "grades one class in many ways",
    "course/workers/test_cluster.py": "a Dask cluster",
    "course/workers/test_processes.py": "worker processes, killed and started anew",
    "exercise/test_exercise_package.py": "builds and installs a package",
    "judging/test_judge.py": "answers that have to be waited for",
    "judging/test_notebooks.py": "notebooks that want all memory",
    "nbgrader": "nbgrader's own commands",
    "reference/test_tolerance.py": "many ways to write each of many answers",
    "reference/test_prepare.py": "many keys are made",
    "reference/test_properties.py": "random wrong answers",
    "reference/test_records.py": "every public key is made anew",
    "reference/test_sizes.py": "many keys are made",
    "reference/torch/test_cross_checks.py": "derivatives in several modes",
    "reference/torch/test_symbolic.py": "exact arithmetic",
    "sandbox/host": "limits that have to be waited for",
    "sandbox/test_endings.py": "boxes that are killed at many moments",
    "sandbox/test_hostile.py": "every attack, in two boxes",
    "sandbox/test_walls.py": "boxes of every kind",
    "test_docs.py": "every session of the documents",
    "test_gradescope.py": "what Gradescope's container runs",
    "test_grading_page.py": "every session of the instructor's page",
    "test_wheel.py": "builds and installs the package",
}
