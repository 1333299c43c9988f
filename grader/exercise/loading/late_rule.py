"""Read `late` of an assignment file: what late work loses."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from grader.exercise.assignment import LateRule
from grader.exercise.loading.faults import Faults
from grader.exercise.loading.reading import as_fields, as_text, entries, in_range
from grader.exercise.loading.yaml_nodes import YamlNode, YamlScalar

_REMEDY = "Write what a day costs: `late: {per_day: 10%}`."
_SHARE_REMEDY = "Write a share of the points that were earned, up to 100%, with its sign: 10%."
_DURATION_REMEDY = "Write a number and its unit: 15 minutes, 2 hours, 1 day."
_EXTENSIONS_REMEDY = "Write students and their own due times: {s03: 2026-11-30T12:00+01:00}."
_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
MAX_FREE_DAYS = 365

ReadTime = Callable[[YamlNode, str, Faults], "datetime | None"]


def read_late_rule(node: YamlNode, path: Path, read_time: ReadTime, faults: Faults) -> LateRule | None:
    """Read the rule; `path` is the assignment's file, which the ledger's path is relative to."""
    fields = as_fields(node, "late", faults, remedy=_REMEDY)
    if fields is None:
        return None
    optional = ("grace", "free_days", "at_most", "extensions", "ledger")
    found = entries(fields, "late", faults, required=("per_day",), optional=optional)
    per_day = _share(found["per_day"], "late.per_day", faults) if "per_day" in found else None
    grace = _seconds(found["grace"], faults) if "grace" in found else 0.0
    most = _share(found["at_most"], "late.at_most", faults) if "at_most" in found else 1.0
    free: float | None = 0
    if "free_days" in found:
        free = in_range(found["free_days"], "late.free_days", faults, low=0, high=MAX_FREE_DAYS, whole=True)
    ledger = as_text(found["ledger"], "late.ledger", faults, is_line=True) if "ledger" in found else ""
    if "ledger" in found and "free_days" not in found:
        faults.add(found["ledger"].line, "late: there is a ledger, but no free_days.", "Say how many there are: free_days: 3.")
    if ledger and not (path.parent / ledger).parent.is_dir():
        what = f"late.ledger: there is no folder {(path.parent / ledger).parent}."
        faults.add(found["ledger"].line, what, "Paths are relative to the assignment's file.")
    extensions = _extensions(found["extensions"], read_time, faults) if "extensions" in found else {}
    if per_day is None or grace is None or most is None or free is None or ledger is None:
        return None
    return LateRule(
        per_day=per_day,
        grace_seconds=grace,
        free_days=int(free),
        at_most=most,
        extensions=extensions,
        ledger=str(path.parent.resolve() / ledger) if ledger else "",
    )


def _share(node: YamlNode, place: str, faults: Faults) -> float | None:
    text = node.text if isinstance(node, YamlScalar) else ""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", text)
    if match is None or not 0 < float(match[1]) <= 100:
        faults.add(node.line, f'{place} is "{text}".' if text else f"{place} is not a share.", _SHARE_REMEDY)
        return None
    return float(match[1]) / 100


def _seconds(node: YamlNode, faults: Faults) -> float | None:
    text = node.text if isinstance(node, YamlScalar) else ""
    match = re.fullmatch(r"(\d+(?:\.\d+)?) ?(second|minute|hour|day)s?", text)
    if match is None:
        faults.add(node.line, f'late.grace is "{text}".' if text else "late.grace is no time.", _DURATION_REMEDY)
        return None
    return float(match[1]) * _SECONDS[match[2]]


def _extensions(node: YamlNode, read_time: ReadTime, faults: Faults) -> dict[str, datetime]:
    fields = as_fields(node, "late.extensions", faults, remedy=_EXTENSIONS_REMEDY)
    times = {key.text: read_time(value, f"late.extensions.{key.text}", faults) for key, value in fields or ()}
    return {student: at for student, at in times.items() if at is not None}
