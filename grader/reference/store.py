"""
Keep inputs and expected arrays of an exercise at a seed, as one checksummed record on disk.

Inputs are stored beside their answers because NumPy promises no stable random streams across versions: redrawn inputs beside
stored answers would fail everyone. A record that is torn, of another format or not ours reads as absent, and is made again.

Layout: magic, SHA-256 of the rest, length of the header (8 bytes), header (JSON: the record with arrays replaced by their
dtype, shape and offset), array bytes (little-endian float64 and int64, or int8; aligned to 8).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.files import write_whole
from grader.reference.model import Case, Expected, Hypothesis, Probe, Record

if TYPE_CHECKING:
    from grader.reference.model import TargetKey
    from grader.sandbox.wire.answer import Array

MAGIC = b"graderR2"
MAX_STORE_BYTES = 512 << 20  # size of a user's cache; the records longest unused are removed first
_HEAD = len(MAGIC) + 32 + 8
_DTYPES = {"f": "<f8", "i": "<i8", "b": "|i1"}


def file_name(exercise: str, record_sha256: str, seed: int, engine: int) -> str:
    """Return the name of a record's file. Its key is the exercise's meaning, the seed, and the version of the drawing engine."""
    key = hashlib.sha256(f"{record_sha256} {seed} {engine}".encode()).hexdigest()
    return f"{exercise}-{key[:32]}.record"


def read(path: Path, record_sha256: str, seed: int, *, in_cache: bool = False) -> Record | None:
    """
    Read the record in a file; None if there is none, or it is torn or another one.

    Reading a file in a cache updates its time of use; any other file stays as it is.
    """
    try:
        data = path.read_bytes()
        record = decode(data)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError):
        return None
    if (record.record_sha256, record.seed) != (record_sha256, seed):
        return None
    if in_cache:
        with contextlib.suppress(OSError):
            os.utime(path)  # the cap evicts the records longest unused
    return record


def write(path: Path, record: Record, *, max_store_bytes: int | None = None, mode: int = 0o600) -> None:
    """
    Write a record so that a reader sees all of it or nothing, whoever else writes at the same time.

    With `max_store_bytes`, the records of that folder that are longest unused are removed down to that size.
    Raises OSError when the disk is full or the folder cannot be written; no torn file stays behind.
    """
    write_whole(path, encode(record), mode)
    if max_store_bytes is not None:
        _evict(path.parent, max_store_bytes, keep=path)


def _evict(folder: Path, max_bytes: int, keep: Path) -> None:
    found = []
    for path in folder.glob("*.record"):
        with contextlib.suppress(OSError):  # another process may have removed it
            status = path.stat()
            found.append((status.st_mtime, status.st_size, path))
    total = sum(size for _, size, _ in found)
    for _, size, path in sorted(found):
        if total <= max_bytes:
            return
        if path != keep:
            with contextlib.suppress(OSError):
                path.unlink()
            total -= size


# Record <-> bytes


def encode(record: Record) -> bytes:
    """Encode a record as bytes."""
    arrays: list[Array] = []
    offset = 0

    def put(array: Array | None) -> list[Any] | None:
        nonlocal offset
        if array is None:
            return None
        arrays.append(array)
        place = [_kind(array), list(array.shape), offset]
        offset += _padded(array.size * np.dtype(_DTYPES[_kind(array)]).itemsize)
        return place

    def keyed(mapping: Mapping[TargetKey, Any]) -> list[Any]:
        return [[*key, value] for key, value in mapping.items()]

    def case(case: Case) -> dict[str, Any]:
        values = {name: put(value) for name, value in case.values.items()}
        return {"name": case.name, "role": case.role, "sizes": dict(case.sizes), "values": values}

    def expected(expected: Expected) -> dict[str, Any]:
        return {
            "targets": keyed({key: put(value) for key, value in expected.targets.items()}),
            "rounding": keyed({key: put(value) for key, value in expected.rounding.items()}),
            "quantities": {name: put(value) for name, value in expected.quantities.items()},
            "predictions": keyed({key: [put(value) for value in values] for key, values in expected.predictions.items()}),
        }

    header = {
        "record_sha256": record.record_sha256,
        "seed": str(record.seed),
        "cases": [[case(one), expected(its)] for one, its in record.cases],
        "probes": [
            [case(probe.case), probe.scaled, probe.factor, [list(key) for key in probe.targets], expected(probe.expected)]
            for probe in record.probes
        ],
        "hypotheses": keyed({key: [[h.rule, h.text] for h in hypotheses] for key, hypotheses in record.hypotheses.items()}),
        "versions": dict(record.versions),
    }
    text = json.dumps(header, ensure_ascii=False).encode()
    text += b" " * (-(_HEAD + len(text)) % 8)
    pieces = (array.astype(_DTYPES[_kind(array)], copy=False).tobytes() for array in arrays)
    body = b"".join(piece.ljust(_padded(len(piece)), b"\0") for piece in pieces)
    rest = len(text).to_bytes(8, "little") + text + body
    return MAGIC + hashlib.sha256(rest).digest() + rest


def _kind(array: Array) -> str:
    return "b" if array.dtype == np.int8 else array.dtype.kind


def _padded(size: int) -> int:
    return size + -size % 8


def decode(data: bytes) -> Record:
    """Decode a record; its arrays are read-only views. Raises ValueError when the checksum does not hold."""
    rest = memoryview(data)[len(MAGIC) + 32 :]
    if data[: len(MAGIC)] != MAGIC or hashlib.sha256(rest).digest() != data[len(MAGIC) : len(MAGIC) + 32]:
        raise ValueError("not a whole record")
    length = int.from_bytes(rest[:8], "little")
    header = json.loads(bytes(rest[8 : 8 + length]))
    body = rest[8 + length :]

    def get(place: list[Any] | None) -> Any:
        if place is None:
            return None
        kind, shape, offset = place
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(body, dtype=_DTYPES[kind], count=count, offset=offset).reshape(shape)

    def case(data: dict[str, Any]) -> Case:
        values = {name: get(place) for name, place in data["values"].items()}
        return Case(name=data["name"], role=data["role"], sizes=data["sizes"], values=values)

    def expected(data: dict[str, Any]) -> Expected:
        return Expected(
            targets={(call, name): get(place) for call, name, place in data["targets"]},
            rounding={(call, name): get(place) for call, name, place in data["rounding"]},
            quantities={name: get(place) for name, place in data["quantities"].items()},
            predictions={(call, name): tuple(map(get, places)) for call, name, places in data["predictions"]},
        )

    return Record(
        record_sha256=header["record_sha256"],
        seed=int(header["seed"]),
        cases=tuple((case(one), expected(its)) for one, its in header["cases"]),
        probes=tuple(
            Probe(
                case=case(one),
                scaled=scaled,
                factor=factor,
                targets=tuple((call, name) for call, name in keys),
                expected=expected(its),
            )
            for one, scaled, factor, keys, its in header["probes"]
        ),
        hypotheses={
            (call, name): tuple(Hypothesis(rule=rule, text=text) for rule, text in hypotheses)
            for call, name, hypotheses in header["hypotheses"]
        },
        versions=header["versions"],
    )
