"""
Fingerprints of exercises: records and results are kept under them, and found by them again.

A change of a value would orphan every stored record and result, so tests pin those of the catalogue.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from grader.exercise.formula import Formula
from grader.sandbox.wire.call import Call

# Names of fields that a fingerprint may leave out.
PROSE = frozenset({"title", "source", "statement", "hint", "path"})
EARNING = frozenset({"points", "credit", "partial"})
JUDGING = frozenset({"points", "credit", "rtol", "partial", "limits", "arrays", "autodiff", "numerical", "arguments", "given"})


def fingerprint(exercise: object, *, leave_out: frozenset[str], called: Sequence[str] = ()) -> str:
    """Compute the SHA-256 of a tree of dataclasses without some of its fields; `called` are names that count beside it."""
    import hashlib  # not at the top: loading OpenSSL takes 7 ms, and `grader list` needs no fingerprint
    import json

    whole = [_plain(exercise, leave_out), list(called)] if called else _plain(exercise, leave_out)
    plain = json.dumps(whole, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(plain.encode()).hexdigest()


def _plain(thing: object, leave_out: frozenset[str]) -> object:
    """Turn a tree of dataclasses into data for JSON; the type's name keeps kinds with equal fields apart."""
    if isinstance(thing, Formula):
        return thing.canonical
    if dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        return {"type": type(thing).__name__, **_fields(thing, leave_out)}
    if isinstance(thing, Mapping):
        return {str(key): _plain(value, leave_out) for key, value in thing.items()}
    if isinstance(thing, tuple | list):
        return [_plain(item, leave_out) for item in thing]
    return thing


def _fields(thing: object, leave_out: frozenset[str]) -> dict[str, object]:
    found: dict[str, object] = {}
    for field in dataclasses.fields(thing):  # type: ignore[arg-type]
        value = getattr(thing, field.name)
        if isinstance(value, Call):  # its parts were fields of the task when fingerprints were first stored
            found |= _fields(value, leave_out)
        elif field.name not in leave_out:
            found[field.name] = _plain(value, leave_out)
    return found
