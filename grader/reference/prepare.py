"""
Exercise, seed -> Record: drawing and referencing go hand in hand, since whether a draw is good shows only in its expected arrays.

A record that was made before is read from the store, so that torch is imported only for a new one.
"""

from __future__ import annotations

import contextlib
import importlib.util
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from grader.errors import ExerciseError, Fault, GraderError
from grader.exercise.model import Exercise
from grader.files import cache_folder
from grader.installed import install_command
from grader.outcome import Case, Expected, Probe, Record
from grader.reference import cases, store

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grader.outcome import TargetKey
    from grader.reference.torch.sides import Side

PUBLIC_SEED = 0
ENGINE = 9  # of drawing and predicting: raise it with every change to what a record holds, and stored ones are made again
MAX_ATTEMPTS = 60
_SPREAD = 1e-3  # of the entries of an expected array, where no named case asked for saturation
_ATTEMPTS_AT_SPREAD = 40  # large arrays and exercises that mean it do without
_ATTEMPTS_BEFORE_ZERO = 12  # an expected array that is zero so often is meant to be
_ZERO_SHARE = 1 / 4  # of the cases so far, in which an expected array may be zero throughout: there a gate is closed
_STEERED = 240  # draws in which a side of a function is looked for that no case has shown yet
_STEERED_FOR_PAIRS = 60  # of these, where two sides at once are all that is missing: many a pair cannot be
BESIDE = "records"  # the folder beside an exercise's file that may hold public records
SHIPPED = Path(__file__).parent / "_records"  # public records of the catalogue


def prepare(exercise: Exercise, seed: int = PUBLIC_SEED, *, folder: Path | None = None, trust_beside: bool = False) -> Record:
    """
    The cases and expected arrays of an exercise at a seed, from the store or newly made.

    `folder` is where a secret seed's records lie; without it they are read from the wheel and kept in the user's cache.
    With `trust_beside`, and without torch to make it anew, a record in `records` beside the exercise's file will do, as a
    handout has it. Whoever can write there decides what is right: for students' own checks, never for marks.
    Raises ExerciseError when a case cannot be drawn, GraderError when torch is needed and missing.
    """
    name = store.file_name(exercise.id, exercise.record_sha256, seed, ENGINE)
    home = folder or cache_folder()
    shipped, kept = SHIPPED / name, home / name
    record = store.read(shipped, exercise.record_sha256, seed)
    record = record or store.read(kept, exercise.record_sha256, seed, in_cache=folder is None)
    if record is None and trust_beside and (found := _beside(exercise, name)):
        record = store.read(found, exercise.record_sha256, seed)
    if record is not None:
        return record
    record = make(exercise, seed)
    if folder is not None:
        store.write(kept, record)
    else:
        with contextlib.suppress(OSError):  # a cache that cannot be written costs time, not the check
            store.write(kept, record, max_store_bytes=store.MAX_STORE_BYTES)
    return record


def prepare_secret(exercise: Exercise, seed: int, *, folder: Path) -> Record:
    """
    Return the record of a secret seed, with the public one whose cases students are shown.

    Both come from `folder`, from what ships with this package, or are made: where students can write is not looked at.
    Raises as `prepare`.
    """
    record = prepare(exercise, seed, folder=folder)
    if seed == PUBLIC_SEED:
        return record
    return replace(record, public=prepare(exercise, PUBLIC_SEED, folder=folder))


def taken_beside(exercise: Exercise, seed: int = PUBLIC_SEED) -> Path | None:
    """The record beside an exercise's file that `trust_beside` lets in; None where there is none, or none is needed."""
    name = store.file_name(exercise.id, exercise.record_sha256, seed, ENGINE)
    is_stored = any((place / name).is_file() for place in (SHIPPED, cache_folder()))
    return None if is_stored else _beside(exercise, name)


def _beside(exercise: Exercise, name: str) -> Path | None:
    """The file beside, if it is there and torch is not: what can be computed is computed."""
    found = Path(exercise.path).parent / BESIDE / name
    return found if exercise.path and found.is_file() and not _has_torch() else None


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def make(exercise: Exercise, seed: int) -> Record:
    """A record, newly drawn and computed. Imports torch."""
    if not _has_torch():
        what = f"The expected arrays of {exercise.id} are not stored here, and PyTorch, which computes them, is not installed."
        raise GraderError(Fault(exercise.path or exercise.id, what, f"Install it: {install_command('torch')}"))
    import torch

    from grader.reference.torch import compute
    from grader.reference.torch.threads import one_thread

    with one_thread():
        drawn, hypotheses = compute.telling(exercise, _draw(exercise, seed))
        probes = _probes(exercise, drawn)
    return Record(
        record_sha256=exercise.record_sha256,
        seed=seed,
        cases=drawn,
        probes=probes,
        hypotheses=hypotheses,
        versions={"torch": str(torch.__version__), "numpy": np.__version__},
    )


Drawn: TypeAlias = tuple[Case, Expected]
# A side, two sides at once, a target that is not zero
_Goal: TypeAlias = "Side | frozenset[Side] | TargetKey"


def _draw(exercise: Exercise, seed: int) -> tuple[Drawn, ...]:
    """Every case with what is expected there: zeros in some, and between them each side of each function that draws reach."""
    plans = cases.plan_cases(exercise, seed)
    drawn: list[Drawn] = []
    zeros = 0
    for place, plan in enumerate(plans):
        may_be_zero = plan.role != "named" and zeros + 1 <= _ZERO_SHARE * (place + 1)
        drawn.append(_drawn(exercise, plan, seed, may_be_zero=may_be_zero))
        zeros += _is_zero(drawn[-1][1])
    return _steered(exercise, plans, drawn, seed)


def _drawn(exercise: Exercise, plan: cases.CasePlan, seed: int, *, may_be_zero: bool) -> Drawn:
    """The first candidate that is well conditioned, finite and away from kinks."""
    from grader.reference.torch import compute

    zeros, reason = 0, ""
    for attempt in range(MAX_ATTEMPTS):
        case = cases.draw_case(exercise, plan, seed, attempt)
        spread = 0.0 if plan.role == "named" or attempt >= _ATTEMPTS_AT_SPREAD else _SPREAD
        accept_zero = may_be_zero or zeros >= _ATTEMPTS_BEFORE_ZERO
        found = compute.expected(exercise, case, accept_zero=accept_zero, spread=spread)
        if isinstance(found, Expected):
            return case, found
        zeros += found.is_zero
        reason = found.reason
    what = f"The case {plan.name!r} was drawn {MAX_ATTEMPTS} times and is no good: {reason}."
    remedy = "Change what the case says, or take it out." if plan.role == "named" else "Choose other draws, sizes or constants."
    raise ExerciseError(Fault(exercise.path or exercise.id, what, remedy))


def _is_zero(expected: Expected) -> bool:
    return any(array.size and not array.any() for array in expected.targets.values())


def _steered(exercise: Exercise, plans: Sequence[cases.CasePlan], drawn: Sequence[Drawn], seed: int) -> tuple[Drawn, ...]:
    """
    The cases, some of them drawn again so that together they show each side of each function, as far as draws reach it.

    The last random cases go first; none goes that alone shows something. Sizes stay, so what sizes show stays.
    """
    from grader.reference.torch import compute, sides

    if not (of_exercise := sides.of_exercise(exercise)):
        return tuple(drawn)
    keys: set[_Goal] = {(task.function, target.name) for task, target in exercise.targets()}
    found = list(drawn)
    shown = [_goals(sides.seen(exercise, case)) | _not_zero(expected) for case, expected in found]
    missing = (keys | _goals(of_exercise)).difference(*shown)
    places = [place for place, plan in enumerate(plans) if plan.role == "random"][::-1]
    places = places or [place for place, plan in enumerate(plans) if plan.role == "small"][::-1]
    attempts = range(_STEERED) if places else ()
    for attempt in attempts:
        if not missing or (attempt >= _STEERED_FOR_PAIRS and all(isinstance(goal, frozenset) for goal in missing)):
            break
        place = places[attempt % len(places)]
        stretch = cases.STRETCHES[attempt * len(cases.STRETCHES) // _STEERED]
        case = cases.draw_case(exercise, plans[place], seed, MAX_ATTEMPTS + attempt, stretch=stretch)
        its = _goals(sides.seen(exercise, case))
        if not its & missing and not keys & missing:
            continue
        expected = compute.expected(exercise, case, accept_zero=True, spread=0.0)
        if not isinstance(expected, Expected):
            continue
        its |= _not_zero(expected)
        others = set().union(*(one for other, one in enumerate(shown) if other != place))
        if its & missing and shown[place] <= others | its:
            found[place], shown[place] = (case, expected), its
            missing -= its
    return tuple(found)


def _goals(its: Iterable[Side]) -> frozenset[_Goal]:
    """
    What a case with these sides shows: each of them, and each two of different functions, or of a function and an input.

    In `minimum(maximum(a, b), c)` every side may be there, and never that `maximum` takes a where `minimum` takes it.
    """
    its = tuple(its)
    pairs = (
        frozenset((one, other))
        for one, other in combinations(its, 2)
        if (one.inside or other.inside) and (one.place, one.position) != (other.place, other.position)
    )
    return frozenset((*its, *pairs))


def _not_zero(expected: Expected) -> frozenset[_Goal]:
    """The targets that are not zero throughout: of one that is so in all cases, zero would be the right answer."""
    return frozenset(key for key, array in expected.targets.items() if array.any())


def reaches(exercise: Exercise, side: Side, seed: int) -> bool:
    """Whether draws that are looked for come to a side of a function, in a case that is good."""
    from grader.reference.torch import compute, sides

    enough = replace(exercise, random_cases=max(exercise.random_cases, 3))  # a named case may be held where others are not
    plans = [plan for plan in cases.plan_cases(enough, seed) if plan.role == "random"]
    for attempt in range(_STEERED):
        stretch = cases.STRETCHES[attempt * len(cases.STRETCHES) // _STEERED]
        case = cases.draw_case(exercise, plans[-1 - attempt % len(plans)], seed, MAX_ATTEMPTS + attempt, stretch=stretch)
        if side in sides.seen(exercise, case) and isinstance(compute.expected(exercise, case, accept_zero=True), Expected):
            return True
    return False


def _probes(exercise: Exercise, drawn: tuple[tuple[Case, Expected], ...]) -> tuple[Probe, ...]:
    """At most one probe a target; targets that the same scaled input serves share one."""
    from grader.reference.torch import probes

    base = next((case for case, _ in drawn if case.role == "random"), drawn[0][0] if drawn else None)
    if base is None:
        return ()
    groups: dict[tuple[str, float], list[TargetKey]] = {}
    for task, target in exercise.targets():
        for scaling in probes.scalings(exercise, target, base):
            groups.setdefault(scaling, []).append((task.function, target.name))
            break
    found = []
    for number, ((name, factor), keys) in enumerate(groups.items()):
        case = cases.scaled(base, name, factor, case_name=f"probe {number + 1}")
        expected = probes.expected_at_probe(exercise, case)
        found.append(Probe(case=case, scaled=name, factor=factor, targets=tuple(keys), expected=expected))
    return tuple(found)
