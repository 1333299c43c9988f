"""A class is graded once, in any order, kept as it comes, and gone on with where it stopped."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from class_runs import GRADES, grade, seed_in
from classroom import Reader, assignment, exercise, hand_in, steps
from places import SUPPORT
from popen import killed_afterwards

from grader.course.grade import Options, Progress, grade_folder
from grader.course.intake.collect import collect
from grader.course.pages.pages import refresh
from grader.course.workers.request import request_of
from grader.errors import SandboxError


def test_grades_csv_has_a_row_a_student_and_a_column_an_exercise(submissions: Path, tmp_path: Path) -> None:
    """Empty is not submitted or ungraded; missing is 0."""
    grade(submissions, tmp_path / "out")
    assert GRADES == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


def test_every_entry_has_a_report(submissions: Path, tmp_path: Path) -> None:
    """reports/STUDENT/EXERCISE.json, strict JSON; for what is missing, too."""
    grade(submissions, tmp_path / "out")
    reports = sorted(path.relative_to(tmp_path / "out/reports").as_posix() for path in tmp_path.glob("out/reports/*/*"))
    assert [f"s0{n}/{id}.json" for n in (1, 2, 3) for id in ("chain_rule", "tanh_layer")] == reports
    found = json.loads((tmp_path / "out/reports/s03/tanh_layer.json").read_bytes())
    assert ["missing", 0.0] == [found["targets"][0]["status"], found["score"]]


def test_the_outputs_do_not_depend_on_timing(submissions: Path, tmp_path: Path) -> None:
    """One worker or four, slow or quick: the same files."""
    hand_in(submissions, {"s01/tanh_layer.py": "slow"})
    for jobs in (1, 4):
        grade(submissions, tmp_path / f"out{jobs}", jobs=jobs, seed=1)
    one, four = (
        {
            path.relative_to(out): path.read_bytes()
            for path in sorted(out.rglob("*.*"))
            if path.suffix in {".csv", ".json"} and path.name != "state.json"
        }
        for out in (tmp_path / "out1", tmp_path / "out4")
    )
    assert one == four


def test_a_second_run_grades_only_what_changed(submissions: Path, tmp_path: Path) -> None:
    """The changed file, the one we failed at, and nothing else."""
    grade(submissions, tmp_path / "out")
    hand_in(submissions, {"s03/chain_rule.py": "wrong_value"})
    reader = Reader()
    summary = grade(submissions, tmp_path / "out", reader)
    assert [("s02", "tanh_layer"), ("s03", "chain_rule")] == sorted(reader.graded)
    assert (6, 4, 1) == (summary.entries, summary.reused, summary.ungraded)
    assert "s03,0,0,0," in (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("options", [{"fresh": True}, {"seed": 5}, {"fresh_seed": True}])
def test_fresh_and_another_seed_grade_everything_again(
    options: dict[str, bool] | dict[str, int], submissions: Path, tmp_path: Path
) -> None:
    """What is missing is not run at all."""
    grade(submissions, tmp_path / "out")
    reader = Reader()
    grade(submissions, tmp_path / "out", reader, **options)
    assert 5 == len(reader.graded)


def test_a_changed_exercise_is_graded_again(submissions: Path, tmp_path: Path) -> None:
    """Only that one."""
    grade(submissions, tmp_path / "out")
    reader = Reader()
    changed = assignment(exercise("tanh_layer"), replace(exercise("chain_rule"), rtol=1e-3))
    grade_folder(submissions, changed, tmp_path / "out", steps=steps(reader))
    assert [("s01", "chain_rule"), ("s02", "chain_rule"), ("s02", "tanh_layer"), ("s03", "chain_rule")] == sorted(reader.graded)


def test_late_hand_ins_join_the_others(submissions: Path, tmp_path: Path) -> None:
    """A second folder graded into the same OUT, with the same seed; whose marks are kept is said."""
    assert () == grade(submissions, tmp_path / "out").notes
    seed = seed_in(tmp_path / "out")
    summary = grade(hand_in(tmp_path / "late", {"s05/tanh_layer.py": "correct"}), tmp_path / "out")
    assert GRADES + "s05,1,0,1,,,\n" == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    assert seed == seed_in(tmp_path / "out")
    kept = "Not among these submissions, graded in an earlier run: s01, s02 and s03. Their scores stay."
    assert (kept,) == summary.notes


def test_a_roster_that_comes_later_leaves_nobody_in_the_class_twice(tmp_path: Path) -> None:
    """What was graded under the names of files is graded under the roster's ids, and gone under the old ones."""
    files = {"lopezana_101_9_tanh_layer.py": "correct", "onejo_102_8_tanh_layer.py": "correct"}
    folder, out = hand_in(tmp_path / "class", files), tmp_path / "out"
    grade(folder, out)
    assert ["lopezana_101", "onejo_102"] == sorted(path.name for path in (out / "reports").iterdir())
    (tmp_path / "roster.csv").write_text("id,canvas\nal,101\n", encoding="utf-8")
    grade(folder, out, roster=tmp_path / "roster.csv")
    rows = (out / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert ["al,1,0,1,,,", "onejo_102,1,0,1,,,"] == rows
    assert ["al", "onejo_102"] == sorted(path.name for path in (out / "reports").iterdir())


def test_the_seed_is_secret_and_drawn_once(submissions: Path, tmp_path: Path) -> None:
    """Two folders have two seeds; the folder and its state are the owner's alone."""
    for out in ("a", "b"):
        grade(submissions, tmp_path / out)
    assert seed_in(tmp_path / "a") != seed_in(tmp_path / "b")
    modes = [
        oct(path.stat().st_mode & 0o777) for path in (tmp_path / "a", tmp_path / "a/state.json", tmp_path / "a/state.sqlite")
    ]
    assert ["0o700", "0o600", "0o600"] == modes


def test_a_database_file_elsewhere_is_the_owners_alone(submissions: Path, tmp_path: Path) -> None:
    """Its reports hold the seed; OUT gets no second one."""
    grade(submissions, tmp_path / "out", database=f"sqlite:///{tmp_path / 'results.db'}")
    assert "0o600" == oct((tmp_path / "results.db").stat().st_mode & 0o777)
    assert not (tmp_path / "out/state.sqlite").exists()


def test_out_may_have_any_name(submissions: Path, tmp_path: Path) -> None:
    """Also one that an address of a database would read otherwise."""
    grade(submissions, tmp_path / "week 1?mode=x%20#")
    assert (tmp_path / "week 1?mode=x%20#/state.sqlite").exists()


def test_exercises_that_clash_say_what_to_do(tmp_path: Path) -> None:
    """Without `# exercise:` lines functions of one name are nobody's; with one of them it is known what is whose."""
    both = assignment(exercise("linear_layer", "dY_dW"), exercise("tanh_layer", "dY_dW"))
    marks = {"s01": "", "s02": "# exercise: tanh_layer\n", "s03": "# Exercise: Tanh Layer"}
    files = {f"{student}.py": f"correct dY_dW\n{mark}" for student, mark in marks.items()}
    summary = grade_folder(hand_in(tmp_path / "class", files), both, tmp_path / "out", steps=steps(Reader()))
    assert ["s01,,,,,,", "s02,1,1,2,,,", "s03,1,1,2,,,"] == (tmp_path / "out/grades.csv").read_text(
        encoding="utf-8"
    ).splitlines()[1:]
    found = json.loads((tmp_path / "out/reports/s01/tanh_layer.json").read_bytes())
    assert ("ungraded", None) == (found["targets"][0]["status"], found["score"])
    assert (
        "tanh_layer and linear_layer ask for functions of the same name, and s01.py does not say "
        "which function is for which. Write a line `# exercise: tanh_layer` above the functions for this one (in a notebook: as "
        "the first line of a cell), or put them into a file tanh_layer.py."
    ) == found["targets"][0]["detail"]
    assert ["clash"] == found["flags"]
    assert [("s01", "linear_layer"), ("s01", "tanh_layer")] == [(one.student, one.exercise) for one in summary.undecided]


def test_a_clash_is_asked_for_until_it_is_settled(tmp_path: Path) -> None:
    """Each run says so; then it is graded as any other."""
    both = assignment(exercise("linear_layer", "dY_dW"), exercise("tanh_layer", "dY_dW"))
    folder = hand_in(tmp_path / "class", {"s01.py": "correct dY_dW"})
    for _ in range(2):
        summary = grade_folder(folder, both, tmp_path / "out", steps=steps(Reader()))
        assert (2, 2) == (summary.ungraded, len(summary.undecided))
    hand_in(folder, {"s01.py": "correct dY_dW\n# exercise: tanh_layer\n"})
    summary = grade_folder(folder, both, tmp_path / "out", steps=steps(Reader()))
    assert (0, ()) == (summary.ungraded, summary.undecided)


def test_what_mentions_no_function_of_an_exercise_clashes_with_none(tmp_path: Path) -> None:
    """A helper beside the answers to others: the exercise was not handed in, and nobody is told to divide the file."""
    both = assignment(exercise("linear_layer", "dY_dW"), exercise("tanh_layer", "dY_dW"))
    reader = Reader()
    grade_folder(hand_in(tmp_path / "class", {"s01.py": "missing"}), both, tmp_path / "out", steps=steps(reader))
    assert [("s01", "linear_layer"), ("s01", "tanh_layer")] == sorted(reader.graded)


def test_what_a_file_imports_of_its_neighbours_comes_along(tmp_path: Path) -> None:
    """And what those import; the others stay out."""
    files = {
        "s01/tanh_layer.py": "from helpers import square",
        "s01/chain_rule.py": "correct",
        "s01/helpers.py": "import deeper",
        "s01/deeper.py": "x",
        "s01/other.py": "x",
    }
    entries = collect(hand_in(tmp_path / "class", files), assignment()).entries
    names = [tuple(request_of(entry, "").files) for entry in entries]
    assert [("tanh_layer.py", "helpers.py", "deeper.py"), ("chain_rule.py",)] == names


def test_a_notebook_that_is_none_is_refused(tmp_path: Path) -> None:
    """The report says why."""
    grade(hand_in(tmp_path / "class", {"s01/tanh_layer.ipynb": "[1"}), tmp_path / "out")
    found = json.loads((tmp_path / "out/reports/s01/tanh_layer.json").read_bytes())["targets"][0]
    assert ("refused", "tanh_layer.ipynb: This is not a notebook: it is not JSON.") == (found["status"], found["detail"])


def test_our_fault_costs_nobody_a_point(submissions: Path, tmp_path: Path) -> None:
    """A grader that fails at one submission leaves it ungraded and goes on."""
    hand_in(submissions, {"s01/tanh_layer.py": "crash"})
    summary = grade(submissions, tmp_path / "out")
    assert 2 == summary.ungraded
    found = json.loads((tmp_path / "out/reports/s01/tanh_layer.json").read_bytes())
    assert [None, "The grader failed: RuntimeError: a fault of ours"] == [found["score"], found["targets"][0]["detail"]]


def test_without_a_sandbox_nothing_is_graded(submissions: Path, tmp_path: Path) -> None:
    """A SandboxError ends the run in its own words."""
    hand_in(submissions, {"s01/tanh_layer.py": "nobox"})
    with pytest.raises(SandboxError, match="There is no sandbox here"):
        grade(submissions, tmp_path / "out")


def test_progress_counts_every_entry(submissions: Path, tmp_path: Path) -> None:
    """Done of total, reused and ungraded among them."""
    seen = []
    for _ in range(2):
        grade_folder(
            submissions,
            assignment(),
            tmp_path / "out",
            steps=steps(Reader()),
            progress=lambda at: seen.append((at.done, at.reused)),
        )
    assert [(n, 0) for n in range(7)] == seen[:7]
    assert (6, 5) == seen[-1]


def test_a_run_that_stops_leaves_no_page_with_an_old_mark(submissions: Path, tmp_path: Path) -> None:
    """Whoever was graded anew (s02 is tried again) has no page until the pages are written; nobody else loses one."""
    out = tmp_path / "out"
    grade(submissions, out)
    refresh(out, {})
    hand_in(submissions, {"s01/chain_rule.py": "correct"})
    with pytest.raises(KeyboardInterrupt):
        grade_folder(submissions, assignment(), out, steps=steps(Reader()), progress=_interrupt_at(6))
    assert ["s03.html"] == sorted(page.name for page in (out / "feedback").iterdir())
    refresh(out, {}, changed=grade(submissions, out).changed)
    assert "2 of 2 points" in (out / "feedback/s01.html").read_text(encoding="utf-8")


def _interrupt_at(done: int) -> Callable[[Progress], None]:
    """Press Ctrl-C after so many entries."""

    def interrupt(at: Progress) -> None:
        if at.done == done:
            raise KeyboardInterrupt

    return interrupt


def test_ctrl_c_keeps_what_is_graded(submissions: Path, tmp_path: Path) -> None:
    """KeyboardInterrupt passes through; grades.csv has the first results, and the next run does the rest."""
    with pytest.raises(KeyboardInterrupt):
        grade_folder(
            submissions, assignment(), tmp_path / "out", options=Options(jobs=1), steps=steps(Reader()), progress=_interrupt_at(2)
        )
    assert "s01,1,0,1," in (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    assert 2 == grade(submissions, tmp_path / "out").reused
    assert GRADES == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")


KILLED = """
import sys, time
from pathlib import Path
sys.path.insert(0, {tests!r})
from popen import killed_afterwards
from classroom import Reader, assignment, steps
from grader.course.grade import Options, grade_folder

def tell(at):
    if at.done >= 2:
        print("now", flush=True)
        time.sleep(60)

grade_folder(Path({folder!r}), assignment(), Path({out!r}), options=Options(jobs=1), steps=steps(Reader()), progress=tell)
"""


def test_the_rules_hold_from_the_first_moment(submissions: Path, tmp_path: Path) -> None:
    """Pages of a run that was killed show no more than the assignment says."""
    asked = replace(assignment(), feedback="score")

    def look(at: Progress) -> None:
        assert "score" == json.loads((tmp_path / "out/rules.json").read_bytes())["feedback"]

    grade_folder(submissions, asked, tmp_path / "out", steps=steps(Reader()), progress=look)


def test_a_killed_run_goes_on_and_ends_with_the_same_table(submissions: Path, tmp_path: Path) -> None:
    """In the middle, by -9: the lock is no obstacle, what was graded is not graded again."""
    program = KILLED.format(tests=str(SUPPORT), folder=str(submissions), out=str(tmp_path / "out"))
    with killed_afterwards(subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"now\n"
        process.send_signal(signal.SIGKILL)
    (tmp_path / "out/reports/s01/tanh_layer.json").unlink()
    assert 2 == grade(submissions, tmp_path / "out").reused
    assert GRADES == (tmp_path / "out/grades.csv").read_text(encoding="utf-8")
    assert (tmp_path / "out/reports/s01/tanh_layer.json").exists()


def test_entries_are_looked_up_many_at_a_time(submissions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And it makes no difference where one question ends."""
    grade(submissions, tmp_path / "out")
    for size in (1, 2, 3, 5):
        monkeypatch.setattr("grader.course.grade._AT_ONCE", size)
        assert 5 == grade(submissions, tmp_path / "out").reused
