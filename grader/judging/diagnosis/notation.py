"""How the axes of a target are called in a sentence."""

from __future__ import annotations

from grader.exercise.model import Exercise, Hessian, Jacobian, Local, Target


def owners(target: Target) -> tuple[str, str]:
    """Return the quantities to which the first and the second block of a target's axes belong."""
    match target.kind:
        case Hessian() as kind:
            return kind.wrt, kind.other
        case Local() | Jacobian() as kind:
            return (kind.of, kind.wrt) if target.layout == "numerator" else (kind.wrt, kind.of)
        case _:
            return "", ""


def labels(exercise: Exercise, target: Target) -> tuple[str, ...]:
    """Name a target's axes; a name that stands there twice says whose axis it is: `m of Y`."""
    axes = target.axes
    first, _ = exercise.blocks(target)
    if not first or len(set(axes)) == len(axes):
        return axes
    of = owners(target)
    if of[0] == of[1]:  # a Hessian of one variable
        return axes
    return tuple(f"{axis} of {of[place >= first]}" if axes.count(axis) > 1 else axis for place, axis in enumerate(axes))
