"""The public records that ship with the wheel: there, and what would be made now."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from places import ROOT

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.reference import prepare, records, store

CATALOGUE = sorted(catalogue.shipped().glob("*.yaml"))


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_an_exercise_comes_with_its_record(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`check` of a catalogue exercise never needs torch. After a change of an exercise: `make records`."""
    exercise = load_exercise(path)
    name = store.file_name(exercise.id, exercise.record_sha256, prepare.PUBLIC_SEED, prepare.ENGINE)
    shipped = store.read(prepare.SHIPPED / name, exercise.record_sha256, prepare.PUBLIC_SEED)
    assert shipped is not None, "run `make records`"
    made = prepare.make(exercise, prepare.PUBLIC_SEED)
    assert made.hypotheses == shipped.hypotheses, "run `make records`"
    for (case, expected), (old_case, old_expected) in zip(made.cases, shipped.cases, strict=True):
        assert (case.name, case.sizes) == (old_case.name, old_case.sizes), "run `make records`"
        for key, array in expected.targets.items():
            assert np.allclose(array, old_expected.targets[key], rtol=1e-9, atol=1e-12), "run `make records`"


def test_no_record_of_another_exercise_lies_about() -> None:
    """Old ones would make the wheel grow with every edit."""
    assert len(list(prepare.SHIPPED.glob("*.record"))) == len(CATALOGUE)


def test_writing_removes_what_is_no_longer_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder holds the catalogue's records and no other."""
    source = ROOT / "exercises" / "tanh_derivative.yaml"
    only = tmp_path / "catalogue"
    only.mkdir()
    (only / source.name).write_text(source.read_text("utf-8"), "utf-8")
    monkeypatch.setattr(catalogue, "shipped", lambda: only)
    (tmp_path / "records").mkdir()
    (tmp_path / "records" / "old.record").write_bytes(b"")
    (written,) = records.write(tmp_path / "records")
    assert [path.name for path in (tmp_path / "records").iterdir()] == [written.name]
