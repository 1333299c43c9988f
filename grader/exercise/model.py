"""
What an exercise is: axes, inputs, forward lines, tasks, targets, and the kinds of derivative with their shapes.

Immutable and already validated: `loading` makes these from YAML, everything else trusts them. Standard library only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal, TypeAlias, assert_never

from grader.exercise.fingerprints import EARNING, JUDGING, PROSE, fingerprint
from grader.exercise.formula import Formula
from grader.sandbox.limits import Arrays, Limits
from grader.sandbox.wire.call import Call

DEFAULT_RTOL = 1e-8  # float64 has 16 digits, float32 7; a term or a constant that is left out shows in the 8th

Layout: TypeAlias = Literal["numerator", "denominator"]

# Axes of a shape as they are written: names, or, for a size without an axis of its own, an expression such as `n + m`.
Axes: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnAxis:
    """An axis whose size is drawn from low..high, ends included; one number means low == high."""

    name: str
    low: int
    high: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DerivedAxis:
    """An axis whose size is an integer expression of axes above it, as `P: H - K + 1`."""

    name: str
    size: Formula


Axis: TypeAlias = DrawnAxis | DerivedAxis


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """How an input's numbers are drawn: `uniform(-1, 1)` is `Draw(law="uniform", parameters=(-1.0, 1.0))`."""

    law: str = "normal"
    parameters: tuple[float | str, ...] = ()  # numbers; for labels(C) the name of an axis


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """A named input of the forward function; `axes` is empty for a scalar."""

    name: str
    axes: Axes
    draw: Draw = Draw()


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """The gradient of an unseen loss by a quantity, ∂L/∂Y, that an exercise gives; drawn from the normal law."""

    name: str
    axes: Axes
    like: str | None = None  # the quantity whose shape it has, when written `like Y`


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of `forward`: a name, its formula, and the axes of the formula's value."""

    name: str
    formula: Formula
    axes: Axes


# The kinds of target. A closed union: `match` over it ends in `assert_never`, so that a new kind lists what it needs.


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """The quantity `of` itself. Shape: of."""

    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """∂of/∂wrt through the line of `of` alone, its other operands held fixed. Shape: (*of, *wrt)."""

    of: str
    wrt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradient:
    """∂of/∂wrt of a scalar `of`. Shape: wrt."""

    of: str
    wrt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Jacobian:
    """∂of/∂wrt. Shape: (*of, *wrt)."""

    of: str
    wrt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VJP:
    """
    Σ upstream · ∂of/∂wrt, summed over the axes of `of`. Shape: wrt.

    `also` holds further quantities with their own upstream gradients, whose sums are added: the h and c of an LSTM.
    """

    of: str
    wrt: str
    upstream: str
    also: tuple[tuple[str, str], ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every quantity with its upstream gradient."""
        return ((self.of, self.upstream), *self.also)


@dataclass(frozen=True, slots=True, kw_only=True)
class JVP:
    """Σ ∂of/∂wrt · tangent, summed over the axes of `wrt`. Shape: of. The tangent is an input."""

    of: str
    wrt: str
    tangent: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hessian:
    """∂²of/∂wrt∂other of a scalar `of`; `other` is `wrt` itself unless `and` names one. Shape: (*wrt, *other)."""

    of: str
    wrt: str
    other: str


Kind: TypeAlias = Value | Local | Gradient | Jacobian | VJP | JVP | Hessian


def symbol(kind: Kind) -> str:
    """Return the kind's name in formulas: `∂Y/∂W`; L is the unseen loss of an upstream gradient."""
    match kind:
        case Value():
            return kind.of
        case Local() | Gradient() | Jacobian():
            return f"∂{kind.of}/∂{kind.wrt}"
        case VJP():
            return f"∂L/∂{kind.wrt}"
        case JVP():
            return f"∂{kind.of}/∂{kind.wrt} · {kind.tangent}"
        case Hessian():
            below = f"∂{kind.wrt}²" if kind.wrt == kind.other else f"∂{kind.wrt}∂{kind.other}"
            return f"∂²{kind.of}/{below}"
        case _:
            assert_never(kind)


def quantities(kind: Kind) -> tuple[str, ...]:
    """Return the lines of forward that a target of this kind differentiates: one, but for a VJP of several."""
    return tuple(of for of, _ in kind.pairs) if isinstance(kind, VJP) else (kind.of,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong answer that people give: what they return, the hint they get, the share of points it still earns."""

    returned: Formula
    hint: str
    credit: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One array that a task returns. `axes` is its shape, after `layout`."""

    name: str
    kind: Kind
    axes: Axes
    points: float = 1.0
    layout: Layout = "numerator"
    mistakes: tuple[Mistake, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One function to write: the call that the grader makes, and the arrays that it returns, in order."""

    call: Call
    targets: tuple[Target, ...]

    @property
    def function(self) -> str:
        """The name of the function to write."""
        return self.call.function


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCase:
    """An edge case with a name: sizes of some axes, factors for some inputs, fixed values for others."""

    name: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    set: Mapping[str, object] = field(default_factory=dict)  # a number, or nested lists in the shape of the input


@dataclass(frozen=True, kw_only=True)  # no slots: cached_property needs a __dict__
class Exercise:
    """One exercise file. `id` is the file's stem."""

    id: str
    title: str
    axes: tuple[Axis, ...]
    inputs: tuple[Input, ...]
    forward: tuple[Line, ...]
    tasks: tuple[Task, ...]
    upstream: tuple[Upstream, ...] = ()
    statement: str | None = None
    source: str | None = None
    random_cases: int = 12
    named_cases: tuple[NamedCase, ...] = ()
    arrays: Arrays = "numpy"
    autodiff: Literal["forbid", "allow"] = "forbid"
    numerical: Literal["flag", "forbid"] = "flag"
    rtol: float = DEFAULT_RTOL  # see reference/tolerance.py
    partial: Literal["none", "cases"] = "none"
    limits: Limits = field(default_factory=Limits)
    path: str = field(default="", compare=False)  # where it was loaded from, for messages

    @property
    def points(self) -> float:
        """The points of all targets together."""
        return sum(target.points for _, target in self.targets())

    def targets(self) -> Iterator[tuple[Task, Target]]:
        """Yield every target with its task, in the order of the file."""
        for task in self.tasks:
            for target in task.targets:
                yield task, target

    def axes_of(self, name: str) -> Axes:
        """Return the axes of an input, an upstream gradient or a line of `forward`. Raises KeyError for another name."""
        for group in (self.inputs, self.upstream, self.forward):
            for item in group:
                if item.name == name:
                    return item.axes
        raise KeyError(name)

    def blocks(self, target: Target) -> tuple[int, int]:
        """Count the axes of the first and of the second block of a target; (0, 0) for kinds that have no blocks."""
        match target.kind:
            case Local() | Jacobian():
                of, wrt = len(self.axes_of(target.kind.of)), len(self.axes_of(target.kind.wrt))
                return (of, wrt) if target.layout == "numerator" else (wrt, of)
            case Hessian():
                return len(self.axes_of(target.kind.wrt)), len(self.axes_of(target.kind.other))
            case _:
                return 0, 0

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that students write, each once; those that a task calls first come before its own."""
        return tuple(dict.fromkeys(name for task in self.tasks for name in task.call.functions))

    @property
    def called_quantities(self) -> tuple[str, ...]:
        """The lines of `forward` that a call passes to a student's function."""
        lines = {line.name for line in self.forward}
        return tuple(dict.fromkeys(name for task in self.tasks for name in task.call.names if name in lines))

    # A fingerprint takes 0.7 ms to compute, and every report has one.

    @cached_property
    def sha256(self) -> str:
        """The fingerprint of what the exercise asks and how it judges; prose and comments do not change it."""
        return fingerprint(self, leave_out=PROSE)

    @cached_property
    def verdict_sha256(self) -> str:
        """The fingerprint of what verdicts depend on; what a verdict earns (points, credit, partial) does not change it."""
        return fingerprint(self, leave_out=PROSE | EARNING)

    @cached_property
    def record_sha256(self) -> str:
        """
        The fingerprint of what the cases and expected arrays depend on; points and limits do not change it.

        Of the calls only the quantities count that they pass: these are in the record.
        """
        return fingerprint(self, leave_out=PROSE | JUDGING, called=sorted(self.called_quantities))
