"""What a run of nbgrader opens, it closes with the run."""

from __future__ import annotations

import pytest

pytest.importorskip("nbgrader")

from nbgrader_class import Course

from grader.course.workers.grading import SandboxWorker

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's own


def test_the_sandbox_ends_when_the_formgraders_button_returns(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a server that goes on for days, nothing of ours stays open between two buttons."""
    opened: list[SandboxWorker] = []
    closed: list[SandboxWorker] = []
    start, close = SandboxWorker.__init__, SandboxWorker.close

    def noted_start(worker: SandboxWorker, isolation: str, *, ahead: bool = False) -> None:
        opened.append(worker)
        start(worker, isolation, ahead=ahead)  # type: ignore[arg-type]  # a level, as nbgrader's configuration has it

    def noted_close(worker: SandboxWorker) -> None:
        closed.append(worker)
        close(worker)

    monkeypatch.setattr(SandboxWorker, "__init__", noted_start)
    monkeypatch.setattr(SandboxWorker, "close", noted_close)
    api = course.api()
    for student in ("s01", "s02"):
        course.hand_in(student)
        assert api.autograde("tanh_layer", student)["success"]
    assert (2, opened) == (len(opened), closed)
