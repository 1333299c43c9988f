"""
Say in words and formulas what an exercise asks: a statement if the file has none, and names for arrays and entries.

The same notation is used in starters, in `show` and in reports: `dY_dW[k,i,j] = ∂Y[k]/∂W[i,j]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from grader.exercise.model import JVP, VJP, Gradient, Hessian, Jacobian, Local, Value, symbol
from grader.text import and_list, shape_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.exercise.model import Axes, Exercise, Input, Kind, Target

_LETTERS = "ijklpqrstuvabcd"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notation:
    """How one target is written."""

    name: str
    symbol: str  # `∂Y/∂W`
    shape: str  # `(m, m, n)`
    formula: str  # `dY_dW[k,i,j] = ∂Y[k]/∂W[i,j]`
    axes_in_words: str  # "∂Y/∂W has shape (m, m, n): the axes of Y, then the axes of W."
    kind: Kind
    blocks: tuple[int, int]
    is_denominator: bool

    def entry(self, index: Sequence[int]) -> str:
        """Name one entry: `∂Y[0]/∂W[1,2]`."""
        return _entry(self.kind, *self._split([str(i) for i in index]))

    def _split(self, index: list[str]) -> tuple[list[str], list[str]]:
        """Split an index into those of `of` and of `wrt`; for a Hessian of `wrt` and of `other`."""
        first, _ = self.blocks
        return (index[first:], index[:first]) if self.is_denominator else (index[:first], index[first:])


def notation(exercise: Exercise, target: Target) -> Notation:
    """
    Return the notation of one target of an exercise.

    >>> from grader.exercise.model import Exercise, Input, Line, Target
    >>> from grader.exercise.formula import parse
    >>> inputs = (Input(name="W", axes=("m", "n")), Input(name="X", axes=("n",)))
    >>> target = Target(name="dY_dW", kind=Jacobian(of="Y", wrt="W"), axes=("m", "m", "n"))
    >>> line = Line(name="Y", formula=parse("W @ X"), axes=("m",))
    >>> exercise = Exercise(id="e", title="", axes=(), inputs=inputs, forward=(line,), tasks=())
    >>> notation(exercise, target).formula, notation(exercise, target).entry((0, 1, 2))
    ('dY_dW[k,i,j] = ∂Y[k]/∂W[i,j]', '∂Y[0]/∂W[1,2]')
    """
    return Notation(
        name=target.name,
        symbol=symbol(target.kind),
        shape=shape_text(target.axes),
        formula=_formula(exercise, target),
        axes_in_words=_axes_in_words(exercise, target),
        kind=target.kind,
        blocks=exercise.blocks(target),
        is_denominator=target.layout == "denominator",
    )


def statement(exercise: Exercise) -> str:
    """Return the exercise's statement in Markdown: its own, or one made from its inputs and its forward function."""
    if exercise.statement:
        return exercise.statement.strip()
    given = and_list([f"`{item.name}`{_of_shape(item.axes)}{_in_brackets(contents(item))}" for item in exercise.inputs])
    lines = "\n".join(f"    {line.name} = {line.formula.text}" for line in exercise.forward)
    paragraphs = [f"Given {given}, let", lines]
    arriving = [f"`{item.name}`{f' = ∂L/∂{item.like}' if item.like else ''}{_of_shape(item.axes)}" for item in exercise.upstream]
    if arriving:
        what = "arrives the gradient" if len(arriving) == 1 else "arrive the gradients"
        paragraphs.append(f"From a loss L that you do not see {what} {and_list(arriving)}.")
    if any("@" in line.formula.text for line in exercise.forward):
        paragraphs.append("`@` is the matrix product, `*` multiplies entry by entry.")
    return "\n\n".join(paragraphs)


# What an answer may use about numbers of each draw; `{}` is the parameter of the draw.
_CONTENTS = {
    "labels": "whole numbers from 0 to {} - 1",
    "onehot": "one 1 along the last axis, else 0",
    "mask": "0 or 1",
    "simplex": "positive, with the sum 1 along the last axis",
    "positive": "positive",
    "distinct": "no two alike",
    "symmetric": "symmetric",
    "spd": "symmetric, positive definite",
    "orthogonal": "orthogonal",
}


def contents(item: Input) -> str:
    """Say what sort of numbers an input holds, if an answer may use that; nothing for any numbers."""
    return _CONTENTS.get(item.draw.law, "").format(*item.draw.parameters)


def _in_brackets(text: str) -> str:
    return f" ({text})" if text else ""


def _of_shape(axes: Axes) -> str:
    return f" of shape {shape_text(axes)}" if axes else " (a number)"


def _formula(exercise: Exercise, target: Target) -> str:
    used = {axis.name for axis in exercise.axes} | {item.name for item in exercise.inputs}
    used |= {item.name for item in exercise.upstream} | {line.name for line in exercise.forward}
    letters = [letter for letter in _LETTERS if letter not in used]
    kind = target.kind
    match kind:
        case Value():
            at = _at(letters[: len(target.axes)])
            return target.name if target.name == kind.of else f"{target.name}{at} = {kind.of}{at}"
        case Hessian():
            first, second = exercise.blocks(target)
            left, right = letters[:first], letters[first : first + second]
            return f"{target.name}{_at([*left, *right])} = {_entry(kind, left, right)}"
        case _:
            return _first_order(exercise, target, kind, letters)


def _first_order(
    exercise: Exercise, target: Target, kind: Local | Gradient | Jacobian | VJP | JVP, letters: Sequence[str]
) -> str:
    of, wrt = _indices(kind, letters, len(exercise.axes_of(kind.of)), len(exercise.axes_of(kind.wrt)))
    partial = f"∂{kind.of}{_at(of)}/∂{kind.wrt}{_at(wrt)}"
    match kind:
        case Local() | Jacobian() | Gradient():
            index = (*wrt, *of) if target.layout == "denominator" else (*of, *wrt)
            held = ", the other operands of its line held fixed" if isinstance(kind, Local) else ""
            return f"{target.name}{_at(index)} = {partial}{held}"
        case VJP():
            terms = " + ".join(_term(exercise, kind, pair, letters, wrt) for pair in kind.pairs)
            return f"{target.name}{_at(wrt)} = ∂L/∂{kind.wrt}{_at(wrt)} = {terms}"
        case JVP():
            return f"{target.name}{_at(of)} = {_sum(wrt)}{partial} {kind.tangent}{_at(wrt)}"
        case _:
            assert_never(kind)


def _term(exercise: Exercise, kind: VJP, pair: tuple[str, str], letters: Sequence[str], wrt: Sequence[str]) -> str:
    """Write the part of a VJP that comes through one quantity: `Σ_k dh[k] ∂h[k]/∂W[i,j]`."""
    of, upstream = pair
    index = letters[len(wrt) : len(wrt) + len(exercise.axes_of(of))]
    return f"{_sum(index)}{upstream}{_at(index)} ∂{of}{_at(index)}/∂{kind.wrt}{_at(wrt)}"


def _indices(kind: Kind, letters: Sequence[str], of: int, wrt: int) -> tuple[Sequence[str], Sequence[str]]:
    """
    Choose letters for both. What is returned begins with i.

    A matrix that is differentiated by gets i and j, as in textbooks.
    """
    if isinstance(kind, VJP) or (wrt >= 2 and of <= 1 and not isinstance(kind, JVP)):
        return letters[wrt : wrt + of], letters[:wrt]
    return letters[:of], letters[of : of + wrt]


def _sum(index: Sequence[str]) -> str:
    return f"Σ_{''.join(index)} " if index else ""


def _entry(kind: Kind, first: Sequence[str], second: Sequence[str]) -> str:
    match kind:
        case Value():
            return f"{kind.of}{_at([*first, *second])}"
        case Local() | Jacobian():
            return f"∂{kind.of}{_at(first)}/∂{kind.wrt}{_at(second)}"
        case Gradient():
            return f"∂{kind.of}/∂{kind.wrt}{_at([*first, *second])}"
        case VJP():
            return f"∂L/∂{kind.wrt}{_at([*first, *second])}"
        case Hessian():
            return f"∂²{kind.of}/∂{kind.wrt}{_at(first)}∂{kind.other}{_at(second)}"
        case JVP():
            return f"({symbol(kind)}){_at([*first, *second])}"
        case _:
            assert_never(kind)


def _axes_in_words(exercise: Exercise, target: Target) -> str:
    kind, name = target.kind, symbol(target.kind)
    if not target.axes:
        return f"{name} is a single number, of shape ()."
    match kind:
        case Local() | Jacobian():
            order = (kind.wrt, kind.of) if target.layout == "denominator" else (kind.of, kind.wrt)
            meaning = ", then ".join(f"the axes of {name}" for name in order if exercise.axes_of(name))
        case Hessian():
            order = (kind.wrt, kind.other)
            meaning = ", then ".join(f"the axes of {name}" for name in order if exercise.axes_of(name))
        case Gradient() | VJP():
            meaning = f"the axes of {kind.wrt}"
        case JVP() | Value():
            meaning = f"the axes of {kind.of}"
        case _:
            assert_never(kind)
    return f"{name} has shape {shape_text(target.axes)}: {meaning}."


def _at(index: Sequence[str] | Sequence[int]) -> str:
    return f"[{','.join(map(str, index))}]" if index else ""
