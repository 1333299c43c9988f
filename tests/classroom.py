"""A small class for the tests of the class side: exercises of one function each, submissions as files."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from grader.exercise import Assignment, Exercise, Jacobian, Name, Target, Task

RIGHT = "def {function}(x):\n    return x\n"


def exercise(id: str, *functions: str, points: float = 1.0) -> Exercise:
    """An exercise that asks for these functions, one target each; its forward lines are of no account here."""
    tasks = tuple(
        Task(
            function=function,
            arguments=(Name("x"),),
            targets=(Target(name=function, kind=Jacobian(of="y", wrt="x"), axes=("m", "n"), points=points),),
        )
        for function in functions or (f"d_{id}",)
    )
    return Exercise(id=id, title=id.replace("_", " ").capitalize(), axes=(), inputs=(), forward=(), tasks=tasks)


def assignment(*exercises: Exercise, id: str = "ps1") -> Assignment:
    """An assignment; of `tanh_layer` and `chain_rule` unless told."""
    return Assignment(id=id, title="Problem set 1", exercises=exercises or (exercise("tanh_layer"), exercise("chain_rule")))


def hand_in(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """The folder with these files in it."""
    folder.mkdir(exist_ok=True)
    for path, text in files.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def pack(path: Path, files: Mapping[str, str | bytes]) -> Path:
    """A zip of these files."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return path
