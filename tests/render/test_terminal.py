"""What a student reads in a terminal."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from builders import affine, tanh_linear
from reports import HINT, ended, report, right_report, target_report

from grader.outcome import Counterexample, Diagnosis, Status, TargetReport
from grader.render import numbers, terminal
from grader.render.findings import findings
from grader.sandbox.wire.answer import LoadError, Phase, Reason

AGAIN = "grader check tanh_linear answer.py"

STYLE_EXAMPLE = """\
Jacobians of a tanh layer

  ✗ dy_dx(x, W, b)                                                 0 of 3 points
      The shape is right, the values differ in 15 of 15 cases.
      Smallest such case, "one feature" (n=1, m=1):

          ∂y[0]/∂x[0]      expected  −0.00602      you returned  1.73767

      Likely cause: tanh′(z) is 1 − tanh(z)², that is 1 − y². You squared z.
                    (this explains your answer in all 15 cases)
      See it:       grader check tanh_linear answer.py --case "one feature"

  ✓ dy_db(x, W, b)                                                 2 of 2 points
      15 of 15 cases agree.

2 of 5 points.
"""


def test_the_house_style_s_example() -> None:
    """One entry by name, one cause, one next step, in 80 columns."""
    assert terminal.render(report(), tanh_linear(), again=AGAIN) == STYLE_EXAMPLE


LOADING = "answer.py did not load: "


@pytest.mark.parametrize(
    ("target", "line"),
    [
        (ended(Status.UNGRADED), "We could not grade this (our fault, no points lost)."),
        (ended(Status.UNGRADED, "a child was lost"), "We could not grade this (our fault, no points lost): a child was lost."),
        (ended(Status.MISSING), "Not written yet: there is no function dy_dx."),
        (
            ended(Status.MISSING, "no function dy_dx is defined", reason=Reason.NO_FUNCTION),
            "Not written yet: no function dy_dx is defined.",
        ),
        (
            ended(Status.UNGRADED, "a.py and b.py define dy_dx differently.", reason=Reason.SEVERAL_FUNCTIONS),
            "Not graded, no points lost: a.py and b.py define dy_dx differently.",
        ),
        (ended(Status.NOT_IMPLEMENTED), "Not written yet: dy_dx still raises NotImplementedError."),
        (ended(Status.TIMED_OUT, "it did not finish within 2 seconds"), "It did not finish within 2 seconds."),
        (ended(Status.OUT_OF_MEMORY), "It needed more memory than it may use."),
        (ended(Status.KILLED, "it called sys.exit()"), "It called sys.exit()."),
        (ended(Status.REFUSED, "torch is not available in this exercise"), "torch is not available in this exercise."),
        (ended(Status.WRONG_COUNT, "It returned 2 things; 1 is asked for."), "It returned 2 things; 1 is asked for."),
        (ended(Status.WRONG_TYPE, "It returned None. Is a `return` missing?"), "It returned None. Is a `return` missing?"),
        (ended(Status.NOT_FINITE), "It returned NaN or infinity in at least one case; 0 of 15 cases agree."),
        (
            ended(Status.RAISED, "NameError: name 'np' is not defined", "answer.py, line 7, in dy_dx\n    return np.eye(2)"),
            "It raised at line 7: NameError: name 'np' is not defined.",
        ),
        (
            ended(Status.RAISED, "ZeroDivisionError: division by zero", "answer.ipynb, cell 3, line 2, in dy_dx\n    1 / 0"),
            "It raised in cell 3, line 2: ZeroDivisionError: division by zero.",
        ),
        (
            ended(Status.RAISED, f"{LOADING}SyntaxError: invalid syntax (line 3)", "answer.py, line 3", phase=Phase.COMPILING),
            "answer.py did not load: SyntaxError: invalid syntax (line 3).",
        ),
    ],
    ids=lambda value: value.status.value if hasattr(value, "status") else "",
)
def test_each_status_has_a_first_line_of_its_own(target: TargetReport, line: str) -> None:
    """The line under the call says what came of it, in the student's words."""
    shown = terminal.render(report(target), tanh_linear()).splitlines()
    assert shown[3].strip() == line


def test_a_wrong_shape_is_told_with_the_meaning_of_its_axes() -> None:
    """The shape found, the shape asked for, and which axes belong to what."""
    shown = terminal.render(report(ended(Status.WRONG_SHAPE, "(4, 3), not (3, 4)")), tanh_linear())
    assert "It returned shape (4, 3), not (3, 4). ∂y/∂x has shape (m, n): the axes of y, then the axes of x." in _unwrapped(shown)


@pytest.mark.parametrize("width", [80, 60, 48])
def test_nothing_is_wider_than_the_terminal(width: int) -> None:
    """Long calls, long causes and long entries are wrapped, and nothing is lost; a command stays whole, to be copied."""
    cause = Diagnosis(rule="declared", text="word " * 60)
    example = Counterexample(case="x", sizes={}, inputs={}, index=(0, 1), expected=-1e-300, actual=-1.000000000001e-300)
    target = target_report(diagnosis=cause, counterexample=example)
    raised = ended(Status.RAISED, "ValueError: " + "x" * 200, "answer.py, line 7\n    " + "y + " * 50)
    one = report(target, raised, output="printed " * 50, title="A title " * 20)
    shown = terminal.render(one, tanh_linear(), again="grader check", width=width)
    too_wide = [line for line in shown.splitlines() if len(line) > width and not line.startswith("      See it:")]
    assert [line for line in too_wide if not line.strip().startswith("x")] == []
    assert "you returned  −1.000000000001e−300" in shown


def test_targets_of_one_call_that_failed_alike_are_told_once() -> None:
    """A call that raised says so once, not once a target."""
    names = ("dx", "dw")
    lost = [ended(Status.RAISED, "ValueError: no", call="affine_backward") for _ in names]
    targets = [target for name, one in zip(names, lost, strict=True) for target in [_named(one, name)]]
    shown = terminal.render(report(*targets), affine())
    assert shown.count("ValueError") == 1
    assert "affine_backward(dout, (x, w, b))" in shown
    assert "0 of 6 points" in shown


def test_several_targets_of_one_call_are_named() -> None:
    """Where one of two targets is right, each is told by its name."""
    wrong = _named(target_report(call="affine_backward", diagnosis=None), "dx")
    right = _named(right_report(call="affine_backward"), "dw")
    shown = terminal.render(report(wrong, right), affine())
    assert "✗ dx of affine_backward(dout, (x, w, b))" in shown
    assert "✓ dw of affine_backward(dout, (x, w, b))" in shown
    assert "∂L/∂x[0,0]" in shown


def test_numbers_that_differ_look_different() -> None:
    """As many digits as it takes are shown; two equal numbers are never called a difference."""
    assert numbers.unlike(0.1, 0.1 + 1e-9) == ("0.1", "0.100000001")
    assert numbers.unlike(1.0, float("nan")) == ("1", "NaN")
    assert numbers.unlike(1.0, -1.0) == ("1", "−1")


def test_student_text_cannot_move_the_cursor_or_reorder_what_is_read() -> None:
    """Escape sequences, control and bidirectional characters are taken out of details, tracebacks, output and names."""
    hostile = "\x1b[2J\x1b]0;title\x07\u202eabc\x00\x9b31m\u200b"
    target = ended(Status.RAISED, f"ValueError: {hostile}", f"answer.py, line 1\n    {hostile}")
    shown = terminal.render(report(target, output=hostile), tanh_linear())
    assert re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u202e]", shown) is None


def test_no_wall_of_output() -> None:
    """What a student's code printed is cut after a few lines."""
    shown = terminal.render(report(output="line\n" * 1000), tanh_linear())
    assert shown.count("line\n") == terminal.MAX_OUTPUT_LINES
    assert "... (990 more lines)" in shown


def test_colour_is_only_on_top() -> None:
    """Without its colours the coloured form is the plain one."""
    coloured = terminal.render(report(), tanh_linear(), again=AGAIN, colour=True)
    assert "\x1b[31m✗\x1b[0m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == STYLE_EXAMPLE


def test_a_fact_about_the_answers_is_not_called_a_likely_cause() -> None:
    """`regime` states where the answer is right; it is seen, not guessed."""
    target = target_report(diagnosis=Diagnosis(rule="regime", text="Right only where m = n."))
    shown = terminal.render(report(target), tanh_linear())
    assert "Seen:         Right only where m = n." in shown
    assert "Likely" not in shown


def test_ungraded_is_neither_zero_nor_full() -> None:
    """A target that we could not grade has no points, and the total says so."""
    shown = terminal.render(report(ended(Status.UNGRADED), right_report()), tanh_linear())
    assert "not graded (3 points)" in shown
    assert shown.endswith("Not graded (5 points).\n")


def test_flags_that_a_student_can_act_on_are_told() -> None:
    """Changed arguments are told with the remedy; what only staff use is not told."""
    shown = terminal.render(report(flags=("mutates_inputs", "uses_autodiff")), tanh_linear())
    assert "It changes its arguments in place." in shown
    assert "automatic" not in shown


@pytest.mark.parametrize(
    "lost",
    [
        ended(Status.RAISED, f"{LOADING}SyntaxError: invalid syntax (line 3)", reason=Reason.RAISED, phase=Phase.COMPILING),
        ended(Status.MISSING, "Several exercises ask for functions of the same name.", reason=Reason.SEVERAL_EXERCISES),
        ended(Status.MISSING, "s01 handed in no answer.py.", reason=Reason.NOTHING_HANDED_IN),
        ended(Status.TIMED_OUT, "it did not finish within 2 seconds while it was loaded", phase=Phase.LOADING),
    ],
    ids=lambda lost: lost.status.value,
)
def test_what_is_the_matter_with_a_whole_file_is_told_once(lost: TargetReport) -> None:
    """With all functions that it cost, and all their points."""
    first, second = (replace(lost, call=one.call, name=one.name, points=one.points) for one in report().targets)
    shown = terminal.render(report(first, second), tanh_linear())
    assert shown.count(lost.detail[3:30]) == 1
    assert "dy_dx(x, W, b), dy_db(x, W, b)" in shown
    assert "0 of 5 points\n" in shown


def test_functions_that_fail_each_in_its_own_way_are_told_apart() -> None:
    """Though their statuses are equal: each raised in its own call, or is missing by its own name."""
    for status, detail in ((Status.RAISED, "KeyError: 'x'"), (Status.MISSING, "there is no such function")):
        targets = (replace(ended(status, detail), call=one.call, name=one.name) for one in report().targets)
        assert len(findings(report(*targets), tanh_linear())) == 2


def test_what_raised_while_loading_is_told_once() -> None:
    """With its line, as a note; not again where a function's own lines say it already."""
    error = LoadError(source="answer.py", detail="NameError: name 'z' is not defined", traceback="answer.py, line 9\n    z")
    told = _unwrapped(terminal.render(replace(report(right_report()), load_errors=(error,)), tanh_linear()))
    assert "answer.py raised at line 9 while it was loaded: NameError: name 'z' is not defined." in told
    lost = ended(Status.RAISED, f"{LOADING}NameError: name 'z' is not defined", phase=Phase.LOADING, source="answer.py")
    told = _unwrapped(terminal.render(replace(report(lost), load_errors=(error,)), tanh_linear()))
    assert 1 == told.count("NameError")


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            LoadError(source="a.ipynb, cell 2", detail="shell lines (`!...`) are not run inside the grader; take the line out"),
            "Note: a.ipynb, cell 2 was not run: shell lines (`!...`) are not run inside the grader; take the line out.",
        ),
        (
            LoadError(
                source="a.ipynb, cell 3",
                phase=Phase.COMPILING,
                detail="SyntaxError: invalid syntax",
                traceback="a.ipynb, cell 3, line 1\n    a b",
            ),
            "Note: a.ipynb, cell 3 was not run: SyntaxError: invalid syntax. None of it counts.",
        ),
    ],
)
def test_a_cell_that_was_not_run_is_not_said_to_count_in_part(error: LoadError, told: str) -> None:
    """What is refused, or is no Python, has defined nothing."""
    shown = terminal.render(replace(report(right_report()), load_errors=(error,)), tanh_linear())
    assert told in _unwrapped(shown)


def test_a_report_whose_exercise_is_gone_still_reads() -> None:
    """Entries are then named after the target."""
    shown = terminal.render(report(), None)
    assert "dy_dx[0,0]      expected  −0.00602      you returned  1.73767" in shown
    assert HINT in shown


def _named(target: TargetReport, name: str) -> TargetReport:
    from dataclasses import replace

    return replace(target, name=name)


def _unwrapped(text: str) -> str:
    return re.sub(r"\s+", " ", text)
