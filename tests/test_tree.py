"""The tests lie as the package lies: who changes a module finds its tests by its name."""

from __future__ import annotations

import pytest
from places import ROOT, TESTS
from slow import SLOW

PACKAGE = ROOT / "grader"

# Where modules without a test file of their name are tested: a folder of the package, files of tests, and why they are together.
TESTED_TOGETHER: dict[str, tuple[tuple[str, ...], str]] = {
    "": (("test_lock.py", "test_wheel.py"), "`errors` and `version` do nothing by themselves"),
    "audit": (("audit/test_audit.py",), "an audit as its command reports it"),
    "cli": (
        ("cli/test_cli.py", "cli/test_regrade.py", "cli/test_results.py", "test_gradescope.py", "test_handout.py"),
        "commands are a few lines around what they call; help and faults are alike for all",
    ),
    "course/intake": (("course/intake/test_collect.py", "course/intake/test_roster.py"), "a folder as it is taken in"),
    "course/intake/layouts": (("course/intake/test_layouts.py",), "what one layout takes, another must refuse"),
    "course/pages": (("course/pages/test_class_report.py", "course/pages/test_pages.py"), "parts of one page"),
    "course/results": (("course/results/test_database.py", "course/test_grade.py"), "results as a run leaves them"),
    "course/workers": (
        ("course/workers/test_processes.py", "course/workers/test_cluster.py"),
        "workers as a class is graded by them",
    ),
    "exercise": (("exercise/loading/test_exercise_file.py",), "the types that loading makes"),
    "exercise/formula": (
        ("exercise/formula/test_parsing.py", "exercise/formula/test_shapes.py"),
        "each example of a function is parsed, and its shape is NumPy's",
    ),
    "exercise/loading": (("exercise/loading/test_faults.py", "exercise/loading/test_tree.py"), "what all readers of a file use"),
    "export": (("export/test_export.py",), "one class, exported for every system"),
    "judging": (("judging/test_one_case.py", "judging/test_public.py", "judging/test_scenarios.py"), "steps of one judgement"),
    "judging/diagnosis": (
        ("judging/diagnosis/test_families.py",),
        "which of many families names a wrong answer is the question",
    ),
    "nbgrader": (
        ("nbgrader/test_building.py", "nbgrader/test_recording.py", "nbgrader/test_preprocessors.py"),
        "a course is built, graded and read back by nbgrader itself",
    ),
    "reference": (("reference/test_store.py",), "the types of a key"),
    "reference/torch": (("reference/test_prepare.py", "reference/torch/test_functions.py"), "steps of one key"),
    "reference/torch/symbolic": (("reference/torch/test_symbolic.py",), "its numbers are compared with torch's"),
    "render": (("render/test_html.py", "render/test_terminal.py"), "words as a page or a terminal shows them"),
    "sandbox": (("sandbox/host/test_run.py",), "types of a job"),
    "sandbox/child": (("sandbox/test_hostile.py", "sandbox/test_walls.py"), "what holds a child holds it as a whole"),
    "sandbox/host": (
        ("sandbox/test_walls.py", "sandbox/test_endings.py", "sandbox/host/test_run.py"),
        "boxes as they are started and ended",
    ),
    "sandbox/wire": (("sandbox/wire/test_protocol.py",), "one protocol, whole messages"),
}


def untested() -> dict[str, list[str]]:
    """List the modules that have no test file of their name, by folder."""
    found: dict[str, list[str]] = {}
    for module in sorted(PACKAGE.rglob("*.py")):
        folder = module.parent.relative_to(PACKAGE)
        if not module.name.startswith("__") and not (TESTS / folder / f"test_{module.name}").exists():
            found.setdefault(folder.as_posix().removeprefix("."), []).append(module.stem)
    return found


def test_every_module_has_its_tests_or_a_folder_that_says_where_they_are() -> None:
    """Add a file for a new module, or a folder here."""
    assert {} == {folder: names for folder, names in untested().items() if folder not in TESTED_TOGETHER}


@pytest.mark.parametrize("folder", TESTED_TOGETHER)
def test_the_tests_of_a_folder_are_there(folder: str) -> None:
    """Each file that is named."""
    assert [] == [name for name in TESTED_TOGETHER[folder][0] if not (TESTS / name).is_file()]


def test_what_the_fast_run_leaves_out_is_there() -> None:
    """A file that was renamed would come back into it."""
    assert [] == [name for name in SLOW if not (TESTS / name).exists()]
