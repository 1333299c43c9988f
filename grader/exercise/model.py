"""
What an exercise is: axes, inputs, forward lines, tasks, targets, and the kinds of derivative with their shapes.

Immutable and already validated: `loading` makes these from YAML, everything else trusts them. Standard library only.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, assert_never

from grader.exercise.formula import Formula
from grader.sandbox.wire.call import Call

if TYPE_CHECKING:
    from datetime import datetime

    from grader.exercise.adjustments import LateRule, Override
    from grader.sandbox.wire.call import Argument, Given

DEFAULT_RTOL = 1e-8  # float64 has 16 digits; float32 has 7, and a term or a constant left out shows in the 8th

Arrays: TypeAlias = Literal["numpy", "torch"]
Layout: TypeAlias = Literal["numerator", "denominator"]
Feedback: TypeAlias = Literal["full", "hints", "score"]  # what students are shown: all, reasons without numbers, points only
ShownCases: TypeAlias = Literal["public", "secret"]  # of which cases: those that they have at home, or those that earn the points

# An axis as it is written in a shape: its name, or, for sizes that no axis is named after, an expression such as `n + m`.
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
    """A gradient ∂L/∂(quantity) that arrives from a loss the student never sees; drawn normal."""

    name: str
    axes: Axes
    like: str | None = None  # the quantity whose shape it has, when written `like Y`


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of `forward`: a name, its formula, and the axes that the formula's shape comes to."""

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

    `also` has further quantities, each with its own upstream gradient, whose sums are added: the h and c of an LSTM.
    """

    of: str
    wrt: str
    upstream: str
    also: tuple[tuple[str, str], ...] = ()

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """Every quantity with the gradient that arrives there."""
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
    """The kind's name in formulas: `∂Y/∂W`; L is the loss that an upstream gradient comes from."""
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
    """The lines of forward that a target of this kind is of: one, but for a VJP of several."""
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
    """One function to write: exactly the call that the grader makes, and the arrays that it returns, in order."""

    function: str
    arguments: tuple[Argument, ...]
    targets: tuple[Target, ...]
    given: tuple[Given, ...] = ()

    @property
    def call(self) -> str:
        """The call as text: `dY_dW(W, X, B)`."""
        return f"{self.function}({', '.join(map(str, self.arguments))})"

    @property
    def functions(self) -> tuple[str, ...]:
        """The functions that the student has to define for this task, `given` ones first."""
        return tuple(dict.fromkeys((*(given.function for given in self.given), self.function)))


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedCase:
    """An edge case with a name: sizes of some axes, factors for some inputs, fixed values for others."""

    name: str
    sizes: Mapping[str, int] = field(default_factory=dict)
    scale: Mapping[str, float] = field(default_factory=dict)
    set: Mapping[str, object] = field(default_factory=dict)  # a number, or nested lists in the shape of the input


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one call may use: CPU seconds (loading has the same, the whole submission ten times that) and memory."""

    seconds: float = 10.0
    memory_mib: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
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
    rtol: float = DEFAULT_RTOL  # see `agreement`
    partial: Literal["none", "cases"] = "none"
    limits: Limits = Limits()
    path: str = field(default="", compare=False)  # where it was loaded from, for messages
    # 0.7 ms each to compute, and every report has one
    _fingerprints: dict[frozenset[str], str] = field(default_factory=dict, init=False, compare=False, repr=False)

    @property
    def points(self) -> float:
        """The points of all targets."""
        return sum(target.points for _, target in self.targets())

    def targets(self) -> Iterator[tuple[Task, Target]]:
        """Every target with its task, in the order of the file."""
        for task in self.tasks:
            for target in task.targets:
                yield task, target

    def axes_of(self, name: str) -> Axes:
        """The axes of an input, an upstream gradient or a quantity of `forward`. Raises KeyError for another name."""
        for group in (self.inputs, self.upstream, self.forward):
            for item in group:
                if item.name == name:
                    return item.axes
        raise KeyError(name)

    def blocks(self, target: Target) -> tuple[int, int]:
        """How many axes of a target belong to its first and to its second block; (0, 0) for kinds that have no blocks."""
        match target.kind:
            case Local() | Jacobian():
                of, wrt = len(self.axes_of(target.kind.of)), len(self.axes_of(target.kind.wrt))
                return (of, wrt) if target.layout == "numerator" else (wrt, of)
            case Hessian():
                return len(self.axes_of(target.kind.wrt)), len(self.axes_of(target.kind.other))
            case _:
                return 0, 0

    @property
    def called_quantities(self) -> tuple[str, ...]:
        """The lines of `forward` that a call passes to a student's function."""
        lines = {line.name for line in self.forward}
        calls = [Call(function=task.function, arguments=task.arguments, given=task.given) for task in self.tasks]
        return tuple(dict.fromkeys(name for call in calls for name in call.names if name in lines))

    @property
    def sha256(self) -> str:
        """The fingerprint of what the exercise asks and how it judges; prose and comments do not change it."""
        return self._fingerprint(_PROSE)

    @property
    def verdict_sha256(self) -> str:
        """The fingerprint of what verdicts depend on; what a verdict earns (points, credit, partial) does not change it."""
        return self._fingerprint(_PROSE | _EARNING)

    @property
    def record_sha256(self) -> str:
        """
        The fingerprint of what its cases and expected arrays depend on; points and limits do not change it.

        Calls do only by the quantities that they pass, since a record holds these.
        """
        return self._fingerprint(_PROSE | _JUDGING, called=sorted(self.called_quantities))

    def _fingerprint(self, leave_out: frozenset[str], *, called: Sequence[str] = ()) -> str:
        if leave_out not in self._fingerprints:
            self._fingerprints[leave_out] = _fingerprint(self, leave_out=leave_out, called=called)
        return self._fingerprints[leave_out]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Exercises that are handed in together; overrides of the assignment file are already in them."""

    id: str
    title: str
    exercises: tuple[Exercise, ...]
    due: datetime | None = None
    feedback: Feedback = "full"
    shown_cases: ShownCases = "public"
    late: LateRule | None = None
    overrides: tuple[Override, ...] = ()
    path: str = field(default="", compare=False)


_PROSE = frozenset({"title", "source", "statement", "hint", "path", "_fingerprints"})
_EARNING = frozenset({"points", "credit", "partial"})
_JUDGING = frozenset({"points", "credit", "rtol", "partial", "limits", "arrays", "autodiff", "numerical", "arguments", "given"})


def _fingerprint(exercise: Exercise, *, leave_out: frozenset[str], called: Sequence[str]) -> str:
    import hashlib  # not at the top: loading OpenSSL takes 7 ms, and `grader list` needs no fingerprint
    import json

    whole = [_plain(exercise, leave_out), list(called)] if called else _plain(exercise, leave_out)
    plain = json.dumps(whole, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def _plain(thing: object, leave_out: frozenset[str]) -> object:
    """The data of a tree of dataclasses, as JSON takes it; the type's name keeps kinds with equal fields apart."""
    if isinstance(thing, Formula):
        return thing.canonical
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        named = {f.name: _plain(getattr(thing, f.name), leave_out) for f in dataclasses.fields(thing) if f.name not in leave_out}
        return {"type": type(thing).__name__, **named}
    if isinstance(thing, Mapping):
        return {str(key): _plain(value, leave_out) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [_plain(item, leave_out) for item in thing]
    return thing
