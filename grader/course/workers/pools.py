"""Choose the workers of a run: threads, processes, or a cluster."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from grader.course.workers.grading import Steps
from grader.course.workers.threads import Pool, Threads
from grader.errors import Fault, GraderError
from grader.installed import install_command

if TYPE_CHECKING:
    from distributed import Client

    from grader.judging.judge import Judge

ENOUGH_FOR_PROCESSES = 100  # entries: starting a worker process costs as much as grading a score of them


def open_pool(
    steps: Steps,
    judges: Mapping[str, Judge],
    *,
    entries: int,
    jobs: int = 0,
    scheduler: str | Client | None = None,
    insecure: bool = False,
) -> Pool:
    """
    Start the workers for this many entries: a cluster's, processes, or threads where these do as well.

    `jobs` 0 means as many as there are processors. Raises GraderError when the cluster cannot be used.
    """
    jobs = jobs or processors()
    if steps.isolation and scheduler:
        try:
            from grader.course.workers.cluster import Cluster
        except ImportError as error:
            remedy = f"Install it: {install_command('class')}"
            raise GraderError(Fault("--scheduler", f"It needs Dask, which is not installed ({error}).", remedy)) from None
        return Cluster(scheduler, jobs, steps.isolation, judges, insecure=insecure)
    if steps.isolation and jobs > 1 and entries >= ENOUGH_FOR_PROCESSES and os.name == "posix":
        from grader.course.workers.processes import Processes

        return Processes(jobs, steps.isolation, judges)
    return Threads(jobs, steps, judges)


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
