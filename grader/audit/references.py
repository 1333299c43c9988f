"""Compare references with central differences and with symbolic derivatives."""

from __future__ import annotations

import numpy as np

from grader.audit.findings import Findings
from grader.exercise.model import Exercise
from grader.reference import tolerance
from grader.reference.model import Case, Expected, Record

DIFFERENCE_RTOL = 1e-5  # central differences of order 4 reach about 1e-9 on smooth functions
SYMBOLIC_RTOL = 1e-10  # relative to the largest entry: the symbolic derivative is exact, the reference is float64


def try_differences(exercise: Exercise, record: Record, findings: Findings) -> None:
    """Compare references with central differences, in the cases that are small enough to be quick."""
    from grader.reference.torch import compute, numerical

    for case, expected in record.cases:
        point = compute.point_of(exercise, case)
        for task, target in exercise.targets():
            gap = numerical.gap(point, target, expected.targets[task.function, target.name])
            if gap is None:
                continue
            findings.difference = max(findings.difference, gap)
            if gap > DIFFERENCE_RTOL:
                place = f'in the case "{case.name}" at seed {record.seed}'
                what = f"The reference of {target.name} and central differences differ by {gap:.1g} {place}."
                remedy = (
                    "Is the forward function smooth there? Choose draws that keep away from its kinks; if it is, torch is wrong."
                )
                findings.fault(what, remedy)


def try_symbolic(exercise: Exercise, record: Record, findings: Findings) -> None:
    """Compare references with symbolic derivatives where there are any, each target in the smallest case that tells enough."""
    from grader.reference.torch import compute, symbolic

    case, expected = min(record.cases, key=lambda drawn: (_may_hide_slips(*drawn), _entries(drawn[0])))
    point = compute.point_of(exercise, case)
    for task, target in exercise.targets():
        key = (task.function, target.name)
        reference = expected.targets[key]
        found = symbolic.derivative(point, target, reference)
        if found is None:
            continue
        error, largest = np.abs(found - reference), float(np.abs(found).max())
        rounding = min(tolerance.tolerance_of(expected, key, exercise.rtol).largest_rounding, tolerance.OF_THE_LARGEST * largest)
        if float(error.max()) <= SYMBOLIC_RTOL * largest + rounding + tolerance.ABSOLUTE_FLOOR:
            findings.symbolic += 1
            continue
        worst = np.unravel_index(np.argmax(error), error.shape)
        entry = f"{target.name}{[int(place) for place in worst]}" if worst else target.name
        gap = float(error[worst] / (largest or 1.0))
        what = (
            f"The reference of {target.name} and the symbolic derivative differ by {gap:.1g} of the largest entry in the case "
            f'"{case.name}" at seed {record.seed}: {entry} is {reference[worst]:.10g}, by SymPy {found[worst]:.10g}.'
        )
        findings.fault(what, "One of torch and SymPy is wrong there: choose other draws, or write the formula in another way.")


def _may_hide_slips(case: Case, expected: Expected) -> bool:
    """Whether a case has an axis of size 1, small whole numbers, or a target that is all zeros."""
    return 1 in case.sizes.values() or case.role == "small" or not all(array.any() for array in expected.targets.values())


def _entries(case: Case) -> int:
    return sum(value.size for value in case.values.values())
