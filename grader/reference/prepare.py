"""
Prepare the record of an exercise at a seed.

Cases are drawn and their expected arrays computed together, since only the expected arrays show whether a draw is good. A
record that was made before is read from the store, so that torch is imported only for a new one.
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
from grader.reference import cases, store
from grader.reference.model import Case, Expected, Probe, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from grader.reference.model import TargetKey
    from grader.reference.torch.branches import Branch

PUBLIC_SEED = 0
ENGINE = 9  # version of drawing and predicting: raise it with every change to records, and stored ones are made again
MAX_ATTEMPTS = 60
_SPREAD = 1e-3  # smallest entry of an expected array beside its largest, if no named case asks for saturation
_ATTEMPTS_AT_SPREAD = 40  # large arrays, and exercises with such a spread on purpose, do without
_ATTEMPTS_BEFORE_ZERO = 12  # an array that is zero this often is meant to be zero
_ZERO_SHARE = 1 / 4  # share of the cases so far in which an expected array may be zero throughout: there a gate is closed
_REDRAWS = 240  # draws that look for a branch of a function that no case has shown yet
_REDRAWS_FOR_PAIRS = 60  # if only pairs of branches are missing: many a pair is impossible
BESIDE = "records"  # the folder beside an exercise's file that may hold public records
SHIPPED = Path(__file__).parent / "_records"  # public records of the catalogue


def prepare(exercise: Exercise, seed: int = PUBLIC_SEED, *, folder: Path | None = None, trust_beside: bool = False) -> Record:
    """
    Return the cases and expected arrays of an exercise at a seed, from the store or newly made.

    `folder` is where a secret seed's records lie; without it they are read from the wheel and kept in the user's cache.
    With `trust_beside`, and without torch to compute it, a record in the folder `records` beside the exercise's file is accepted,
    as a handout has it. Whoever can write there decides what is right: for students' own checks, never for grades.
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
    """Return the record beside an exercise's file that `trust_beside` accepts; None if there is none, or none is needed."""
    name = store.file_name(exercise.id, exercise.record_sha256, seed, ENGINE)
    is_stored = any((place / name).is_file() for place in (SHIPPED, cache_folder()))
    return None if is_stored else _beside(exercise, name)


def _beside(exercise: Exercise, name: str) -> Path | None:
    """Return the record beside the exercise's file, if it is there and torch is not: what can be computed is computed."""
    found = Path(exercise.path).parent / BESIDE / name
    return found if exercise.path and found.is_file() and not _has_torch() else None


def _has_torch() -> bool:
    return importlib.util.find_spec("torch") is not None


def make(exercise: Exercise, seed: int) -> Record:
    """Draw and compute a new record. Imports torch."""
    if not _has_torch():
        what = f"The expected arrays of {exercise.id} are not stored here, and PyTorch, which computes them, is not installed."
        raise GraderError(Fault(exercise.path or exercise.id, what, f"Install it: {install_command('torch')}"))
    import torch

    from grader.reference.torch import compute
    from grader.reference.torch.threads import one_thread

    with one_thread():
        drawn, hypotheses = compute.keep_informative(exercise, _draw(exercise, seed))
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
# What a case can show: a branch, two branches at once, a target that is not zero
_Feature: TypeAlias = "Branch | frozenset[Branch] | TargetKey"


def _draw(exercise: Exercise, seed: int) -> tuple[Drawn, ...]:
    """
    Draw every case with its expected arrays, so that together they show every branch that draws can reach.

    An expected array may be zero throughout in some of the cases.
    """
    plans = cases.plan_cases(exercise, seed)
    drawn: list[Drawn] = []
    zeros = 0
    for place, plan in enumerate(plans):
        may_be_zero = plan.role != "named" and zeros + 1 <= _ZERO_SHARE * (place + 1)
        drawn.append(_drawn(exercise, plan, seed, may_be_zero=may_be_zero))
        zeros += _is_zero(drawn[-1][1])
    return _redrawn_for_coverage(exercise, plans, drawn, seed)


def _drawn(exercise: Exercise, plan: cases.CasePlan, seed: int, *, may_be_zero: bool) -> Drawn:
    """Draw a case until it is well conditioned, finite and away from kinks."""
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
    what = f"The case {plan.name!r} was drawn {MAX_ATTEMPTS} times, and no draw is usable: {reason}."
    remedy = "Change what the case says, or take it out." if plan.role == "named" else "Choose other draws, sizes or constants."
    raise ExerciseError(Fault(exercise.path or exercise.id, what, remedy))


def _is_zero(expected: Expected) -> bool:
    return any(array.size and not array.any() for array in expected.targets.values())


def _redrawn_for_coverage(
    exercise: Exercise, plans: Sequence[cases.CasePlan], drawn: Sequence[Drawn], seed: int
) -> tuple[Drawn, ...]:
    """
    Draw some cases again, so that together they show every branch of every function that draws can reach.

    The last random cases are replaced first, and none that alone shows something. Sizes stay, so what sizes show stays.
    """
    from grader.reference.torch import branches, compute

    if not (in_exercise := branches.all_branches(exercise)):
        return tuple(drawn)
    targets: set[_Feature] = {(task.function, target.name) for task, target in exercise.targets()}
    found = list(drawn)
    shown = [_features(branches.branches_shown(exercise, case)) | _nonzero_targets(expected) for case, expected in found]
    missing = (targets | _features(in_exercise)).difference(*shown)
    places = [place for place, plan in enumerate(plans) if plan.role == "random"]
    places = places or [place for place, plan in enumerate(plans) if plan.role == "small"]
    for attempt, (place, case) in enumerate(_redraws(exercise, plans, places, seed)):
        if not missing or (attempt >= _REDRAWS_FOR_PAIRS and all(isinstance(feature, frozenset) for feature in missing)):
            break
        own = _features(branches.branches_shown(exercise, case))
        if not own & missing and not targets & missing:
            continue
        expected = compute.expected(exercise, case, accept_zero=True, spread=0.0)
        if not isinstance(expected, Expected):
            continue
        own |= _nonzero_targets(expected)
        others = set().union(*(one for other, one in enumerate(shown) if other != place))
        if own & missing and shown[place] <= others | own:
            found[place], shown[place] = (case, expected), own
            missing -= own
    return tuple(found)


def _redraws(exercise: Exercise, plans: Sequence[cases.CasePlan], places: Sequence[int], seed: int) -> Iterator[tuple[int, Case]]:
    """Draw cases again, the last of these places first, with inputs stretched further and further."""
    for attempt in range(_REDRAWS if places else 0):
        place = places[-1 - attempt % len(places)]
        stretch = cases.STRETCHES[attempt * len(cases.STRETCHES) // _REDRAWS]
        yield place, cases.draw_case(exercise, plans[place], seed, MAX_ATTEMPTS + attempt, stretch=stretch)


def reaches(exercise: Exercise, branch: Branch, seed: int) -> bool:
    """Tell whether some redrawn case shows a branch of a function and is good."""
    from grader.reference.torch import branches, compute

    enough = replace(exercise, random_cases=max(exercise.random_cases, 3))  # a named case may be held where others are not
    plans = cases.plan_cases(enough, seed)
    places = [place for place, plan in enumerate(plans) if plan.role == "random"]
    return any(
        branch in branches.branches_shown(exercise, case)
        and isinstance(compute.expected(exercise, case, accept_zero=True), Expected)
        for _, case in _redraws(exercise, plans, places, seed)
    )


def _features(shown: Iterable[Branch]) -> frozenset[_Feature]:
    """
    List what a case with these branches shows: each branch, and each two of different functions, or of a function and an input.

    In `minimum(maximum(a, b), c)` each branch may be shown, and never that `maximum` takes a where `minimum` takes it.
    """
    shown = tuple(shown)
    pairs = (
        frozenset((one, other))
        for one, other in combinations(shown, 2)
        if (one.function or other.function) and (one.place, one.position) != (other.place, other.position)
    )
    return frozenset((*shown, *pairs))


def _nonzero_targets(expected: Expected) -> frozenset[_Feature]:
    """List the targets that are not zero throughout. If one is zero in all cases, zero is taken for the right answer."""
    return frozenset(key for key, array in expected.targets.items() if array.any())


def _probes(exercise: Exercise, drawn: tuple[tuple[Case, Expected], ...]) -> tuple[Probe, ...]:
    """Make at most one probe a target; targets that the same scaled input serves share one."""
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
        case = cases.scaled_case(base, name, factor, case_name=f"probe {number + 1}")
        expected = probes.expected_at_probe(exercise, case)
        found.append(Probe(case=case, scaled=name, factor=factor, targets=tuple(keys), expected=expected))
    return tuple(found)
