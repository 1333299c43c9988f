"""See whether the cases show what there is to see: sizes, a batch of one, each branch of each function, differences."""

from __future__ import annotations

from grader.audit.findings import Findings
from grader.errors import GraderError
from grader.exercise.model import Exercise, NamedCase
from grader.reference import cases, prepare, sizes
from grader.reference.model import Expected, Record

_BATCH_ATTEMPTS = 12


def try_coverage(exercise: Exercise, record: Record, findings: Findings) -> None:
    """
    Look for sizes, shapes of matrices and branches of functions that no case shows.

    Where the ranges or the formulas do not allow one, it is no fault; where no draw reaches it, it is a remark.
    """
    _try_sizes(exercise, record, findings)
    _try_batches(exercise, record, findings)
    for task, target in exercise.targets():
        if not any(expected.targets[task.function, target.name].any() for _, expected in record.cases):
            findings.remark(f"{target.name} is zero in every case at seed {record.seed}: whoever returns zeros is right.")
    _try_branches(exercise, record, findings)


def _try_sizes(exercise: Exercise, record: Record, findings: Findings) -> None:
    for need in sizes.requirements(exercise):
        if not any(need.is_met(case.sizes) for case, _ in record.cases) and sizes.is_possible(exercise.axes, need):
            findings.fault(
                f"No case has {need}, at seed {record.seed}.", "Use more random cases, or write a named one with these sizes."
            )


def _try_batches(exercise: Exercise, record: Record, findings: Findings) -> None:
    for axis in sizes.batch_axes(exercise):
        if any(case.sizes[axis] == 1 for case, _ in record.cases):
            continue
        if _tells_something(exercise, NamedCase(name="batch of one", sizes={axis: 1}), record.seed):
            remedy = f"Write one, as `batch of one: {{{axis}: 1}}` under cases.named: a slip in axes or means often shows there."
            findings.fault(f"No case has {axis} = 1, a batch of one.", remedy)
        else:
            findings.remark(f"No case has {axis} = 1, a batch of one: the answers would say nothing there, or have no value.")


def _tells_something(exercise: Exercise, edge: NamedCase, seed: int) -> bool:
    """Whether a case can be drawn so that no target is zero throughout and every declared mistake has a value."""
    from grader.reference.torch import compute

    try:
        plan = cases.plan_named(exercise, edge, seed)
        for attempt in range(_BATCH_ATTEMPTS):
            found = compute.expected(exercise, cases.draw_case(exercise, plan, seed, attempt))
            if isinstance(found, Expected):
                declared = (
                    (found.predictions[task.function, target.name], len(target.mistakes)) for task, target in exercise.targets()
                )
                return all(one is not None for predicted, count in declared for one in predicted[:count])
    except GraderError:  # such as shapes that do not fit at this size
        pass
    return False


def _try_branches(exercise: Exercise, record: Record, findings: Findings) -> None:
    from grader.reference.torch import branches

    missing = set(branches.all_branches(exercise)) - set().union(
        *(branches.branches_shown(exercise, case) for case, _ in record.cases)
    )
    for branch in sorted(missing, key=str):
        if prepare.reaches(exercise, branch, record.seed):
            remedy = "Use more random cases, or a named one that shows it."
            findings.fault(
                f"No case shows {branch}, at seed {record.seed}, and an answer that is wrong there would be right.", remedy
            )
        else:
            findings.remark(f"No draw reaches {branch}. Where that is possible, write a named case that shows it.")


def try_probes(exercise: Exercise, record: Record, findings: Findings) -> None:
    """Look for targets at which numerical differentiation would not show, where the exercise forbids it."""
    probed = {key for probe in record.probes for key in probe.targets}
    for task, target in exercise.targets():
        if (task.function, target.name) not in probed:
            why = "no input can be scaled so that differences lose their digits"
            what = f"numerical: forbid cannot be held for {target.name}: {why}."
            findings.fault(what, "Write numerical: flag; differences are then flagged where they show.")
