"""Write the public records of the catalogue, which ship with the wheel: `python -m grader.records`, or `make records`."""

from __future__ import annotations

from pathlib import Path

from grader import catalogue, preparing, store
from grader.loading import load_exercise


def write(folder: Path = preparing.SHIPPED) -> tuple[Path, ...]:
    """The records of all catalogue exercises at the public seed, anew; records of what is no longer there are removed."""
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.record"):
        old.unlink()
    written = []
    for path in sorted(catalogue.shipped().glob("*.yaml")):
        exercise = load_exercise(path)
        name = store.file_name(exercise.id, exercise.record_sha256, preparing.PUBLIC_SEED, preparing.ENGINE)
        store.write(folder / name, preparing.make(exercise, preparing.PUBLIC_SEED), mode=0o644)
        written.append(folder / name)
    return tuple(written)


if __name__ == "__main__":
    for path in write():
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")
