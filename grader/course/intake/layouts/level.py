"""Look at one level of the folders that were handed in: the names there, from which every layout is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from grader.course.intake.files import File, Tree, Unplaced
from grader.course.intake.names import fold, shown
from grader.course.intake.students import Student
from grader.errors import Fault, SubmissionError
from grader.exercise.assignment import Assignment

CODE = frozenset({".py", ".ipynb"})
WORK = CODE | {".zip"}
# A file of this name was there already: browsers write `answer (1)`, Canvas `answer-1`.
COPY = re.compile(r"(?: ?\((\d+)\)|-(\d+))$")
_WRAPPERS = frozenset({"submissions", "submitted"})
_EXPORT = re.compile(r"assignment_\d+_export")  # Gradescope's wrapper


@dataclass(slots=True)
class StudentFiles:
    """One student's files, by their paths below the student's own folder."""

    student: Student
    files: list[tuple[str, File]] = field(default_factory=list)
    canvas: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The result of reading a layout: each student's files, and files that are nobody's. `within` is the folder around them."""

    layout: str
    handed_in: list[StudentFiles]
    unplaced: list[Unplaced]
    within: str = ""


@dataclass(frozen=True, kw_only=True)
class Level:
    """What lies at the top, or in a folder around everything. `name` is the name of that place."""

    path: Path
    name: str
    tree: Tree
    assignment: Assignment
    within: str = ""
    beside: tuple[Unplaced, ...] = ()  # files beside the folders around this level

    @cached_property
    def all_folders(self) -> tuple[str, ...]:
        """The folders at the top."""
        tops = {folder.partition("/")[0] for folder in self.tree.folders}
        return tuple(sorted(tops | {file.path.partition("/")[0] for file in self.tree.files if "/" in file.path}))

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """The folders at the top without hidden ones."""
        return tuple(top for top in self.all_folders if top[0] != ".")

    @cached_property
    def files(self) -> tuple[File, ...]:
        """The files at the top."""
        return tuple(file for file in self.tree.files if "/" not in file.path)

    def hidden(self) -> Iterator[Unplaced]:
        """Yield the hidden folders at the top, which are no student's."""
        reason = "A folder whose name begins with a dot is no student's."
        return (Unplaced(path=shown(folder), reason=reason) for folder in self.all_folders if folder[0] == ".")

    def only_folder(self) -> str:
        """Return the one folder at the top; '' where there are several, or work lies beside it."""
        if len(self.folders) != 1 or any(file.suffix in WORK for file in self.files):
            return ""
        return self.folders[0]

    def inside(self, top: str) -> Level:
        """Return the level in this folder, which is nobody's."""
        files = tuple(
            replace(file, path=file.path.removeprefix(f"{top}/")) for file in self.tree.files if file.path.startswith(f"{top}/")
        )
        folders = tuple(
            folder.removeprefix(f"{top}/") for folder in self.tree.folders if folder != top and folder.startswith(f"{top}/")
        )
        beside = (*self.beside, *(unread(file) for file in self.files), *self.hidden())
        within = f"{self.within}{top}/"
        unplaced = tuple(
            replace(one, path=one.path.removeprefix(f"{top}/")) for one in self.tree.unplaced if one.path.startswith(f"{top}/")
        )
        tree = Tree(files=files, folders=folders, unplaced=unplaced)
        return replace(self, name=top, tree=tree, within=within, beside=beside)

    def named_wrapper(self) -> Level | None:
        """Return the level in the only folder, where its name says that it is nobody's."""
        top = fold(self.only_folder())
        stem = stem_of(self.path)
        names = {fold(stem), fold(COPY.sub("", stem)), fold(self.assignment.id), *_WRAPPERS}
        return self.inside(self.only_folder()) if top and (top in names or _EXPORT.fullmatch(top)) else None

    def reading(self, layout: str, handed_in: Iterable[StudentFiles], unplaced: Iterable[Unplaced]) -> Reading:
        """Return what was read at this level."""
        return Reading(
            layout=layout, handed_in=list(handed_in), unplaced=[*self.beside, *unplaced], within=self.within.rstrip("/")
        )

    def doubt(self, *ways: tuple[str, str]) -> SubmissionError:
        """Return the error for files that can be read in several ways: layouts, each with what would follow."""
        told = " ".join(f"`{layout}`: {what}" for layout, what in ways)
        said = ", or ".join(f"--layout {layout}" for layout, _ in ways)
        return SubmissionError(
            Fault(str(self.path), f"Whose files these are can be read in two ways. {told}", f"Say which it is: {said}.")
        )


def stem_of(path: Path) -> str:
    """Return the name of a folder or zip without its suffix."""
    return path.resolve().name if path.is_dir() else path.stem


EACH_STUDENT = ("students", "each folder, file and zip belongs to the student after whom it is named.")


def nearly_all(count: int, of: int) -> bool:
    """Return whether four of five are there, and one at least."""
    return count > 0 and count * 5 >= of * 4


def fits(level: Level, layout: str, named: Iterable[str], *, sure: bool) -> bool:
    """
    Return whether all or nearly all names at the top are as a system writes them; not where half of them are, or fewer.

    Files that nobody is graded for do not count. Raises SubmissionError for what is neither.
    """
    matching = set(named)
    work = {*level.folders, *(file.path for file in level.files if file.suffix in WORK)} | matching
    if not matching or (not sure and 2 * len(matching) <= len(work)):
        return False
    if sure or nearly_all(len(matching), len(work)):
        return True
    what = (
        f"{len(matching)} of {len(work)} names at the top are as {layout.capitalize()} writes them; the others belong to nobody."
    )
    raise level.doubt((layout, what), EACH_STUDENT)


def tops(level: Level) -> tuple[str, ...]:
    """Return the names of the folders and files at the top."""
    return (*level.folders, *(file.path for file in level.files))


def unread(file: File) -> Unplaced:
    """List a file that is nobody's work, with the reason."""
    return Unplaced(path=shown(file.path), reason=sentence(file.fault) or "It is not a .py, .ipynb or .zip file.")


def student_named(name: str, layout: str) -> Student:
    """Return the student of this name, seen in this layout."""
    return Student(id=name, origin=f"{layout}:{name}")


def exercise_named(file_name: str, assignment: Assignment) -> str | None:
    """Return the exercise that a file is named after, whatever its capitals, hyphens and the number of a copy."""
    stem = fold(PurePosixPath(file_name).stem)
    ids = {exercise.id for exercise in assignment.exercises}
    for spelling in (stem, COPY.sub("", stem)):
        for name in (spelling, re.sub(r"[ -]+", "_", spelling)):
            if name in ids:
                return name
    return None


def sentence(fault: str) -> str:
    """Return a fault as a sentence of its own."""
    return fault[:1].upper() + fault[1:]


def because(files: Iterable[tuple[str, File]], reason: str) -> Iterator[Unplaced]:
    """List these files as not placed, all for one reason."""
    return (Unplaced(path=shown(file.path), reason=reason) for _, file in files)
