"""
Plan the sizes of an exercise's axes in every case, for all cases together.

The cases of every seed have to meet a list of requirements: each size of a small range, matrices that are wide, tall and
square. Beyond that, the sizes of one case differ if they can, so that a transposed answer has another shape.
"""

from __future__ import annotations

import hashlib
import itertools
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from grader.exercise.model import DrawnAxis
from grader.exercise.sizes import complete

if TYPE_CHECKING:
    from grader.exercise.model import Axis, Exercise

Sizes: TypeAlias = Mapping[str, int]

SMALL_RANGE = 4  # sizes: of a wider range not every size has to occur
TRIES = 200
_CANDIDATES = 24  # for the sizes of one case
_MAX_LISTED = 64  # sizes of a range that are looked at one by one
_MAX_COMBINATIONS = 50_000
# Weight of a requirement that is met, relative to an equal pair of sizes; it grows while requirements stay unmet.
_WEIGHTS = (1.0, 4.0, 16.0, 16.0, 16.0)
_EQUAL, _EQUAL_TO_FIXED = 4.0, 1.0


@dataclass(frozen=True, slots=True)
class SizeRequirement:
    """A requirement that at least one case has to meet: a size of an axis, or how the axes of a matrix compare."""

    axis: str
    value: int  # the size; with another axis -1, 0 or 1: the axis is shorter, as long, or longer
    other: str = ""

    def is_met(self, sizes: Sizes) -> bool:
        """Tell whether these sizes meet the requirement."""
        if not self.other:
            return sizes[self.axis] == self.value
        return _order(sizes[self.axis], sizes[self.other]) == self.value

    def __str__(self) -> str:
        if not self.other:
            return f"{self.axis} = {self.value}"
        shape = {-1: "wide", 0: "square", 1: "tall"}[self.value]
        return f"{self.axis} {'<=>'[self.value + 1]} {self.other}, a {shape} matrix"


def requirements(exercise: Exercise) -> tuple[SizeRequirement, ...]:
    """List what the sizes of the cases have to show, as far as each range by itself allows it."""
    drawn = {axis.name: axis for axis in exercise.axes if isinstance(axis, DrawnAxis)}
    found = [
        SizeRequirement(axis.name, size)
        for axis in drawn.values()
        if 1 < len(_range(axis)) <= SMALL_RANGE
        for size in _range(axis)
    ]
    for first, second in _matrices(exercise):
        one, two = drawn.get(first), drawn.get(second)
        if one and two and (one.low < one.high or two.low < two.high):
            possible = {-1: one.low < two.high, 0: max(one.low, two.low) <= min(one.high, two.high), 1: one.high > two.low}
            found += [SizeRequirement(first, order, second) for order, is_possible in possible.items() if is_possible]
    return tuple(found)


def batch_axes(exercise: Exercise) -> tuple[str, ...]:
    """Find the axes of a batch or of outputs: they come first wherever they stand, and before another axis at least once."""
    arrays = [*(item.axes for item in exercise.inputs), *(item.axes for item in exercise.upstream)]
    found = []
    for axis in exercise.axes:
        having = [axes for axes in arrays if axis.name in axes]
        comes_first = all(axes[0] == axis.name and axis.name not in axes[1:] for axes in having)
        if isinstance(axis, DrawnAxis) and comes_first and any(len(axes) > 1 for axes in having):
            found.append(axis.name)
    return tuple(found)


def is_possible(axes: Sequence[Axis], need: SizeRequirement) -> bool:
    """
    Tell whether some sizes within the ranges meet a requirement, with all computed axes at least 1.

    Wide ranges are tried in part.
    """
    drawn = [axis for axis in axes if isinstance(axis, DrawnAxis)]
    drawn.sort(key=lambda axis: axis.name in (need.axis, need.other))  # the last axes are varied first
    ranges = [list(itertools.islice(_range(axis), _MAX_LISTED)) for axis in drawn]
    names = [axis.name for axis in drawn]
    for choice in itertools.islice(itertools.product(*ranges), _MAX_COMBINATIONS):
        sizes = dict(zip(names, choice, strict=True))
        if need.is_met(sizes) and complete(axes, sizes) is not None:
            return True
    return False


def smallest_sizes(axes: Sequence[Axis], rank: int) -> dict[str, int] | None:
    """
    Give each axis the smallest size that no other has yet; None if no sizes fit.

    `rank` rotates which axis chooses first.
    """
    drawn = [axis for axis in axes if isinstance(axis, DrawnAxis)]
    turn = drawn[rank % len(drawn) :] + drawn[: rank % len(drawn)] if drawn else []
    for slack in range(TRIES):  # slack grows all sizes together until computed axes fit
        taken: set[int] = set()
        sizes = {}
        for axis in turn:
            low = min(axis.low + slack, axis.high)
            sizes[axis.name] = next((size for size in range(low, axis.high + 1) if size not in taken), low)
            taken.add(sizes[axis.name])
        if (found := complete(axes, sizes)) is not None:
            return found
    return None


def named_sizes(axes: Sequence[Axis], fixed: Sizes, key: str) -> dict[str, int] | None:
    """Complete the sizes that a named case says by drawn ones, all different if the ranges allow it; None if no sizes fit."""
    rng = _random(key)
    drawn = [axis for axis in axes if isinstance(axis, DrawnAxis)]
    for attempt in range(TRIES):
        sizes = _candidate(drawn, rng, {}, steered=False, fixed=fixed)
        differ = len(set(sizes.values())) == len(drawn)
        if (differ or attempt >= TRIES // 2) and (found := complete(axes, {**fixed, **sizes})) is not None:
            return found
    return None


def plan_sizes(exercise: Exercise, key: str, count: int, others: Sequence[Sizes]) -> tuple[dict[str, int], ...] | None:
    """
    Plan the sizes of `count` random cases beside those of the `others`; None if no sizes fit.

    All requirements that sizes within the ranges can meet together are met. Only the last case is square, if no other is.
    """
    wanted = [need for need in requirements(exercise) if not any(need.is_met(sizes) for sizes in others)]
    best: tuple[dict[str, int], ...] | None = None
    fewest = len(wanted) + 1
    for attempt, weight in enumerate(_WEIGHTS):
        planned = _plan(exercise.axes, wanted, [_random(key, str(attempt), str(place)) for place in range(count)], weight)
        if planned is None:
            return best
        unmet = sum(not any(need.is_met(sizes) for sizes in planned) for need in wanted)
        if unmet < fewest:
            best, fewest = planned, unmet
        if not unmet:
            break
    return best


def _plan(
    axes: Sequence[Axis], wanted: Sequence[SizeRequirement], streams: Sequence[random.Random], weight: float
) -> tuple[dict[str, int], ...] | None:
    drawn = [axis for axis in axes if isinstance(axis, DrawnAxis)]
    used: dict[str, Counter[int]] = {axis.name: Counter() for axis in drawn}
    unmet = list(wanted)
    planned: list[dict[str, int]] = []
    for place, rng in enumerate(streams):
        is_last = place == len(streams) - 1
        asked = [need for need in unmet if is_last or not need.other or need.value]
        best: dict[str, int] | None = None
        highest = 0.0
        fitting = 0
        for attempt in range(TRIES):
            chosen = _candidate(drawn, rng, used, steered=attempt % 2 == 0)
            if is_last and attempt % 3 == 0:
                chosen = _squared(chosen, drawn, asked, rng)
            sizes = complete(axes, chosen)
            if sizes is None:
                continue
            fitting += 1
            score = weight * sum(need.is_met(sizes) for need in asked) - _sameness(drawn, sizes, asked)
            score -= _overuse(drawn, sizes, used, place)
            if best is None or score > highest:
                best, highest = sizes, score
            if fitting >= _CANDIDATES or not drawn:
                break
        if best is None:
            return None
        planned.append(best)
        unmet = [need for need in unmet if not need.is_met(best)]
        for axis in drawn:
            used[axis.name][best[axis.name]] += 1
    return tuple(planned)


def _candidate(
    drawn: Sequence[DrawnAxis], rng: random.Random, used: Mapping[str, Counter[int]], *, steered: bool, fixed: Sizes | None = None
) -> dict[str, int]:
    """Draw sizes that differ as far as possible; steered ones are often among those that were used least."""
    taken: set[int] = set()
    sizes: dict[str, int] = {}
    # The narrowest range chooses first, or a wide one could take its only free size.
    for axis in sorted(drawn, key=lambda axis: axis.high - axis.low):
        if fixed and axis.name in fixed:
            sizes[axis.name] = fixed[axis.name]
        elif len(_range(axis)) > _MAX_LISTED:
            sizes[axis.name] = rng.randint(axis.low, axis.high)
        else:
            choices: list[int] = list(_range(axis))
            if steered and len(choices) <= SMALL_RANGE and rng.random() < 0.5:
                least = min(used[axis.name][size] for size in choices)
                choices = [size for size in choices if used[axis.name][size] == least]
            free = [size for size in choices if size not in taken]
            sizes[axis.name] = rng.choice(free or choices)
        if axis.low < axis.high or (fixed and axis.name in fixed):  # beside `k: 2` a stride of 1..2 would never be 2
            taken.add(sizes[axis.name])
    return sizes


def _squared(chosen: Sizes, drawn: Sequence[DrawnAxis], asked: Sequence[SizeRequirement], rng: random.Random) -> dict[str, int]:
    """Make the two axes of a matrix equal, for each matrix that has to be square."""
    sizes = dict(chosen)
    ranges = {axis.name: axis for axis in drawn}
    for need in asked:
        if need.other and not need.value:
            one, two = ranges[need.axis], ranges[need.other]
            low, high = max(one.low, two.low), min(one.high, two.high)
            size = sizes[need.axis] if low <= sizes[need.axis] <= high else rng.randint(low, high)
            sizes[need.axis] = sizes[need.other] = size
    return sizes


def _overuse(drawn: Sequence[DrawnAxis], sizes: Sizes, used: Mapping[str, Counter[int]], place: int) -> float:
    """
    Weigh how often these sizes came before, relative to their share.

    A small range weighs more: stride 2 has to come often enough.
    """
    cost = 0.0
    for axis in drawn:
        share = max(1.0, place / len(_range(axis)))
        cost += used[axis.name][sizes[axis.name]] / share / (1 if len(_range(axis)) <= SMALL_RANGE else len(drawn))
    return cost


def _sameness(drawn: Sequence[DrawnAxis], sizes: Sizes, asked: Sequence[SizeRequirement]) -> float:
    """
    Weigh sizes that are equal without being required to be.

    Those of an axis with a single size cannot be helped much, and weigh less.
    """
    square = {frozenset((need.axis, need.other)) for need in asked if need.other and not need.value}
    cost = 0.0
    for one, two in itertools.combinations(drawn, 2):
        if sizes[one.name] == sizes[two.name] and frozenset((one.name, two.name)) not in square:
            is_fixed = one.low == one.high or two.low == two.high
            cost += _EQUAL_TO_FIXED if is_fixed else _EQUAL
    return cost


def _matrices(exercise: Exercise) -> Iterator[tuple[str, str]]:
    """Yield the two axes of every input, upstream gradient and target that is a matrix of two different axes, each pair once."""
    shapes = [*(item.axes for item in exercise.inputs), *(item.axes for item in exercise.upstream)]
    shapes += [target.axes for _, target in exercise.targets()]
    seen: set[frozenset[str]] = set()
    for axes in shapes:
        if len(axes) == 2 and axes[0] != axes[1] and frozenset(axes) not in seen:
            seen.add(frozenset(axes))
            yield axes[0], axes[1]


def _range(axis: DrawnAxis) -> range:
    return range(axis.low, axis.high + 1)


def _order(one: int, two: int) -> int:
    return (one > two) - (one < two)


def _random(*key: str) -> random.Random:
    digest = hashlib.sha256("\0".join(key).encode()).digest()
    return random.Random(int.from_bytes(digest[:16], "little"))
