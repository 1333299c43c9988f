"""Why a function is missing: it clashes, its file did not load, or nobody wrote it."""

from __future__ import annotations

from collections.abc import Mapping

from grader.sandbox.host.missing import called_functions, explain_missing
from grader.sandbox.job import Job
from grader.sandbox.limits import Limits
from grader.sandbox.wire.answer import Failure, LoadError, Phase, Reason
from grader.sandbox.wire.call import Call, Given
from grader.sandbox.wire.plan import Source, TaskPlan
from grader.sandbox.wire.protocol import Loaded

FORWARD = Given(name="cache", function="forward", arguments=())
PLANS = (
    TaskPlan(call=Call(function="dY_dW", arguments=(), given=(FORWARD,)), returns=("y",), inputs=()),
    TaskPlan(call=Call(function="dY_dB", arguments=(), given=(FORWARD,)), returns=("y",), inputs=()),
)


def explained(
    *sources: Source, defined: Mapping[str, tuple[str, ...]] | None = None, errors: tuple[LoadError, ...] = ()
) -> Failure:
    """Return why dY_dW is missing."""
    job = Job(sources=sources, tasks=PLANS, arrays="numpy", limits=Limits())
    return explain_missing("dY_dW", Loaded(errors=errors, defined=defined or {}, autodiff=()), job)


A, B = Source(name="a.py", cells=(b"def dY_dB(): pass",)), Source(name="b.py", cells=(b"",))
NOTEBOOK = Source(name="n.ipynb", cells=(b"plot(1)", b"def dY_dW() pass"), is_notebook=True)


def test_called_functions_are_each_there_once() -> None:
    """Those that make arguments, too."""
    assert called_functions(Job(sources=(), tasks=PLANS, arrays="numpy", limits=Limits())) == ("forward", "dY_dW", "dY_dB")


def test_a_function_of_two_files_is_nobodys_fault() -> None:
    """Only files that were handed in count: a child can name any."""
    clash = explained(A, B, defined={"dY_dW": ("a.py", "b.py", "a.py")})
    assert clash == Failure(reason=Reason.SEVERAL_FUNCTIONS, function="dY_dW", sources=("a.py", "b.py"))
    assert explained(A, defined={"dY_dW": ("a.py", "forged.py")}).reason is Reason.NO_FUNCTION


def test_what_is_there_instead_is_told() -> None:
    """The student's other functions, and the one whose name is nearly the missing one."""
    failure = explained(A, defined={"helper": ("a.py",), "dY_dw": ("a.py",), "dY_dB": ("a.py",)})
    assert failure == Failure(reason=Reason.NO_FUNCTION, function="dY_dW", similar="dY_dw", others=("dY_dw", "helper"))


def test_an_error_of_its_file_is_the_reason() -> None:
    """With its phase, its line and where it was."""
    error = LoadError(source="a.py", reason=Reason.REFUSED, phase=Phase.LOADING, detail="torch is not available", traceback="t")
    failure = explained(A, errors=(error,))
    assert (failure.reason, failure.phase, failure.source, failure.detail, failure.traceback) == (
        Reason.REFUSED,
        Phase.LOADING,
        "a.py",
        "torch is not available",
        "t",
    )


def test_a_cell_is_the_reason_only_if_it_mentions_the_function() -> None:
    """Another cell that failed would not have defined it."""
    first, second = (LoadError(source=f"n.ipynb, cell {number}", detail=f"{number}") for number in (1, 2))
    assert explained(NOTEBOOK, errors=(first, second)).source == "n.ipynb, cell 2"
    assert explained(NOTEBOOK, errors=(first,)).reason is Reason.NO_FUNCTION
