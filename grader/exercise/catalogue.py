"""
Find exercises: by id in `./exercises`, given folders, installed packages and the shipped catalogue; or by path.

The exercises of an assignment are looked up beside its file, not in the folder where a command is run.

A package brings exercises with an entry point of the group `grader.exercises` that names the module whose folder holds them.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from grader.errors import ExerciseError, Fault

GROUP = "grader.exercises"
SUFFIXES = (".yaml", ".yml")
HERE = Path("exercises")


@dataclass(frozen=True, slots=True)
class ExerciseFile:
    """The file of an exercise, and the files of the same id that it hides."""

    path: Path
    shadows: tuple[Path, ...] = ()


def find(name: str, folders: Sequence[Path] = ()) -> ExerciseFile:
    """Find the file of an exercise by id, or by path. Raises ExerciseError for an unknown id."""
    if is_path(name):
        return ExerciseFile(Path(name))
    files = [file for folder in _folders(folders) for file in _files(folder) if file.stem == name]
    if files:
        return ExerciseFile(files[0], tuple(files[1:]))
    raise ExerciseError(_unknown(name, folders))


def find_asked(name: str, assignment: Path | None, folders: Sequence[Path] = ()) -> ExerciseFile:
    """
    Find the file of an exercise that is graded: in given folders, beside the assignment's file, installed or shipped.

    The folder `exercises` where the command is run comes last: it may have been handed in. Raises ExerciseError as `find` does.
    """
    if is_path(name):
        return ExerciseFile(Path(name))
    beside = (assignment.parent / "exercises", assignment.parent) if assignment else ()
    order = _each_once((*folders, *beside, *_installed(), shipped(), HERE))
    files = [file for folder in order for file in _files(folder) if file.stem == name and file != assignment]
    if files:
        return ExerciseFile(files[0], tuple(files[1:]))
    raise ExerciseError(_unknown(name, (*folders, *beside), assignment))


def names(folders: Sequence[Path] = ()) -> tuple[tuple[str, Path], ...]:
    """List every exercise that `find` finds by id, with its file: ids in order, folder by folder."""
    found: dict[str, Path] = {}
    for folder in _folders(folders):
        for file in _files(folder):
            found.setdefault(file.stem, file)
    return tuple(found.items())


def is_path(name: str) -> bool:
    """Tell whether a name is a path: it has a separator or ends as a YAML file does."""
    return "/" in name or "\\" in name or name.endswith(SUFFIXES)


def assignment_file(name: str) -> Path | None:
    """Find the file of an assignment by path, or by its id in the shipped catalogue; None if the name is none of one."""
    path = Path(name) if is_path(name) else shipped() / "assignments" / f"{name}.yaml"
    return path if lists_exercises(path) else None


def lists_exercises(path: Path) -> bool:
    """Tell whether a file is there that is an assignment's: it lists exercises."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return re.search(rb"^exercises[ \t]*:", file.read(1 << 16), re.MULTILINE) is not None


def shipped() -> Path:
    """Return the folder of the shipped catalogue: inside the package when installed, beside it in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "_exercises"
    return inside if inside.is_dir() else package.parent / "exercises"


def _folders(given: Sequence[Path]) -> Iterator[Path]:
    """Yield the folders to look in, in their order."""
    return _each_once((HERE, *given, *_installed(), shipped()))


def _each_once(folders: Iterable[Path]) -> Iterator[Path]:
    seen: set[Path] = set()
    for folder in folders:
        if (real := folder.resolve()) not in seen:
            seen.add(real)
            yield folder


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from sorted(file for file in folder.iterdir() if file.suffix in SUFFIXES and file.is_file())


def _installed() -> Iterator[Path]:
    """Yield the folders of installed packages of exercises."""
    if not any(_mentions_group(Path(entry)) for entry in sys.path):
        return  # importlib.metadata takes 30 ms to say the same
    from importlib.metadata import entry_points

    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        yield _folder_of(point.value, point.name)


def _mentions_group(folder: Path) -> bool:
    """Tell whether a folder of sys.path has a distribution with an entry point of our group."""
    try:
        return any(GROUP in file.read_text("utf-8", errors="replace") for file in folder.glob("*.*-info/entry_points.txt"))
    except OSError:  # somebody else's distribution, whose entry points we may not read
        return False


def _folder_of(module: str, name: str) -> Path:
    """Find the folder of a module without running the module or the packages that it is in."""
    from importlib.machinery import PathFinder
    from importlib.util import find_spec

    path, *inner = module.partition(":")[0].split(".")
    try:
        spec = find_spec(path)
        for part in inner:  # `find_spec("a.b")` would run a
            path = f"{path}.{part}"
            spec = PathFinder.find_spec(path, spec.submodule_search_locations) if spec else None
    except Exception:  # a finder of an installed package may raise anything
        spec = None
    places = list(spec.submodule_search_locations or ()) if spec else []
    if spec and spec.origin and not places:
        places = [str(Path(spec.origin).parent)]
    if not places:
        what = f"The entry point {name} names the module {module}, which is not there."
        raise ExerciseError(Fault("installed exercises", what, "Reinstall the package that brings it, or remove it."))
    return Path(places[0])


def _unknown(name: str, folders: Sequence[Path], assignment: Path | None = None) -> Fault:
    from difflib import get_close_matches

    known = [id for id, file in names(folders) if file != assignment]
    close = get_close_matches(name.lower(), known, n=1)
    remedy = [f"Did you mean `{close[0]}`?"] if close else []
    remedy.append(f"Known: {', '.join(known) or 'none'}.")
    if Path(name).exists():
        remedy.append(f"For the file of that name write ./{name}.")
    return Fault("", f"There is no exercise `{name}`.", "\n".join(remedy))
