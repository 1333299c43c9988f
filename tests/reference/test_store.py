"""The store: whole records or none, whoever else writes, whatever is on the disk."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import numpy as np
import pytest

from grader import files
from grader.reference import store
from grader.reference.model import Case, Expected, Hypothesis, Probe, Record

KEY = ("f", "dx")


def record(seed: int = 0, size: int = 3) -> Record:
    """Make a record with every sort of array in it."""
    values = {"x": np.arange(size, dtype=float), "labels": np.array([1, 2], dtype=np.int64), "s": np.array(2.5)}
    case = Case(name="small 1", role="small", sizes={"n": size}, values=values)
    expected = Expected(
        targets={KEY: np.full((size, 2), 1 / 3)},
        rounding={KEY: (np.arange(2 * size) % 7 - 3).astype(np.int8).reshape(size, 2)},
        quantities={"Z": np.zeros(0)},
        predictions={KEY: (np.ones(2), None)},
    )
    probe = Probe(case=case, scaled="x", factor=1e-12, targets=(KEY,), expected=expected)
    return Record(
        record_sha256="e" * 64,
        seed=seed,
        cases=((case, expected),),
        probes=(probe,),
        hypotheses={KEY: (Hypothesis(rule="declared"), Hypothesis(rule="sign", text="The sign − is wrong."))},
        versions={"torch": "2", "numpy": "2"},
    )


def test_a_record_survives_the_disk(tmp_path: Path) -> None:
    """Names, sizes, dtypes, shapes and bits come back as they were; arrays are read-only."""
    path = tmp_path / "sub" / "one.record"
    store.write(path, record())
    found = store.read(path, "e" * 64, 0)
    assert found is not None
    assert store.encode(found) == store.encode(record())
    case, expected = found.cases[0]
    assert (case.values["labels"].dtype, case.values["s"].shape) == (np.dtype(np.int64), ())
    assert expected.predictions[KEY][1] is None
    assert not expected.targets[KEY].flags.writeable
    assert (expected.rounding[KEY].dtype, expected.rounding[KEY].tolist()) == (np.dtype(np.int8), [[-3, -2], [-1, 0], [1, 2]])
    predicted = expected.predictions[KEY][0]
    assert predicted is not None
    assert np.array_equal(predicted, np.ones(2))  # what follows an array of odd size is whole


def test_another_exercise_or_seed_is_not_read(tmp_path: Path) -> None:
    """The file's name is a hash: what it holds is checked all the same."""
    store.write(tmp_path / "one.record", record())
    assert store.read(tmp_path / "one.record", "f" * 64, 0) is None
    assert store.read(tmp_path / "one.record", "e" * 64, 1) is None


def test_a_large_seed_survives(tmp_path: Path) -> None:
    """Secret seeds have 128 bits."""
    seed = 2**127 + 12345
    store.write(tmp_path / "one.record", record(seed))
    assert store.read(tmp_path / "one.record", "e" * 64, seed) is not None


@pytest.mark.parametrize("cut", [0, 5, 40, 60, -1])
def test_a_torn_file_reads_as_absent(tmp_path: Path, cut: int) -> None:
    """Wherever the power went."""
    path = tmp_path / "one.record"
    path.write_bytes(store.encode(record())[:cut])
    assert store.read(path, "e" * 64, 0) is None


def test_every_flipped_bit_is_noticed() -> None:
    """The checksum covers header and body."""
    whole = store.encode(record())
    for place in range(0, len(whole), 7):
        broken = bytearray(whole)
        broken[place] ^= 1
        with pytest.raises(ValueError, match="not a whole record"):
            store.decode(bytes(broken))


def test_a_missing_file_and_a_folder_read_as_absent(tmp_path: Path) -> None:
    """No exception for what is simply not there."""
    assert store.read(tmp_path / "none.record", "e" * 64, 0) is None
    assert store.read(tmp_path, "e" * 64, 0) is None


def test_concurrent_writers_leave_one_whole_record(tmp_path: Path) -> None:
    """Eight writers and a reader: the reader never sees a part, and nothing is left over."""
    path = tmp_path / "one.record"
    store.write(path, record())
    torn = []

    def write() -> None:
        for _ in range(20):
            store.write(path, record(size=300))

    writers = [threading.Thread(target=write) for _ in range(8)]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        torn.append(store.read(path, "e" * 64, 0) is None)
    assert not any(torn)
    assert [entry.name for entry in tmp_path.iterdir()] == ["one.record"]


def test_a_write_that_fails_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk: the old record stays whole."""
    path = tmp_path / "one.record"
    store.write(path, record())

    def full(self: Path, target: Path) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        store.write(path, record(seed=1))
    assert [entry.name for entry in tmp_path.iterdir()] == ["one.record"]
    assert store.read(path, "e" * 64, 0) is not None


def test_the_cap_removes_what_is_longest_unused(tmp_path: Path) -> None:
    """Oldest first, never the one just written."""
    for number in range(5):
        path = tmp_path / f"{number}.record"
        store.write(path, record())
        os.utime(path, (number, number))
    size = (tmp_path / "0.record").stat().st_size
    store.write(tmp_path / "new.record", record(), max_store_bytes=3 * size)
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["3.record", "4.record", "new.record"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_record_is_its_owners_alone(tmp_path: Path) -> None:
    """A secret seed's record holds the key."""
    store.write(tmp_path / "one.record", record())
    assert (tmp_path / "one.record").stat().st_mode & 0o777 == 0o600


def test_the_cache_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """GRADER_CACHE goes before the platform's place."""
    monkeypatch.setenv("GRADER_CACHE", str(tmp_path))
    assert files.cache_folder() == tmp_path
    monkeypatch.delenv("GRADER_CACHE")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert files.cache_folder() == tmp_path / "xdg" / "grader" / "records"


def test_the_name_of_a_record_depends_on_all_of_its_key() -> None:
    """Exercise, meaning, seed and engine."""
    base = ("tanh_layer", "a" * 64, 0, 1)
    others = [("tanh_layer", "b" * 64, 0, 1), ("tanh_layer", "a" * 64, 1, 1), ("tanh_layer", "a" * 64, 0, 2)]
    assert store.file_name(*base).startswith("tanh_layer-")
    assert len({store.file_name(*key) for key in (base, *others)}) == 4
