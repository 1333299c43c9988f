"""One answer to one target at one case, judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from grader.outcome import Status
from grader.reference.model import Case

if TYPE_CHECKING:
    from grader.sandbox.wire.answer import Array, Failure


@dataclass(frozen=True, slots=True, kw_only=True)
class WorstEntry:
    """The entry of an answer that is furthest out: where it is, what was expected, what was returned."""

    index: tuple[int, ...]
    expected: float
    actual: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The verdict on one answer."""

    case: Case
    status: Status
    actual: Array | None = None  # None unless an array was returned
    failure: Failure | None = None  # why nothing was returned, or does not count
    detail: str = ""  # the shape, the type or the number of things that was returned
    find_worst: Callable[[], WorstEntry] | None = field(default=None, compare=False, repr=False)  # looked for where it is shown

    @property
    def worst(self) -> WorstEntry | None:
        """The entry furthest out; None unless the shape is right and the value is not."""
        return self.find_worst() if self.find_worst else None
