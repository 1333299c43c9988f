"""Find out why a function is missing: two files define it, its file did not load, or nobody wrote it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from grader.sandbox.wire.answer import Failure, Phase, Reason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.sandbox.job import Job
    from grader.sandbox.wire.answer import LoadError
    from grader.sandbox.wire.protocol import Loaded


def called_functions(job: Job) -> tuple[str, ...]:
    """Return the functions that a job calls, each once."""
    return tuple(dict.fromkeys(name for task in job.tasks for name in task.call.functions))


def explain_missing(name: str, loaded: Loaded, job: Job) -> Failure:
    """
    Return why a function is missing.

    It costs no points where several files define it, each differently: nobody knows which counts.
    """
    handed_in = {source.name for source in job.sources}
    defining = tuple(source for source in dict.fromkeys(loaded.defined.get(name, ())) if source in handed_in)
    if len(defining) > 1:
        return Failure(reason=Reason.SEVERAL_FUNCTIONS, function=name, sources=defining)
    others = tuple(sorted(set(loaded.defined) - set(called_functions(job))))
    similar = _most_similar(name, others)
    error = _error_behind(name, loaded.errors, job)
    if error is None:
        return Failure(reason=Reason.NO_FUNCTION, function=name, similar=similar, others=others)
    return Failure(
        reason=error.reason or Reason.RAISED,
        phase=error.phase or Phase.LOADING,
        source=error.source,
        detail=error.detail,
        traceback=error.traceback,
        function=name,
        similar=similar,
    )


def _error_behind(name: str, errors: Sequence[LoadError], job: Job) -> LoadError | None:
    """Return the load error that left a function undefined; in a notebook only that of a cell which mentions its name."""
    word = re.compile(rb"\b" + re.escape(name.encode()) + rb"\b")
    scripts = None
    for error in errors:
        for source in job.sources:
            for number, cell in enumerate(source.cells, 1):
                label = f"{source.name}, cell {number}" if source.is_notebook else source.name
                if label == error.source and word.search(cell):
                    return error
                if label == error.source and not source.is_notebook:
                    scripts = scripts or error
    return scripts


def _most_similar(name: str, others: Sequence[str]) -> str:
    """Return the function that may be meant by a name that is not there, or nothing."""
    import difflib

    return next(iter(difflib.get_close_matches(name, others, n=1, cutoff=0.7)), "")
