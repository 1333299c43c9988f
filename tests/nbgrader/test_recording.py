"""A pool grades, nbgrader records: the same scores as plain autograde, resumed, incremental, with reasons in words."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.nbgrader.submitted import refuse_links
from grader.outcome import Report

pytest.importorskip("nbgrader")

import nbgrader_class
from nbgrader_class import CONFIGURATION, HALF_W, WRONG, B, Notebook, W, code

from grader.cli import cli
from grader.course.replay import replay
from grader.errors import GraderError
from grader.judging.judge import Judge
from grader.nbgrader import pool
from grader.nbgrader.recording import RecordingSummary, autograde

pytestmark = pytest.mark.filterwarnings("ignore")  # nbgrader's own


def run(course: nbgrader_class.Course, **options: Any) -> RecordingSummary:
    """Run `grader nbgrader autograde` with two workers."""
    return autograde(course.root, "tanh_layer", jobs=2, **options)


def test_the_marks_are_those_of_plain_autograde_and_of_the_formgraders_button(course: nbgrader_class.Course) -> None:
    """Three ways, one result."""
    course.hand_in("s01", HALF_W)
    course.hand_in("s02", WRONG, first=("1 / 0",))
    found = []
    run(course)
    found.append([course.marks("s01"), course.marks("s02")])
    shutil.rmtree(course.root / "autograded")
    for path in (course.root / "grading/tanh_layer").glob("state.sqlite*"):
        path.unlink()
    course.autograde()
    found.append([course.marks("s01"), course.marks("s02")])
    api = course.api()
    assert [True, True] == [api.autograde("tanh_layer", student)["success"] for student in ("s01", "s02")]
    found.append([course.marks("s01"), course.marks("s02")])
    assert [[{W: 1.0, B: 1.0}, {W: 0.0, B: 1.0}]] * 3 == found


def test_only_what_changed_is_graded_again(course: nbgrader_class.Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others are counted as unchanged, and nbgrader skips them as ever."""
    for student in ("s01", "s02"):
        course.hand_in(student)
    run(course)
    course.hand_in("s02", WRONG)
    _submit_later(course, "s02")
    graded: list[str] = []
    real = Judge.grade

    def noted(*arguments: Any, **more: Any) -> Report:
        graded.append(arguments[1].student)
        return real(*arguments, **more)

    monkeypatch.setattr(Judge, "grade", noted)
    summary = run(course)
    assert [1, ["s02"], 1, 1] == [len(graded), graded, summary.reused, summary.recorded]
    assert {W: 0.0, B: 1.0} == course.marks("s02")


def test_a_killed_run_goes_on(course: nbgrader_class.Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was graded before is not graded again."""
    for number in range(6):
        course.hand_in(f"s{number:02}", first=(f"x = {number}",))
    real = Judge.grade
    seen: list[str] = []

    def stop_after_three(*arguments: Any, **more: Any) -> Report:
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(arguments[1].student)
        return real(*arguments, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Judge, "grade", stop_after_three)
        with pytest.raises(KeyboardInterrupt):
            autograde(course.root, "tanh_layer", jobs=1)
    summary = run(course)
    assert summary.reused >= 2
    assert [6, 6] == [summary.reused + summary.graded, summary.recorded]


def test_progress_is_told_with_counts(course: nbgrader_class.Course) -> None:
    """While the pool grades and while nbgrader records."""
    for student in ("s01", "s02"):
        course.hand_in(student)
    told = []
    run(course, tell=lambda at: told.append((at.done, at.total)))
    assert [(1, 2), (2, 2)] * 2 == told


def test_a_submission_that_is_no_notebook_is_lost_alone(course: nbgrader_class.Course) -> None:
    """It is named with the reason; the others are graded."""
    course.hand_in("s01")
    course.hand_in_file("s02", "this is not JSON")
    summary = run(course)
    assert ("s02: tanh_layer.ipynb is not a notebook: it is not JSON; nothing of it is recorded.",) == summary.lost
    assert {W: 2.0, B: 1.0} == course.marks("s01")


HEAVY = '{"cells": [], "nbformat": 4, "nbformat_minor": 5, "metadata": {"x": [' + "[]," * 2_000_000 + "0]}}"


def test_a_notebook_that_is_too_much_to_open_is_lost_alone(course: nbgrader_class.Course) -> None:
    """Nbformat would build gigabytes of it in the process of the class; plain autograde does not open it, either."""
    course.hand_in("s01")
    course.hand_in_file("s02", HEAVY)
    what = "The notebook's cells or outputs hold more values than are read"
    assert (f"s02: {what}; nothing of it is recorded.",) == run(course).lost
    assert {W: 2.0, B: 1.0} == course.marks("s01")
    shutil.rmtree(course.root / "autograded")
    assert what in course.autograde(status=1)
    assert [True, False] == [(course.root / "autograded" / one / "tanh_layer").exists() for one in ("s01", "s02")]


@pytest.mark.parametrize("error", [MemoryError, RecursionError, AssertionError])
@pytest.mark.parametrize("name", ["cells_of", "modules_beside", "refuse_links"])
def test_whatever_is_raised_over_a_students_files_ends_that_student(
    error: type[AssertionError] | type[MemoryError] | type[RecursionError],
    name: str,
    course: nbgrader_class.Course,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pool leaves it to nbgrader's converter, and grades the others."""
    for student in ("s01", "s02", "s03"):
        course.hand_in(student)
    real, calls = getattr(pool, name), []

    def fail_once(*arguments: Any) -> object:
        calls.append(arguments)
        if len(calls) == 2:
            raise error("of these bytes")
        return real(*arguments)

    monkeypatch.setattr(pool, name, fail_once)
    assert 3 == run(course).recorded
    assert [{W: 2.0, B: 1.0}] * 3 == [course.marks(student) for student in ("s01", "s02", "s03")]


def _every_schema(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["metadata"].get("nbgrader", {}).update(schema_version=99)


@pytest.mark.parametrize(
    ("edit", "is_lost"),
    [
        (_every_schema, False),  # on which nbgrader stops, where it is left in
        (lambda notebook: notebook.update(cells=notebook["cells"] * 50), False),
        (lambda notebook: notebook.update(nbformat=1), True),
        (lambda notebook: notebook["cells"][-1].update(source="\ud800"), True),
        (lambda notebook: notebook["cells"][-1].update(metadata=[1]), True),
    ],
)
def test_no_notebook_stops_nbgrader(edit: Callable[[Notebook], object], is_lost: bool, course: nbgrader_class.Course) -> None:
    """Whatever nbformat, nbconvert and nbgrader raise over it: it is named, and the neighbours are graded."""
    course.hand_in("s01")
    course.hand_in("s02", edit=edit)
    course.hand_in("s03")
    assert is_lost == bool(run(course).lost)
    assert [{W: 2.0, B: 1.0}] * 2 == [course.marks(student) for student in ("s01", "s03")]


def test_more_code_than_a_notebook_may_hold_is_refused_and_not_kept(course: nbgrader_class.Course) -> None:
    """The same by the pool and by plain autograde; the neighbour is graded."""
    course.hand_in("s01")
    course.hand_in("s02", first=("#" * (1 << 20),))
    assert () == run(course).lost
    assert [{W: 2.0, B: 1.0}, {W: 0.0, B: 0.0}] == [course.marks("s01"), course.marks("s02")]
    target = course.report("s02")["targets"][0]
    assert ("refused", "tanh_layer.ipynb: The notebook holds more than 1 MiB of code.") == (target["status"], target["detail"])


@pytest.mark.parametrize("written", ["1" * 5_000_000, "2026-11-20 10:00:00 " + "x" * 300, "\0" * 300])
def test_a_time_without_end_is_no_time(written: str, course: nbgrader_class.Course) -> None:
    """It is not given to a parser of times, and named; the neighbour is graded."""
    course.hand_in("s01")
    path = course.hand_in("s02").with_name("timestamp.txt")
    path.write_text(written)
    assert ("s02: timestamp.txt holds no time that can be read; nothing of it is recorded.",) == run(course).lost
    assert {W: 2.0, B: 1.0} == course.marks("s01")


def test_a_notebook_of_another_name(course: nbgrader_class.Course) -> None:
    """Renamed by a browser, say: nothing counts, and it is said."""
    course.hand_in("s01")
    path = course.hand_in("s02")
    path.rename(path.with_name("tanh_layer (1).ipynb"))
    summary = run(course)
    assert ("s02: the files have no notebook with a name of the assignment's; nothing of it is recorded.",) == summary.lost
    assert ["missing"] * 2 == [target["status"] for target in course.report("s02")["targets"]]


def test_a_notebook_of_an_earlier_build_is_named(course: nbgrader_class.Course) -> None:
    """It was released, and the plan does not have it: until a person gave points."""
    path = course.root / "grading/tanh_layer/nbgrader.json"
    path.write_text(path.read_text().replace('"tanh_layer": [', '"another": ['))
    course.hand_in("s01")
    left = "s01: tanh_layer is of an earlier build and was not graded; a person has to look at it in the formgrader."
    assert [(left,), (left,)] == [run(course).lost, run(course).lost]
    with course.gradebook() as gradebook:
        for grade in gradebook.find_submission_notebook("tanh_layer", "tanh_layer", "s01").grades:
            grade.manual_score = 1.0
            grade.needs_manual_grade = False
        gradebook.db.commit()
    assert () == run(course).lost


def test_what_nbgrader_says_is_kept_in_a_file(course: nbgrader_class.Course, capfd: pytest.CaptureFixture[str]) -> None:
    """Tracebacks are not what a person reads; the summary names the file."""
    course.hand_in_file("s01", "this is not JSON")
    summary = run(course)
    assert summary.log is not None
    assert "Traceback" in summary.log.read_text(encoding="utf-8")
    assert "Traceback" not in capfd.readouterr().err
    course.hand_in("s01")
    assert None is run(course).log


def test_a_pipe_does_not_stop_the_class(course: nbgrader_class.Course) -> None:
    """It has no end; nbgrader would read on and on. A time that is none is said, too."""
    course.hand_in("s01")
    os.mkfifo(course.hand_in("s02").parent / "data.txt")
    (course.hand_in("s03").parent / "timestamp.txt").write_text("yesterday")
    (course.root / "submitted/s04/tanh_layer").mkdir(parents=True)
    summary = run(course)
    assert (
        "s02: data.txt is not a file that can be copied; nothing of it is recorded.",
        "s03: timestamp.txt holds no time that can be read; nothing of it is recorded.",
        "s04: there is no notebook in the submission; nothing of it is recorded.",
    ) == summary.lost
    assert [1, {W: 2.0, B: 1.0}] == [summary.recorded, course.marks("s01")]
    assert ["s01", "s02", "s03", "s04"] == [line.partition(",")[0] for line in course.grades().splitlines()[1:]]


def test_a_pipe_in_the_place_of_the_time_stops_nothing(course: nbgrader_class.Course) -> None:
    """Neither at the first hand-in nor after a good one, whose scores and time stay."""
    course.hand_in("s01")
    run(course)
    for student in ("s01", "s02"):
        time = course.hand_in(student, WRONG).parent / "timestamp.txt"
        time.unlink()
        os.mkfifo(time)
    summary = run(course)
    assert (
        "s01: timestamp.txt is not a file that can be copied; nothing of it is recorded.",
        "s02: timestamp.txt is not a file that can be copied; nothing of it is recorded.",
    ) == summary.lost
    assert [{W: 2.0, B: 1.0}, True] == [
        course.marks("s01"),
        (course.root / "autograded/s01/tanh_layer/tanh_layer.ipynb").exists(),
    ]


def test_a_link_that_leads_nowhere_is_not_a_notebook_that_was_not_handed_in(course: nbgrader_class.Course) -> None:
    """Nothing goes into the results, as the summary says."""
    path = course.hand_in("s01")
    path.unlink()
    path.symlink_to("nowhere")
    summary = run(course)
    assert ("s01: tanh_layer.ipynb is a symbolic link; nothing of it is recorded.",) == summary.lost
    assert "s01,,," in course.grades()


def test_a_folder_that_cannot_be_read_does_not_stop_the_class(
    course: nbgrader_class.Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is named, and the others are graded."""
    from grader.nbgrader import converter

    real = refuse_links

    def refuse(folder: Path) -> None:
        if folder.parent.name == "s01":
            raise PermissionError(13, "Permission denied")
        real(folder)

    monkeypatch.setattr(pool, "refuse_links", refuse)
    monkeypatch.setattr(converter, "refuse_links", refuse)
    for student in ("s01", "s02"):
        course.hand_in(student)
    (lost,) = run(course).lost
    assert lost.startswith("s01: the files could not be taken in by nbgrader (PermissionError")
    assert {W: 2.0, B: 1.0} == course.marks("s02")


def test_the_time_is_that_of_what_was_graded(course: nbgrader_class.Course) -> None:
    """A second hand-in that cannot be read changes neither scores nor time: a late rule would charge the first one."""
    course.hand_in("s01")
    run(course)
    course.hand_in_file("s01", "this is not JSON")
    _submit_later(course, "s01")
    run(course)
    assert "s01,3,3,2026-11-20T10:00:00+00:00" in course.grades()


def test_a_link_in_a_submission_is_not_followed(course: nbgrader_class.Course) -> None:
    """It could lead to the seed, which student code would then read, or to somebody else's answers."""
    course.hand_in("s01")
    (course.root / "secret.py").write_text("SEED = 7")
    (course.hand_in("s02", dY_dW="import secret; print(secret.SEED); return 0").parent / "secret.py").symlink_to(
        course.root / "secret.py"
    )
    (course.hand_in("s03").parent / "tanh_layer.ipynb").unlink()
    (course.root / "submitted/s03/tanh_layer/tanh_layer.ipynb").symlink_to(
        course.root / "submitted/s01/tanh_layer/tanh_layer.ipynb"
    )
    summary = run(course)
    assert (
        "s02: secret.py is a symbolic link; nothing of it is recorded.",
        "s03: tanh_layer.ipynb is a symbolic link; nothing of it is recorded.",
    ) == summary.lost
    assert [1, {W: 2.0, B: 1.0}] == [summary.recorded, course.marks("s01")]
    assert ["s01"] == sorted(path.name for path in (course.root / "grading/tanh_layer/reports").iterdir())


@pytest.mark.parametrize("edit", ["nbformat 3", "duplicate ids", "large output", "many cells"])
def test_odd_notebooks_are_graded(course: nbgrader_class.Course, edit: str) -> None:
    """Whatever an editor made of them."""
    course.hand_in("s01", edit=_EDITS[edit])
    summary = run(course)
    assert [(), {W: 2.0, B: 1.0}] == [summary.lost, course.marks("s01")]


def _as_v3(notebook: Notebook) -> None:
    cells = [
        {**cell, "input": cell["source"], "language": "python", "prompt_number": 1} if cell["cell_type"] == "code" else cell
        for cell in notebook["cells"]
    ]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell.pop("source")
            cell.pop("execution_count")
    notebook.clear()
    notebook |= {"metadata": {"name": ""}, "nbformat": 3, "nbformat_minor": 0, "worksheets": [{"cells": cells, "metadata": {}}]}


def _same_ids(notebook: Notebook) -> None:
    for cell in notebook["cells"]:
        cell["id"] = "same"


def _large_output(notebook: Notebook) -> None:
    text = {"output_type": "stream", "name": "stdout", "text": "x" * (20 << 20)}
    notebook["cells"].insert(2, {**code("x = 1"), "outputs": [text]})


def _many_cells(notebook: Notebook) -> None:
    notebook["cells"][2:2] = [code(f"x{number} = {number}") for number in range(2000)]


_EDITS = {"nbformat 3": _as_v3, "duplicate ids": _same_ids, "large output": _large_output, "many cells": _many_cells}


@pytest.mark.parametrize("student", ["o'neill", "s 01", "müller", "a+b", "x" * 100])
def test_students_with_odd_names(course: nbgrader_class.Course, student: str) -> None:
    """As folders allow them."""
    course.hand_in(student)
    run(course)
    assert {W: 2.0, B: 1.0} == course.marks(student)


# Seeds


def test_every_student_may_have_a_seed(course: nbgrader_class.Course) -> None:
    """Derived from the assignment's, recorded in the report, the same at every run."""
    path = course.root / "grading/tanh_layer/nbgrader.json"
    path.write_text(path.read_text().replace('"student_seeds": false', '"student_seeds": true'))
    for student in ("s01", "s02"):
        course.hand_in(student)
    run(course)
    first = [course.report(student)["seed"] for student in ("s01", "s02")]
    secret = json.loads((course.root / "grading/tanh_layer/state.json").read_text())["seed"]
    assert 3 == len({*first, secret})
    assert 2 == run(course).reused
    assert [{W: 2.0, B: 1.0}] * 2 == [course.marks("s01"), course.marks("s02")]


# The OUT folder


def test_the_folder_is_one_that_grade_leaves(course: nbgrader_class.Course) -> None:
    """Pages, tables for other systems and replays are made of it."""
    course.hand_in("s01", HALF_W)
    run(course)
    out = course.root / "grading/tanh_layer"
    for arguments in (["report", str(out)], ["export", str(out), "--format", "csv", "-o", str(course.root / "marks.csv")]):
        assert 0 == CliRunner().invoke(cli, arguments, standalone_mode=False).return_value
    exercise = nbgrader_class.assignment(course.root).exercises[0]
    found = replay(out, "s01", exercise)
    assert [(), 2.0] == [found.differences, found.replayed.score]
    assert "s01" in (out / "report.html").read_text(encoding="utf-8")
    assert "s01" in (course.root / "marks.csv").read_text()


def page(course: nbgrader_class.Course) -> str:
    """Return the page that `grader report` writes for s01."""
    out = course.root / "grading/tanh_layer"
    assert 0 == CliRunner().invoke(cli, ["report", str(out)], standalone_mode=False).return_value
    return (out / "feedback/s01.html").read_text(encoding="utf-8")


def configure(course: nbgrader_class.Course, feedback: str) -> None:
    """Configure what students see."""
    setting = f'c.SandboxedExecute.feedback = "{feedback}"\n'
    (course.root / "nbgrader_config.py").write_text(CONFIGURATION + setting)


@pytest.mark.parametrize("way", [run, lambda course: course.autograde()])
def test_a_page_shows_no_more_than_was_configured(
    course: nbgrader_class.Course, way: Callable[[nbgrader_class.Course], object]
) -> None:
    """`grader report` reads no configuration: the level is kept with what was graded."""
    course.hand_in("s01", HALF_W)
    configure(course, "hints")
    way(course)
    shown = page(course)
    assert [True, False] == ["That is ∂Z/∂W." in shown, "you returned" in shown]


def test_a_page_shows_more_only_when_nbgraders_notebook_does(course: nbgrader_class.Course) -> None:
    """Of what was graded before: less at once, more when it is recorded again."""
    course.hand_in("s01", HALF_W)
    run(course)
    assert "you returned" in page(course)
    shown = []
    for feedback, options in (("hints", {}), ("full", {}), ("full", {"force": True})):
        configure(course, feedback)
        run(course, **options)
        shown.append("you returned" in page(course))
    assert [False, False, True] == shown


def test_feedback_for_gradescope_shows_no_more_than_was_configured(course: nbgrader_class.Course) -> None:
    """As the pages."""
    course.hand_in("s01", HALF_W)
    configure(course, "hints")
    run(course)
    target = course.root / "made"
    arguments = ["export", str(course.root / "grading/tanh_layer"), "--format", "gradescope", "-o", str(target)]
    assert 0 == CliRunner().invoke(cli, arguments, standalone_mode=False).return_value
    output = json.loads((target / "s01.json").read_bytes())["tests"][0]["output"]
    assert [True, False] == ["That is ∂Z/∂W." in output, "you returned" in output]


# Marks of people


def test_manual_marks_and_penalties_are_read_back(course: nbgrader_class.Course) -> None:
    """Into the results that reports and exports are made of; the sandbox's points stay beside them."""
    course.hand_in("s01", HALF_W)
    run(course)
    with course.gradebook() as gradebook:
        grade = gradebook.find_grade(W, "tanh_layer", "tanh_layer", "s01")
        grade.manual_score, grade.extra_credit = 1.5, 0.25
        gradebook.find_submission_notebook("tanh_layer", "tanh_layer", "s01").late_submission_penalty = 0.5
        gradebook.db.commit()
    run(course)
    report = course.report("s01")
    assert "s01,2.25,2.25," in course.grades()
    assert [1.75, 1.0, 0.5] == [report["targets"][0]["score"], report["targets"][0]["auto_score"], report["late_penalty"]]
    run(course)
    assert report == course.report("s01")


def test_extra_credit_alone_grades_nothing(course: nbgrader_class.Course, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be graded is told until a person gives a score."""

    def broken(*arguments: object, **more: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(Judge, "grade", broken)
    course.hand_in("s01")
    run(course)
    with course.gradebook() as gradebook:
        gradebook.find_grade(W, "tanh_layer", "tanh_layer", "s01").extra_credit = 1.0
        gradebook.db.commit()
    assert ("s01: tanh_layer could not be graded; a person has to look at it in the formgrader.",) == run(course).lost
    assert [None, None] == [course.report("s01")["score"], course.report("s01")["targets"][0]["score"]]


def test_late_penalties_of_a_plugin_count(course: nbgrader_class.Course) -> None:
    """An extension point of nbgrader."""
    (course.root / "late.py").write_text(
        "from nbgrader.plugins import LateSubmissionPlugin\n\n\nclass Half(LateSubmissionPlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n        return 0.5\n"
    )
    (course.root / "nbgrader_config.py").write_text(CONFIGURATION + "c.AssignLatePenalties.plugin_class = 'late.Half'\n")
    with course.gradebook() as gradebook:
        gradebook.find_assignment("tanh_layer").duedate = datetime(2026, 11, 19, tzinfo=UTC)
        gradebook.db.commit()
    course.hand_in("s01")
    run(course)
    assert "s01,2.5,2.5," in course.grades()


# Refusals


def test_an_assignment_that_was_never_built(course: nbgrader_class.Course) -> None:
    """Said with the command to give."""
    with pytest.raises(GraderError, match="The assignment ps9 was not built with grader") as caught:
        autograde(course.root, "ps9")
    assert "grader nbgrader build ASSIGNMENT.yaml" in str(caught.value)


def test_an_assignment_that_was_never_released(course: nbgrader_class.Course) -> None:
    """There is nothing to record it under."""
    (course.root / "gradebook.db").unlink()
    course.hand_in("s01")
    with pytest.raises(GraderError, match="nbgrader generate_assignment"):
        run(course)


def test_nothing_was_handed_in(course: nbgrader_class.Course) -> None:
    """Said with where it was looked for."""
    with pytest.raises(GraderError, match="Nothing was handed in"):
        run(course)


def test_a_course_without_our_configuration(course: nbgrader_class.Course) -> None:
    """It would grade in the kernel without a word."""
    (course.root / "nbgrader_config.py").write_text("c = get_config()\n")
    course.hand_in("s01")
    with pytest.raises(GraderError, match="does not grade in the sandbox"):
        run(course)


def test_a_locked_database(course: nbgrader_class.Course) -> None:
    """Said in words; what is graded is kept for the next run."""
    import sqlite3

    course.hand_in("s01")
    (course.root / "nbgrader_config.py").write_text(
        CONFIGURATION + "c.CourseDirectory.db_url = 'sqlite:///gradebook.db?timeout=0.2'\n"
    )
    database = sqlite3.connect(course.root / "gradebook.db", isolation_level=None)
    database.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(GraderError, match=r"The gradebook cannot be used: .*database is locked"):
            run(course)
    finally:
        database.close()
    assert 1 == run(course).reused


def _submit_later(course: nbgrader_class.Course, student: str) -> None:
    at = datetime(2026, 11, 21, tzinfo=UTC) + timedelta(hours=1)
    (course.root / f"submitted/{student}/tanh_layer/timestamp.txt").write_text(f"{at:%Y-%m-%d %H:%M:%S} UTC")
