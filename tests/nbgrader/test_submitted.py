"""What a student handed in is read without trust: modules, cells, times."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("nbgrader")

from nbgrader_class import Course

from grader.nbgrader.submitted import modules_beside, student_code, submitted_at

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's own


def test_no_module_comes_through_a_link_and_no_more_than_grade_looks_at(course: Course) -> None:
    """The nearest to the notebook come first; a folder that is a link is left alone."""
    folder = course.hand_in("s01").parent
    (folder / "a").mkdir()
    for name in (*(f"a/m{n:02}.py" for n in range(60)), "b.py"):
        (folder / name).write_text("x = 1")
    (folder / "link").symlink_to(course.root)
    names = [file.path for file in modules_beside(course.api().coursedir, "s01", "tanh_layer")]
    assert (50, "b.py", "a/m00.py", False) == (len(names), names[-1], names[-2], any("link" in name for name in names))


def test_checks_become_empty_so_that_cells_keep_their_numbers() -> None:
    """Grade cells and copies of checks hold no student code; empty cells at the end go."""
    check = {"cell_type": "code", "source": "check()", "metadata": {"nbgrader": {"grade": True, "solution": False}}}
    copied = {"cell_type": "code", "source": " check() ", "metadata": {}}
    own = {"cell_type": "code", "source": ["x = 1\n", "y = 2"], "metadata": {}}
    text = {"cell_type": "markdown", "source": "words"}
    assert ["", "", "x = 1\ny = 2"] == student_code([check, text, copied, own, check], {"check()"})


@pytest.mark.parametrize("text", [None, "yesterday", "2026-11-20 10:00:00 UTC" + " " * 300], ids=["none", "no time", "long"])
def test_a_time_that_cannot_be_read_is_unknown(text: str | None, tmp_path: Path) -> None:
    """No file, no time in it, or more than a time."""
    if text is not None:
        (tmp_path / "timestamp.txt").write_text(text)
    assert submitted_at(tmp_path) is None
