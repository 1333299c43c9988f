"""What a child is sent: the sources of a submission, and the calls to make. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array
    from grader.sandbox.wire.call import Call

    Inputs: TypeAlias = Mapping[str, Array | int]

# Why calls are made: their answers are shown to the student, count for points, or are compared with earlier answers.
Purpose: TypeAlias = Literal["shown", "counted", "repeated"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)  # in the order in which a child makes them


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file of a submission: a .py file has one cell, a notebook one a code cell. Bytes as handed in."""

    name: str
    cells: tuple[bytes, ...]
    is_notebook: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """One call to make, once for each of `inputs`: values by name, axes as int."""

    call: Call
    returns: tuple[str, ...]  # names of the targets, in order
    inputs: tuple[Inputs, ...]
    purpose: Purpose = "counted"
    child: int = 0  # plans with the same number share a child
    # its frame but for the header, where that is small: a class is asked the same again and again
    packed: list[bytes] = field(default_factory=list, init=False, compare=False, repr=False)
