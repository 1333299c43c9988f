"""Find entries so small that zero would be right in their place."""

from __future__ import annotations

from collections import Counter

import numpy as np

from grader.audit.findings import Findings
from grader.exercise.model import Exercise
from grader.reference import tolerance
from grader.reference.model import Record
from grader.text import and_list

MIN_CASES_TOO_SMALL = 3  # in which an entry is too small, before we say that it is never judged
MAX_NAMED_ENTRIES = 3


def try_small_entries(exercise: Exercise, record: Record, findings: Findings) -> None:
    """Find entries that are not zero, although zero would be right in every case."""
    for task, target in exercise.targets():
        key = (task.function, target.name)
        judged: set[tuple[int, ...]] = set()
        small: Counter[tuple[int, ...]] = Counter()
        largest: dict[tuple[int, ...], float] = {}
        for _, expected in record.cases:
            sizes = np.abs(expected.targets[key])
            is_small = sizes <= tolerance.tolerance_of(expected, key, exercise.rtol).allowed
            judged.update(map(tuple, np.argwhere(~is_small).tolist()))
            for place in map(tuple, np.argwhere(is_small & (sizes > 0)).tolist()):
                small[place] += 1
                largest[place] = max(largest.get(place, 0.0), float(sizes[place]))
        never = sorted(place for place, count in small.items() if place not in judged and count >= MIN_CASES_TOO_SMALL)
        if never:
            named = and_list((f"{target.name}{list(place)}" if place else target.name for place in never), MAX_NAMED_ENTRIES)
            most = max(largest[place] for place in never)
            what = f"Zero would be right in every case at seed {record.seed} for {named}, which is at most {most:.1g}."
            findings.fault(what, "It is below what rounding and rtol leave to judge: choose draws or units that make it larger.")
