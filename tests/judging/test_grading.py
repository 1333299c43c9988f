"""One submission, start to end, through the sandbox: statuses, flags, scores, state and chance, what one task is told."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from builders import affine, tanh_layer

from grader.errors import GraderError
from grader.exercise import catalogue
from grader.exercise.loading import load_exercise, parse_exercise
from grader.exercise.model import Exercise
from grader.judging.calls import plan_calls
from grader.judging.in_process import check_functions
from grader.judging.judge import Judge
from grader.judging.submission import Submission
from grader.outcome import Report, Status
from grader.reference import prepare
from grader.sandbox import Sandbox
from grader.sandbox.host.zygote import Child
from grader.sandbox.job import Job, Trial
from grader.sandbox.limits import Limits
from grader.sandbox.wire.answer import Answer, Failure, Reason

LAYER = replace(tanh_layer(), limits=Limits(seconds=2.0, memory_mib=512))
AFFINE = replace(affine(), limits=Limits(seconds=2.0, memory_mib=512))

RIGHT = """
import numpy as np

def dY_dW(W, X, B):
    Y = np.tanh(W @ X + B)
    return np.einsum("ki,k,j->kij", np.eye(len(Y)), 1 - Y**2, X)

def dY_dB(W, X, B):
    return np.diag(1 - np.tanh(W @ X + B) ** 2)
"""
RIGHT_AFFINE = """
def affine_backward(dout, inputs):
    x, w, b = inputs
    return dout @ w.T, x.T @ dout, dout.sum(axis=0)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """One zygote for all tests: what one submission does must not reach the next."""
    with Sandbox("numpy", "best") as sandbox:
        yield sandbox


def graded(sandbox: Sandbox, source: str, exercise: Exercise = LAYER) -> Report:
    """Grade one file."""
    submission = Submission.from_bytes({"answer.py": source.encode()}, student="s01")
    return Judge(exercise, prepare.prepare(exercise, 0)).grade(submission, sandbox)


def statuses(report: Report) -> list[Status]:
    """Return the status of each target."""
    return [target.status for target in report.targets]


def test_a_right_submission_has_full_marks_and_no_flags(sandbox: Sandbox) -> None:
    """3 of 3 points, 15 of 15 cases, no diagnosis."""
    report = graded(sandbox, RIGHT)
    assert (report.score, report.points, report.flags, report.student) == (3.0, 3.0, (), "s01")
    assert [(target.correct, target.total, target.diagnosis) for target in report.targets] == [(15, 15, None)] * 2


def test_a_declared_mistake_earns_its_credit_and_shows_the_smallest_case(sandbox: Sandbox) -> None:
    """Half of 2 points; the smallest of all failing cases, one entry."""
    report = graded(sandbox, RIGHT.replace("1 - Y**2, X)", "1 + 0 * Y, X)"))
    target = report.targets[0]
    assert (target.status, target.score) == (Status.WRONG_VALUE, 1.0)
    assert target.diagnosis is not None
    assert target.diagnosis.text == "That is ∂Z/∂W."
    assert target.counterexample is not None
    assert (target.counterexample.case, target.counterexample.index) == ("one feature", (0, 0, 0))
    assert set(target.counterexample.inputs) == {"W", "X", "B"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ("return np.diag(1 - np.tanh(W @ X + B) ** 2)", Status.CORRECT),
        ("return (1 - np.tanh(W @ X + B) ** 2).tolist()", Status.WRONG_SHAPE),
        ("return np.diag(1 - np.tanh(W @ X + B) ** 2).tolist()", Status.CORRECT),
        ("return None", Status.WRONG_TYPE),
        ("return 'a'", Status.WRONG_TYPE),
        ("return np.eye(len(B)) * np.nan", Status.NOT_FINITE),
        ("return np.eye(len(B))", Status.WRONG_VALUE),
        ("raise NotImplementedError", Status.NOT_IMPLEMENTED),
        ("return np.eye(len(B) / 0)", Status.RAISED),
        ("raise MemoryError", Status.OUT_OF_MEMORY),
        ("import os; os._exit(0)", Status.KILLED),
        ("while True: pass", Status.TIMED_OUT),
    ],
)
def test_every_status_has_its_cause(sandbox: Sandbox, body: str, status: Status) -> None:
    """The other function is judged all the same."""
    source = RIGHT.replace("return np.diag(1 - np.tanh(W @ X + B) ** 2)", body)
    assert statuses(graded(sandbox, source)) == [Status.CORRECT, status]


def test_a_function_that_is_not_there_is_missing(sandbox: Sandbox) -> None:
    """And costs only its own points."""
    report = graded(sandbox, RIGHT.replace("def dY_dB", "def dY_db"))
    assert statuses(report) == [Status.CORRECT, Status.MISSING]
    assert report.score == 2.0
    assert "no function dY_dB is defined; if dY_db is meant to be it, rename it" == report.targets[1].detail


def test_a_broken_file_is_raised_with_its_line(sandbox: Sandbox) -> None:
    """Functions after the error are not defined; the reason is the error, not that they are missing."""
    report = graded(sandbox, "import numpy as np\ndef dY_dW(W, X, B):\n    return np.zeros(\n")
    assert statuses(report) == [Status.RAISED, Status.RAISED]
    assert "load_error" in report.flags
    assert "SyntaxError" in report.targets[0].detail


def test_what_ends_while_it_is_loaded_has_no_case(sandbox: Sandbox) -> None:
    """No function was called, so that no case shows anything."""
    report = graded(sandbox, RIGHT + "\nwhile True:\n    pass\n")
    assert statuses(report) == [Status.TIMED_OUT, Status.TIMED_OUT]
    assert [target.counterexample for target in report.targets] == [None, None]
    assert "it did not finish within 2 seconds while it was loaded" == report.targets[0].detail


def test_a_failing_last_line_costs_nothing(sandbox: Sandbox) -> None:
    """Test code at the end of a file often fails."""
    report = graded(sandbox, RIGHT + "\nassert dY_dW(1, 2, 3) == 4\n")
    assert (report.score, report.flags) == (3.0, ("load_error",))
    (error,) = report.load_errors
    assert "TypeError" in error.detail
    assert Report.from_json(report.to_json()).load_errors == report.load_errors


def test_a_tuple_of_three_is_judged_one_by_one(sandbox: Sandbox) -> None:
    """A wrong dw costs dw alone."""
    report = graded(sandbox, RIGHT_AFFINE.replace("x.T @ dout,", "-x.T @ dout,"), AFFINE)
    assert [(target.name, target.status, target.score) for target in report.targets] == [
        ("dx", Status.CORRECT, 1.0),
        ("dw", Status.WRONG_VALUE, 0.0),
        ("db", Status.CORRECT, 1.0),
    ]


def test_a_dict_with_the_names_is_right_and_a_pair_is_not(sandbox: Sandbox) -> None:
    """Several results: a tuple, a list, or a dict by name."""
    by_name = RIGHT_AFFINE.replace(
        "return dout @ w.T, x.T @ dout, dout.sum(axis=0)", "return dict(db=dout.sum(0), dw=x.T @ dout, dx=dout @ w.T)"
    )
    assert graded(sandbox, by_name, AFFINE).score == 3.0
    pair = graded(sandbox, RIGHT_AFFINE.replace(", dout.sum(axis=0)", ""), AFFINE)
    assert statuses(pair) == [Status.WRONG_COUNT] * 3


def test_partial_cases_gives_the_share_of_right_ones(sandbox: Sandbox) -> None:
    """`partial: none` gives nothing for square layers only, `partial: cases` gives 2 of 15."""
    square = RIGHT.replace("return np.diag(", "return (len(X) != len(B)) + np.diag(")
    assert graded(sandbox, square).targets[1].score == 0.0
    shared = graded(sandbox, square, replace(LAYER, partial="cases")).targets[1]
    assert shared.score == pytest.approx(shared.correct / 15)
    assert 0 < shared.correct < 15


def test_flags_are_for_what_staff_should_see(sandbox: Sandbox) -> None:
    """Prints, changed inputs and float32 cost nothing by themselves."""
    source = RIGHT.replace("    Y = np", "    print('hello'); W0 = W.copy(); W[0] = 7; W = W0\n    Y = np")
    report = graded(sandbox, source)
    assert report.score == 3.0
    assert set(report.flags) == {"mutates_inputs", "wrote_to_stdout"}
    assert "hello" in report.output


def test_a_timeout_by_the_wall_clock_is_flagged(sandbox: Sandbox) -> None:
    """In the first run or in the second; one of CPU time is not."""
    quick = replace(LAYER, limits=Limits(seconds=0.05, memory_mib=512))
    sleeps = graded(sandbox, RIGHT + "\nimport time\ntime.sleep(60)\n", quick)
    assert ([Status.TIMED_OUT] * 2, ("wall_timeout",)) == (statuses(sleeps), sleeps.flags)
    computes = graded(sandbox, RIGHT + "\nwhile True: pass\n", quick)
    assert ([Status.TIMED_OUT] * 2, ()) == (statuses(computes), computes.flags)


def test_numerical_differentiation_is_flagged_and_refused_where_forbidden(sandbox: Sandbox) -> None:
    """
    Central differences agree beside the largest entry in every case; the probe shows them.

    In the saturated case the small rows have few digits, which the rule for entries does not take from a formula.
    """
    source = """
import numpy as np

def dY_dW(W, X, B):
    J = np.zeros((len(B), *W.shape))
    for i in range(W.shape[0]):
        for j in range(W.shape[1]):
            D = np.zeros_like(W)
            D[i, j] = 1e-5
            J[:, i, j] = (np.tanh((W + D) @ X + B) - np.tanh((W - D) @ X + B)) / 2e-5
    return J
"""
    report = graded(sandbox, source)
    assert (report.targets[0].status, report.flags) == (Status.CORRECT, ("inexact",))
    forbidden = graded(sandbox, source, replace(LAYER, numerical="forbid")).targets[0]
    assert (forbidden.status, forbidden.score) == (Status.REFUSED, 0.0)
    assert forbidden.diagnosis is not None
    assert forbidden.diagnosis.rule == "numerical_differentiation"


def test_only_differences_are_judged_beside_the_largest_entry(sandbox: Sandbox) -> None:
    """A formula that is off where the slope is small is right at the probe, and wrong there; so is one in float32."""
    off = RIGHT.replace("1 - Y**2, X)", "np.where(1 - Y**2 < 3e-4, (1 - Y**2) * (1 + 1e-4), 1 - Y**2), X)")
    single = RIGHT.replace("1 - Y**2, X)", "1 - Y**2, X).astype(np.float32)")
    for source in (off, single):
        report = graded(sandbox, source)
        assert (report.targets[0].status, "inexact" in report.flags) == (Status.WRONG_VALUE, False)


def test_differences_that_stay_away_from_the_probe_are_found_out(sandbox: Sandbox) -> None:
    """Raising at the inputs that tell differences from a formula is no way around them; a NaN there repeats itself."""
    guard = "    assert np.abs(X).max() > 1e-6\n    Y = "
    report = graded(sandbox, RIGHT.replace("    Y = ", guard))
    assert (report.targets[0].status, report.flags) == (Status.CORRECT, ("inexact",))
    forbidden = graded(sandbox, RIGHT.replace("    Y = ", guard), replace(LAYER, numerical="forbid")).targets[0]
    assert forbidden.status is Status.REFUSED
    assert forbidden.diagnosis is not None
    assert "does not answer" in forbidden.diagnosis.text
    nan = graded(sandbox, RIGHT.replace("1 - Y**2, X)", "1 - Y**2, X if np.abs(X).max() > 1e-6 else X * np.nan)"))
    assert nan.flags == ("inexact",)


def test_a_forged_answer_does_not_take_the_probe_away(sandbox: Sandbox) -> None:
    """Right in every case; at the probe alone it says that nobody knows which of two functions counts."""
    cases = len(prepare.prepare(LAYER, 0).cases)

    class Forged:
        """A sandbox whose student code forges the answer to the probe."""

        def run(self, job: Job) -> Trial:
            trial = sandbox.run(job)
            clash = Failure(reason=Reason.SEVERAL_FUNCTIONS, function="dY_dW", sources=("a.py", "b.py"))
            lost = Answer(failure=clash)
            tasks = list(trial.tasks)
            answers = tasks[0].answers
            assert len(answers) == cases + 1
            tasks[0] = replace(tasks[0], answers=(*answers[:cases], lost))
            return replace(trial, tasks=tuple(tasks))

    report = graded(Forged(), RIGHT, replace(LAYER, numerical="forbid"))  # type: ignore[arg-type]
    assert report.targets[0].status is Status.REFUSED


# State and chance: some cases are called again, in another order, in the same child


def stateful(line: str) -> str:
    """Return a submission whose dY_dB is off by the number `off` that `line` sets; its list `seen` outlives a call."""
    before = f"    off = 0.0\n    {line}\n    return off + np.diag("
    return RIGHT.replace("    return np.diag(", before).replace("import numpy as np\n", "import numpy as np\nseen = []\n")


COUNTED = len(prepare.prepare(LAYER, 0).cases)
STATEFUL = {
    "counts its calls": f"seen.append(0); off = 1.0 * (len(seen) > {COUNTED})",
    "answers by the call before": "off = 1.0 * (seen[-1:] == [W.tobytes()]); seen.append(W.tobytes())",
    "knows what it has seen": "off = 1.0 * (W.tobytes() in seen); seen.append(W.tobytes())",
    "wears out": f"seen.append(0); off = max(0, len(seen) - {COUNTED}) * 1e-3",
}


@pytest.mark.parametrize("line", STATEFUL.values(), ids=STATEFUL)
def test_an_answer_that_depends_on_earlier_calls_is_wrong(sandbox: Sandbox, line: str) -> None:
    """It was right in every case, in the order of the first calls."""
    report = graded(sandbox, stateful(line))
    assert [Status.CORRECT, Status.WRONG_VALUE] == statuses(report)
    assert ("nondeterministic",) == report.flags
    assert report.targets[1].detail == "It was right at first: called again in another order, it gave something else."
    assert report.targets[1].score == 0.0


@pytest.mark.parametrize("other", ["Y**2, X)", "1 - Y**2, X)"], ids=["wrong", "right"])
def test_what_is_right_is_called_again_whatever_the_others_are(sandbox: Sandbox, other: str) -> None:
    """A target that is wrong on purpose does not switch off the second look at another one."""
    report = graded(sandbox, stateful(STATEFUL["counts its calls"]).replace("1 - Y**2, X)", other))
    assert report.targets[1].status is Status.WRONG_VALUE
    assert report.flags == ("nondeterministic",)


def test_a_random_answer_is_not_right(sandbox: Sandbox) -> None:
    """A coin in place of a derivation: sixteen cases, a handful of entries each."""
    report = graded(sandbox, stateful("off = np.random.choice([0.0, 1.0], len(B))"))
    assert (report.targets[1].status, report.targets[1].score) == (Status.WRONG_VALUE, 0.0)


def test_a_little_noise_is_right_and_flagged(sandbox: Sandbox) -> None:
    """Within the tolerance, but not the same digits twice."""
    report = graded(sandbox, stateful("off = 5e-9 * np.random.rand() * np.diag(1 - np.tanh(W @ X + B) ** 2)"))
    assert (report.score, report.flags) == (3.0, ("nondeterministic",))


def test_a_repeated_call_that_does_not_finish_says_so(sandbox: Sandbox) -> None:
    """No answer is told from another by a time-out: it is not called nondeterministic."""
    line = f"seen.append(0)\n    while len(seen) > {COUNTED}: pass"
    report = graded(sandbox, stateful(line))
    assert report.targets[1].status is Status.TIMED_OUT
    assert report.targets[1].detail.endswith("seconds. It was right at first: called again in another order, it did not finish.")
    assert report.flags == ()


def test_a_repeated_call_that_dies_counts(sandbox: Sandbox) -> None:
    """Death in the repeated calls is no way around them."""
    line = f"seen.append(0)\n    if len(seen) > {COUNTED}: import os; os._exit(0)"
    report = graded(sandbox, stateful(line))
    assert (report.targets[1].status, report.targets[1].score) == (Status.KILLED, 0.0)


def test_a_repeated_call_that_is_lost_leaves_its_target_ungraded(sandbox: Sandbox) -> None:
    """What could not be confirmed earns nothing and costs nothing."""

    class Failing:
        """A sandbox that loses the repeated calls by our fault."""

        def run(self, job: Job) -> Trial:
            trial = sandbox.run(job)
            lost = Answer(failure=Failure(reason=Reason.OUR_FAULT, detail="the zygote is gone"))
            tasks = tuple(
                replace(one, answers=(lost,) * len(one.answers)) if plan.purpose == "repeated" else one
                for plan, one in zip(job.tasks, trial.tasks, strict=True)
            )
            return replace(trial, tasks=tasks)

    report = graded(Failing(), RIGHT)  # type: ignore[arg-type]
    assert statuses(report) == [Status.UNGRADED] * 2
    assert report.flags == ()


@pytest.mark.parametrize(
    "source",
    [
        RIGHT,
        RIGHT.replace("    Y = ", '    print(f"{id(W)}")\n    Y = '),
        "import random\nseen = np = None\n" + RIGHT,
        RIGHT.replace("    Y = ", "    Y = np.empty(len(B))\n    Y[:] = "),
        RIGHT.replace("def dY_dB", "ONES = np.ones(64)\nclass Layer:\n    pass\n\ndef dY_dB"),
        RIGHT.replace("    return np.diag(", "    try:\n        pass\n    finally:\n        pass\n    return np.diag("),
    ],
    ids=["plain", "prints text", "imports random", "np.empty", "a global array and a class", "try"],
)
def test_one_child_does_it_all(sandbox: Sandbox, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the code looks like: nothing is read off it, and no second child is begun."""
    begun: list[Job] = []
    child = Sandbox._child

    def counted(sandbox: Sandbox, job: Job) -> Child:
        begun.append(job)
        return child(sandbox, job)

    monkeypatch.setattr(Sandbox, "_child", counted)
    assert graded(sandbox, source).score == 3.0
    assert len(begun) == 1


# What one task is given, another may have to find out


HANDS_ON = """
schema: 1
title: A quantity that one task is given and the next is asked for
inputs: {x: scalar}
forward: {y: tanh(x)}
tasks:
  - call: dy_dx(y)
    returns: {dy_dx: {gradient: y, wrt: x}}
  - call: forward(x)
    returns: {y: {value: y}}
"""
HANDED_ON = """
given = []

def dy_dx(y):
    given.append(y)
    return 1 - y**2

def forward(x):
    return given.pop(0) if given else 0.0
"""


def test_what_one_task_was_given_does_not_answer_the_next(sandbox: Sandbox) -> None:
    """They run in children of their own: the function that kept it has nothing to give back."""
    exercise = parse_exercise(HANDS_ON, "hands_on")
    report = graded(sandbox, HANDED_ON, exercise)
    assert [Status.CORRECT, Status.WRONG_VALUE] == statuses(report)
    wrong_first = graded(sandbox, HANDED_ON.replace("1 - y**2", "5.0"), exercise)
    assert wrong_first.score == 0.0


LEFTOVERS = {
    "a list": ("kept.append(float(y))", "kept.pop(0)"),
    "memory that was freed": ("keep = np.full(3001, float(y)); del keep", "float(np.empty(3001)[7])"),
    "an attribute of a module": ("np.linalg.kept = getattr(np.linalg, 'kept', []) + [float(y)]", "np.linalg.kept.pop(0)"),
    "an attribute of a function": ("dy_dx.__dict__.setdefault('k', []).append(float(y))", "dy_dx.k.pop(0)"),
}


@pytest.mark.parametrize(("keep", "recall"), LEFTOVERS.values(), ids=LEFTOVERS)
def test_no_memory_carries_a_value_from_one_task_to_another(sandbox: Sandbox, keep: str, recall: str) -> None:
    """The trick works where tasks share a child, and earns nothing, since these do not."""
    functions = f"def dy_dx(y):\n    {keep}\n    return 1 - y**2\n\ndef forward(x):\n    return {recall}\n"
    source = f"import numpy as np\nkept = []\n\n{functions}"
    exercise = replace(parse_exercise(HANDS_ON, "hands_on"), limits=LAYER.limits)
    report = graded(sandbox, source, exercise)
    assert report.targets[0].status is Status.CORRECT
    assert (report.targets[1].status is Status.CORRECT, report.targets[1].score) == (False, 0.0)

    record = prepare.prepare(exercise, 0)
    plans = tuple(replace(plan, child=0, inputs=plan.inputs[:1]) for plan in plan_calls(exercise, record).counted)
    sources = Submission.from_bytes({"answer.py": source.encode()}).sources
    trial = sandbox.run(Job(sources=sources, tasks=plans, arrays="numpy", limits=exercise.limits))
    assert trial.tasks[1].answers[0].items == (record.cases[0][1].quantities["y"],)


def test_no_child_is_given_what_another_of_its_tasks_has_to_find_out() -> None:
    """Over the whole catalogue: the plans that share a child are given the same quantities of the forward function."""
    told_apart = 0
    for path in sorted(catalogue.shipped().glob("*.yaml")):
        exercise = load_exercise(path)
        lines = {line.name for line in exercise.forward}
        given: dict[int, set[frozenset[str]]] = {}
        for plan in plan_calls(exercise, prepare.prepare(exercise, 0)).counted:
            given.setdefault(plan.child, set()).add(frozenset(lines.intersection(plan.call.names)))
        assert all(len(sets) == 1 for sets in given.values()), exercise.id
        told_apart += len(given) > 1
    assert told_apart


SANDWICH = """
schema: 1
title: A quantity that a task before and a task after are given
dims: {m: 2, n: 3}
inputs: {W: m n, X: n}
forward: {Z: W @ X, Y: tanh(Z)}
tasks:
  - call: slope(Z)
    returns: {slope: {local: Y, wrt: Z}}
  - call: linear(W, X)
    returns: {Z: {value: Z}, dZ_dX: {jacobian: Z, wrt: X}}
  - call: activation(Z)
    returns: {Y: {value: Y}}
"""
SANDWICHED = """
import numpy as np

seen = []
used = []

def slope(Z):
    seen.append(Z.copy())
    return np.diag(1 - np.tanh(Z) ** 2)

def activation(Z):
    seen.append(Z.copy())
    return np.tanh(Z)

def linear(W, X):
    used.append(0)
    return seen[len(used) - 1], DERIVATIVE
"""


@pytest.mark.parametrize("derivative", ["W.copy()", "0 * W"])
def test_a_value_that_any_other_task_is_given_is_called_for_alone(sandbox: Sandbox, derivative: str) -> None:
    """In whichever order the calls come, and whatever else of the answer is wrong, it earns nothing."""
    report = graded(sandbox, SANDWICHED.replace("DERIVATIVE", derivative), parse_exercise(SANDWICH, "sandwich"))
    z = report.targets[1]
    assert (z.name, z.status, z.score) == ("Z", Status.RAISED, 0.0)


def test_honest_functions_that_share_quantities_are_right(sandbox: Sandbox) -> None:
    """Called alone, each gives what it gave among the others."""
    source = SANDWICHED.replace("DERIVATIVE", "W.copy()").replace("seen[len(used) - 1]", "W @ X")
    report = graded(sandbox, source, parse_exercise(SANDWICH, "sandwich"))
    assert (report.score, report.flags) == (4.0, ())


def test_torch_exercises_give_tensors(sandbox: Sandbox) -> None:
    """float64 tensors in, tensors or arrays out."""
    source = """
import torch

def dY_dW(W, X, B):
    assert W.dtype == torch.float64
    Y = torch.tanh(W @ X + B)
    return torch.einsum("ki,k,j->kij", torch.eye(len(Y)), 1 - Y**2, X)

def dY_dB(W, X, B):
    return torch.diag(1 - torch.tanh(W @ X + B) ** 2)
"""
    with Sandbox("torch", "best") as box:
        report = graded(box, source, replace(LAYER, arrays="torch"))
    assert (report.score, report.flags) == (3.0, ())


def test_autodiff_in_a_torch_exercise_is_flagged() -> None:
    """The answer is right; staff see how it came about."""
    source = """
import torch

def dY_dW(W, X, B):
    return torch.autograd.functional.jacobian(lambda W: torch.tanh(W @ X + B), W)
"""
    with Sandbox("torch", "best") as box:
        report = graded(box, source, replace(LAYER, arrays="torch"))
        allowed = graded(box, source, replace(LAYER, arrays="torch", autodiff="allow"))
    assert report.targets[0].status is Status.CORRECT
    assert "uses_autodiff" in report.flags
    assert "uses_autodiff" not in allowed.flags


def test_what_was_not_handed_in_is_missing_with_its_reason() -> None:
    """0 points, and why."""
    nothing = Failure(reason=Reason.NOTHING_HANDED_IN, detail="s02 handed in no tanh_layer.py.")
    report = Judge(LAYER, prepare.prepare(LAYER, 0)).report_failure("s02", nothing)
    assert (statuses(report), report.score, report.student) == ([Status.MISSING] * 2, 0.0, "s02")
    assert report.targets[0].detail == "s02 handed in no tanh_layer.py."


def test_functions_of_this_process_are_checked_alone() -> None:
    """grader.check judges what it is given, and nothing else."""
    import numpy as np

    report = check_functions(LAYER, {"dY_dB": lambda W, X, B: np.diag(1 - np.tanh(W @ X + B) ** 2)})
    assert [(target.name, target.status) for target in report.targets] == [("dY_dB", Status.CORRECT)]
    with pytest.raises(GraderError, match=r"tanh_layer does not ask for dY_dX\.(.|\n)*It asks for dY_dW, dY_dB"):
        check_functions(LAYER, {"dY_dX": lambda: None})


def test_the_report_is_strict_json(sandbox: Sandbox) -> None:
    """NaN and infinity are texts: any JSON reader can take the report."""
    import json

    report = graded(sandbox, RIGHT.replace("return np.diag(", "return np.nan * np.diag("))
    text = json.dumps(report.to_json(), allow_nan=False)
    assert json.loads(text)["targets"][1]["counterexample"]["actual"] == "NaN"


def test_wrong_answers_have_a_fingerprint_of_all_their_numbers(sandbox: Sandbox) -> None:
    """Equal where every number in every case is; what no number was returned for, and what is right, has none."""
    plain, same, other = (
        graded(sandbox, RIGHT.replace("1 - Y**2, X)", wrong)).targets
        for wrong in ("2 - Y**2, X)", "3 - (1 + Y*Y), X)", "2 - Y**2 + 1e-7 * (W.shape == (3, 2)), X)")
    )
    assert plain[0].answers_sha256
    assert plain[0].answers_sha256 == same[0].answers_sha256 != other[0].answers_sha256
    assert plain[1].answers_sha256 == ""
    assert graded(sandbox, "x = 1").targets[0].answers_sha256 == ""
