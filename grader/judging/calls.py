"""
Plan the calls that judge an exercise: which function, in which cases, in which child.

Every function is called in the public cases, which its student may see, then in the secret ones, which earn the points, then
in a few of these again in another order, where state and chance show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from grader.exercise.model import Exercise, Task
from grader.reference.model import Case, Expected, Probe, Record
from grader.sandbox.wire.plan import Purpose, TaskPlan

if TYPE_CHECKING:
    from grader.sandbox.wire.plan import Inputs

REPEATED = 4  # cases of a task that are called again


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls:
    """
    The calls that judge an exercise, as plans for the sandbox in the order of the tasks.

    `shown` is empty where the counted cases are public. `repeated_cases` says which of the counted cases are called again.
    """

    shown: tuple[TaskPlan, ...]
    counted: tuple[TaskPlan, ...]
    repeated: tuple[TaskPlan, ...]
    repeated_cases: tuple[int, ...]

    @property
    def plans(self) -> tuple[TaskPlan, ...]:
        """All plans: shown, counted, repeated."""
        return (*self.shown, *self.counted, *self.repeated)


def plan_calls(exercise: Exercise, record: Record) -> Calls:
    """Plan the calls of every task."""
    counted = tuple(
        replace(plan_counted(task, record), child=child) for task, child in zip(exercise.tasks, _children(exercise), strict=True)
    )
    repeated_cases = _repeated_cases(len(record.cases))
    shown: tuple[TaskPlan, ...] = ()
    if record.public is not None:
        inputs = tuple(_inputs(case, expected) for case, expected in record.public.cases)
        shown = tuple(_with_inputs(plan, "shown", inputs) for plan in counted)
    repeated = tuple(_with_inputs(plan, "repeated", [plan.inputs[number] for number in repeated_cases]) for plan in counted)
    return Calls(shown=shown, counted=counted, repeated=repeated, repeated_cases=repeated_cases)


def plan_counted(task: Task, record: Record) -> TaskPlan:
    """Plan the calls that count: every case in order, then the probes that serve one of the task's targets."""
    points = [*record.cases, *((probe.case, probe.expected) for probe in probes_of(task, record))]
    inputs = tuple(_inputs(case, expected) for case, expected in points)
    return TaskPlan(call=task.call, returns=tuple(target.name for target in task.targets), inputs=inputs)


def probes_of(task: Task, record: Record) -> list[Probe]:
    """Return the probes at which a task's function is called, in order."""
    return [probe for probe in record.probes if any(function == task.function for function, _ in probe.targets)]


def _with_inputs(plan: TaskPlan, purpose: Purpose, inputs: Sequence[Inputs]) -> TaskPlan:
    return replace(plan, purpose=purpose, inputs=tuple(inputs))


def _inputs(case: Case, expected: Expected) -> Inputs:
    return {**case.sizes, **expected.quantities, **case.values}


def _repeated_cases(count: int) -> tuple[int, ...]:
    """
    Choose the cases that are called again, from the last to the first.

    >>> _repeated_cases(16), _repeated_cases(2)
    ((15, 10, 5, 0), (1, 0))
    """
    most = min(count, REPEATED)
    return tuple(round(step * (count - 1) / max(1, most - 1)) for step in reversed(range(most)))


def _children(exercise: Exercise) -> tuple[int, ...]:
    """
    Return the number of each task's child: tasks share one only if they are given the same quantities of `forward`.

    What one task is given another may have to find out. In a child of its own, memory earns it nothing; and nobody has to
    see from the formulas whether it could.
    """
    quantities = {line.name for line in exercise.forward}
    given = [frozenset(quantities.intersection(task.call.names)) for task in exercise.tasks]
    numbers = {names: number for number, names in enumerate(dict.fromkeys(given))}
    return tuple(numbers[names] for names in given)
