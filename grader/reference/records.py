"""Write the public records of the catalogue, which the wheel contains: `make records`."""

from __future__ import annotations

from pathlib import Path

from grader.exercise import catalogue
from grader.exercise.loading import load_exercise
from grader.reference import prepare, store


def write(folder: Path = prepare.SHIPPED) -> tuple[Path, ...]:
    """Write the records of all catalogue exercises at the public seed, and remove those of exercises that are gone."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.record"):
        old.unlink()
    written = []
    for path in sorted(catalogue.shipped().glob("*.yaml")):
        exercise = load_exercise(path)
        name = store.file_name(exercise.id, exercise.record_sha256, prepare.PUBLIC_SEED, prepare.ENGINE)
        store.write(folder / name, prepare.make(exercise, prepare.PUBLIC_SEED), mode=0o644)
        written.append(folder / name)
    return tuple(written)


if __name__ == "__main__":
    for path in write():
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
