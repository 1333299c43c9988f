"""
Which layout a folder or zip of submissions has, and each student's files in it.

A layout is read off the names at the top, or in the one folder at the top where that is surely nobody's: those names are
given by whoever collected the work. What lies deeper is a student's own, and says nothing of whose it is. Where two layouts
fit, none is taken: the run is refused until somebody says which it is.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Protocol

from grader.course.intake.files import File, Tree, Unplaced, fold, shown
from grader.course.intake.lms import CANVAS_FILE, METADATA, MOODLE_NAME, gradescope_submissions, nbgrader_time
from grader.course.intake.roster import Student
from grader.errors import Fault, SubmissionError
from grader.exercise.model import Assignment
from grader.judging.notebooks import MAX_CODE_BYTES

CODE = frozenset({".py", ".ipynb"})
_WORK = CODE | {".zip"}
# `answer (1)` as browsers, `answer-1` as Canvas names a file that is there already
COPY = re.compile(r"(?: ?\((\d+)\)|-(\d+))$")

LAYOUTS: Mapping[str, str] = {
    "students": "a folder, a file or a zip for each student",
    "wrapped": "the same in the one folder at the top, whatever its name",
    "one-student": "all of it is one student's, who is called as the folder or zip is",
    "nbgrader": "submitted/STUDENT/ASSIGNMENT/, a course's folder or `submitted` itself",
    "moodle": "Moodle's download of all submissions",
    "canvas": "Canvas's download of all submissions",
    "gradescope": "Gradescope's export of submissions",
}
DOWNLOADS = frozenset({"moodle", "canvas", "gradescope"})

# One student may keep so many folders and zips beside answers, and so many files with helpers: more is a class.
_MOST_FOLDERS = 8
_MOST_HELPERS = 8
_WRAPPERS = frozenset({"submissions", "submitted"})
_EXPORT = re.compile(r"assignment_\d+_export")  # Gradescope's wrapper


@dataclass(slots=True)
class HandedIn:
    """One student's files, by their paths below the student's own folder."""

    student: Student
    files: list[tuple[str, File]] = field(default_factory=list)
    canvas: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A layout, whose files are whose by it, and what is nobody's. `within` is the folder around them, if there is one."""

    layout: str
    handed_in: list[HandedIn]
    unplaced: list[Unplaced]
    within: str = ""


@dataclass(frozen=True, kw_only=True)
class _Level:
    """What lies at the top, or in a folder around everything. `name` is what that place is called."""

    path: Path
    name: str
    tree: Tree
    assignment: Assignment
    within: str = ""
    beside: tuple[Unplaced, ...] = ()  # what lies beside the folders around this level

    @cached_property
    def all_folders(self) -> tuple[str, ...]:
        """The folders at the top."""
        tops = {folder.partition("/")[0] for folder in self.tree.folders}
        return tuple(sorted(tops | {file.path.partition("/")[0] for file in self.tree.files if "/" in file.path}))

    @cached_property
    def folders(self) -> tuple[str, ...]:
        """The folders at the top, but hidden ones."""
        return tuple(top for top in self.all_folders if top[0] != ".")

    @cached_property
    def files(self) -> tuple[File, ...]:
        """The files at the top."""
        return tuple(file for file in self.tree.files if "/" not in file.path)

    def hidden(self) -> Iterator[Unplaced]:
        """The folders at the top that are no student's."""
        reason = "A folder whose name begins with a dot is no student's."
        return (Unplaced(path=shown(folder), reason=reason) for folder in self.all_folders if folder[0] == ".")

    def only_folder(self) -> str:
        """The one folder at the top, or '' where there are several or work lies beside it."""
        if len(self.folders) != 1 or any(file.suffix in _WORK for file in self.files):
            return ""
        return self.folders[0]

    def inside(self, top: str) -> _Level:
        """The level in this folder, which is nobody's."""
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

    def named_wrapper(self) -> _Level | None:
        """The level in the only folder, where its name says that it is nobody's."""
        top = fold(self.only_folder())
        stem = stem_of(self.path)
        names = {fold(stem), fold(COPY.sub("", stem)), fold(self.assignment.id), *_WRAPPERS}
        return self.inside(self.only_folder()) if top and (top in names or _EXPORT.fullmatch(top)) else None

    def reading(self, layout: str, handed_in: Iterable[HandedIn], unplaced: Iterable[Unplaced]) -> Reading:
        """These as what was read here."""
        return Reading(
            layout=layout, handed_in=list(handed_in), unplaced=[*self.beside, *unplaced], within=self.within.rstrip("/")
        )

    def doubt(self, *ways: tuple[str, str]) -> SubmissionError:
        """The error where it can be read in several ways: layouts, each with what would follow."""
        told = " ".join(f"`{layout}`: {what}" for layout, what in ways)
        said = ", or ".join(f"--layout {layout}" for layout, _ in ways)
        return SubmissionError(
            Fault(str(self.path), f"Whose files these are can be read in two ways. {told}", f"Say which it is: {said}.")
        )


def recognise(path: Path, tree: Tree, assignment: Assignment, said: str = "") -> Reading:
    """
    Whose files are whose: by the layout that was said, else by the one that is seen.

    Raises SubmissionError where two layouts fit, or the one that was said does not.
    """
    level = _Level(path=path, name=stem_of(path), tree=tree, assignment=assignment)
    return _as_said(level, said) if said else _seen(level)


def stem_of(path: Path) -> str:
    """What a folder or zip is called."""
    return path.resolve().name if path.is_dir() else path.stem


def _seen(level: _Level) -> Reading:
    while True:
        for read in _READERS.values():
            if (reading := read(level, sure=False)) is not None:
                return reading
        if (inner := level.named_wrapper()) is None:
            break
        level = inner
    if top := level.only_folder():
        _refuse_class_in_folder(level, level.inside(top))
    return _one_student(level) if _is_one_student(level) else _by_student(level)


def _as_said(level: _Level, said: str) -> Reading:
    if said not in LAYOUTS:
        raise SubmissionError(Fault("--layout", f"There is no layout {said}.", f"Choose one of {', '.join(LAYOUTS)}."))
    if read := _READERS.get(said):
        at: _Level | None = level
        while at is not None:
            if (reading := read(at, sure=True)) is not None:
                return reading
            at = at.inside(at.only_folder()) if at.only_folder() else None
        raise SubmissionError(Fault(str(level.path), f"Nothing here is {LAYOUTS[said]}.", "Say another --layout, or none."))
    while (inner := level.named_wrapper()) is not None:
        level = inner
    if said == "one-student":
        return _one_student(level)
    if said == "wrapped":
        if not level.only_folder():
            what = "There is no single folder at the top in which all submissions lie."
            raise SubmissionError(Fault(str(level.path), what, "Say --layout students, or none."))
        level = level.inside(level.only_folder())
    return _by_student(level)


def _refuse_class_in_folder(level: _Level, inner: _Level) -> None:
    """Raises SubmissionError where a folder of any name may be one student's, or around a class: what is in it can be made up."""
    alone = ("students", f"`{shown(inner.name)}` is one student, and all in it is that student's.")
    metadata = next((file for file in inner.files if file.path == METADATA), None)
    if metadata is not None and inner.folders and metadata.size > MAX_CODE_BYTES:  # a student's would take minutes to read
        raise level.doubt(("gradescope", f"`{shown(inner.name)}` lies around submissions and a {METADATA}."), alone)
    for layout, read in _READERS.items():
        found: Reading | None = None
        with suppress(SubmissionError):  # what does not read as a download is nothing but a student's files
            found = read(inner, sure=False)
        if found is not None and found.handed_in:
            raise level.doubt((layout, f"`{shown(inner.name)}` lies around {_counted(found)}."), alone)
    if _holds_a_class(inner):
        raise level.doubt(("wrapped", f"`{shown(inner.name)}` lies around {_counted(_by_student(inner))}."), alone)


def _counted(reading: Reading) -> str:
    names = [one.student.id for one in reading.handed_in]
    some = ", ".join(map(shown, names[:3]))
    return f"the work of {len(names)} student{'' if len(names) == 1 else 's'} ({some}{', ...' if len(names) > 3 else ''})"


def _holds_a_class(level: _Level) -> bool:
    """Whether folders lie here of which more hold answers than one student has, and none of it lies here itself."""
    holders: set[str] = set()
    answers: dict[str, set[str]] = defaultdict(set)
    for file in level.tree.files:
        top, slash, _ = file.path.partition("/")
        if not slash and file.suffix in CODE:
            return False
        if file.suffix in _WORK:
            holders.add(top)
        if exercise := exercise_named(file.name, level.assignment) if file.suffix in CODE else None:
            answers[exercise].add(top)
    return any(len(tops) > 1 for tops in answers.values()) or len(holders) > max(2, len(level.assignment.exercises))


# The layouts of systems. `sure` is that somebody said so; else each is None where it does not fit.


def _gradescope(level: _Level, *, sure: bool) -> Reading | None:
    found = next((file for file in level.files if file.path == METADATA), None)
    if found is None:
        return None
    if any(one.path == METADATA for one in level.tree.unplaced):
        raise SubmissionError(Fault(METADATA, "The archive holds this file twice.", "Export the submissions again."))
    unplaced: list[Unplaced] = []
    submissions = list(_told_apart(gradescope_submissions(found, unplaced), unplaced))
    named = {folder for folder, _ in submissions} | {one.path for one in unplaced}
    there = named.intersection(level.folders)
    if not sure and not (_nearly_all(len(there), len(named)) and _nearly_all(len(there), len(level.folders))):
        what = f"it names {len(named)} folders; of the {len(level.folders)} that are here, it names {len(there)}."
        raise level.doubt(("gradescope", f"{METADATA} says whose a folder is: {what}"), _EACH)
    below = defaultdict(list)
    for file in level.tree.files:
        top, _, name = file.path.partition("/")
        if file is not found:
            below[top].append((name or top, file))
    handed_in: list[HandedIn] = []
    for folder, students in submissions:
        files = below.pop(folder, [])
        for student in students:
            handed_in.append(HandedIn(replace(student, origin=f"gradescope:{_account(student)}"), list(files)))
    for files in below.values():
        unplaced.extend(because(files, f"{METADATA} does not name whose it is."))
    return level.reading("gradescope", handed_in, unplaced)


def _account(student: Student) -> str:
    """What tells an account of Gradescope's from others: its address, since students may write its number and name."""
    return student.email or student.id


def _told_apart(
    submissions: Iterable[tuple[str, tuple[Student, ...]]], unplaced: list[Unplaced]
) -> Iterator[tuple[str, tuple[Student, ...]]]:
    """The submissions, in which a number that several addresses have is nobody's: students may write theirs themselves."""
    submissions = list(submissions)
    addresses: dict[str, set[str]] = defaultdict(set)
    for student in (student for _, students in submissions for student in students if student.email):
        addresses[fold(student.id)].add(fold(student.email))
    shared = {number for number, emails in addresses.items() if len(emails) > 1}
    for folder, students in submissions:
        for number in sorted({student.id for student in students if fold(student.id) in shared}):
            reason = f"Several addresses have the number {shown(number)}: it is graded under the address."
            unplaced.append(Unplaced(path=shown(folder), reason=reason))
        yield (
            folder,
            tuple(
                replace(student, id=student.email or student.name, ids={}) if fold(student.id) in shared else student
                for student in students
            ),
        )


_EACH = ("students", "each folder, file and zip is a student's, who is called as it is.")


def _nearly_all(count: int, of: int) -> bool:
    return count > 0 and count * 5 >= of * 4


def _fits(level: _Level, layout: str, named: Iterable[str], *, sure: bool) -> bool:
    """
    Whether all or nearly all at the top is named as a system names it: not where it is half of it, or less.

    Files that nobody is graded for do not count. Raises SubmissionError for what is neither.
    """
    matching = set(named)
    work = {*level.folders, *(file.path for file in level.files if file.suffix in _WORK)} | matching
    if not matching or (not sure and 2 * len(matching) <= len(work)):
        return False
    if sure or _nearly_all(len(matching), len(work)):
        return True
    what = (
        f"{len(matching)} of {len(work)} names at the top are as {layout.capitalize()} makes them, and the others are nobody's."
    )
    raise level.doubt((layout, what), _EACH)


def _moodle(level: _Level, *, sure: bool) -> Reading | None:
    tops = {top: match for top in _tops(level) if (match := MOODLE_NAME.match(top))}
    if not _fits(level, "moodle", tops, sure=sure):
        return None
    handed_in: dict[str, HandedIn] = {}
    unplaced: list[Unplaced] = []
    for file in level.tree.files:
        top, _, below = file.path.partition("/")
        if (match := tops.get(top)) is None:
            unplaced.append(Unplaced(path=shown(file.path), reason="Its folder is not named as Moodle names a student's."))
        elif match["kind"] != "file":
            unplaced.append(Unplaced(path=shown(file.path), reason="It is text typed into Moodle, not a file."))
        else:
            name, number = match["name"], match["id"]
            student = Student(id=f"{name}_{number}", name=name, ids={"moodle": number}, origin=f"moodle:{number}")
            one = handed_in.setdefault(student.id, HandedIn(student))
            one.files.append((below or match["rest"], file))
    return level.reading("moodle", handed_in.values(), unplaced)


def _canvas(level: _Level, *, sure: bool) -> Reading | None:
    tops = {file.path: match for file in level.files if (match := CANVAS_FILE.match(file.path))}
    if not _fits(level, "canvas", tops, sure=sure):
        return None
    handed_in: dict[str, HandedIn] = {}
    unplaced: list[Unplaced] = []
    forged = _forged(tops)
    for file in level.tree.files:
        if (match := tops.get(file.path)) is None:
            unplaced.append(Unplaced(path=shown(file.path), reason="It is not named as Canvas names a submission."))
        elif file.path in forged:
            reason = f"Its name can be read in two ways, and {match['id']} is the number of {forged[file.path]}: whose is it?"
            unplaced.append(Unplaced(path=shown(file.path), reason=reason))
        else:
            # Canvas says only that it was late, not by how much.
            is_late = "_LATE_" in f"_{file.path[: match.start('attachment')]}"
            user = match["id"] or match["anonymous"]
            student = Student(
                id=f"{match['name'] or 'anon'}_{user}",
                ids={"canvas": user} if match["id"] else {},
                late=is_late,
                origin=f"canvas:{user}",
            )
            handed_in.setdefault(student.id, HandedIn(student, canvas=True)).files.append((match["file"], file))
    return level.reading("canvas", handed_in.values(), unplaced)


def _forged(tops: Mapping[str, re.Match[str]]) -> Mapping[str, str]:
    """
    Files whose student has a number in the name that is another student's, who is named.

    Names are made of what students call themselves: of `eve_12_3`, Canvas makes `eve_12_3_66_9001_answer.py`, which begins
    as a file of the student 12 does.
    """
    names: dict[str, set[str]] = defaultdict(set)
    for match in tops.values():
        if match["id"] and not CANVAS_FILE.match(f"x_{match['file']}"):
            names[match["id"]].add(match["name"])
    return {
        path: shown(next(iter(names[match["id"]])))
        for path, match in tops.items()
        if match["id"] and CANVAS_FILE.match(f"x_{match['file']}") and names[match["id"]] - {match["name"]}
    }


def _nbgrader(level: _Level, *, sure: bool) -> Reading | None:
    """`submitted/STUDENT/ASSIGNMENT/...`, given the course's folder or `submitted` itself; other assignments are not ours."""
    prefix = "submitted/" if "submitted" in level.folders else ""
    one = _Course(level, prefix)
    is_named = bool(prefix) or fold(level.name) == "submitted"
    if not sure and not is_named:
        # Outside `submitted` a student may have packed such a folder, and a time, too.
        timed = [student for student, folders in one.timed.items() if fold(level.assignment.id) in map(fold, folders)]
        if _nearly_all(len(timed), len(one.students)):
            what = f"of each folder, {shown(level.assignment.id)} in it is what was handed in, at the time in its timestamp.txt."
            raise level.doubt(("nbgrader", what), ("students", "each folder is a student's, with all that is in it."))
        return None
    is_course = bool(prefix) and any(file.path in {"nbgrader_config.py", "gradebook.db"} for file in level.files)
    if not one.handed_in and one.others and is_course:
        there = ", ".join(map(shown, sorted({folder for folders in one.others.values() for folder in folders})))
        what = f"Nobody handed in {level.assignment.id} in this course of nbgrader's; there is {there}."
        raise SubmissionError(Fault("submitted", what, "Name an assignment file that is called as the assignment is there."))
    if not one.handed_in or not (sure or is_course or one.is_likely()):
        return None
    with_work = {file.path.partition("/")[0] for file in level.tree.files if "/" in file.path and file.suffix in _WORK}
    if prefix and not (sure or is_course) and (others := sorted(with_work - _OF_A_COURSE)):
        what = f"what lies in `submitted` is the students', and {', '.join(map(shown, others[:3]))} beside it nobody's."
        raise level.doubt(("nbgrader", what), _EACH)
    return level.reading("nbgrader", one.read(), one.unplaced(tells=not prefix))


# The folders that nbgrader makes in a course
_OF_A_COURSE = frozenset({"source", "release", "submitted", "autograded", "feedback", "downloaded", "archive"})


class _Course:
    """What lies in nbgrader's `submitted`, if it is that."""

    def __init__(self, level: _Level, prefix: str) -> None:
        self.prefix = prefix
        self.assignment = level.assignment
        self.handed_in: dict[str, HandedIn] = {}
        self.others: dict[str, list[str]] = {}  # assignments, by student
        self.loose: dict[str, list[File]] = {}
        self.timed: dict[str, set[str]] = {}  # assignments with a time, by student
        for file in level.tree.files:
            if file.path.startswith(prefix):
                self._take(file)
        folders = [folder.removeprefix(prefix).split("/") for folder in level.tree.folders if folder.startswith(prefix)]
        mine = fold(level.assignment.id)
        self.with_folder = {parts[0] for parts in folders if len(parts) > 1 and fold(parts[1]) == mine} | self.handed_in.keys()
        self.students = sorted({*(parts[0] for parts in folders if parts[0] and parts[0][0] != "."), *self.handed_in})

    def _take(self, file: File) -> None:
        student, _, below = file.path.removeprefix(self.prefix).partition("/")
        folder, _, inner = below.partition("/")
        if inner and fold(folder) == fold(self.assignment.id):
            self.handed_in.setdefault(student, HandedIn(_student(student, "nbgrader"))).files.append((inner, file))
        elif inner:
            self.others.setdefault(student, []).append(folder)
        else:
            self.loose.setdefault(student, []).append(file)
        if inner == "timestamp.txt":
            self.timed.setdefault(student, set()).add(folder)

    def is_likely(self) -> bool:
        """Whether it is more than a folder of this name: nbgrader leaves no work outside an assignment's, and writes times."""
        with_loose_work = {student for student, files in self.loose.items() if any(file.suffix in _WORK for file in files)}
        with_work = {*self.with_folder, *self.others, *with_loose_work}
        tidy = self.with_folder - with_loose_work
        return 2 * len(tidy) > len(with_work) or _nearly_all(len(self.timed), len(with_work))

    def read(self) -> Iterator[HandedIn]:
        """Each student's files, and when they were handed in."""
        for student in self.students:
            one = self.handed_in.get(student, HandedIn(_student(student, "nbgrader")))
            for name, file in list(one.files):
                if name == "timestamp.txt":
                    one.files.remove((name, file))
                    one.student = replace(one.student, submitted_at=nbgrader_time(file))
            yield one

    def unplaced(self, *, tells: bool) -> Iterator[Unplaced]:
        """What lies in no assignment's folder; and, if it `tells`, who has no folder of this one: in a course that is known."""
        for student in self.students if tells else ():
            if student not in self.handed_in and student in {*self.others, *self.loose}:
                reason = f"There is no folder {self.assignment.id} in it, which is what is graded."
                yield Unplaced(path=shown(student), reason=reason)
        yield from because(
            ((file.path, file) for files in self.loose.values() for file in files), "It lies in no folder of an assignment."
        )


class _Reader(Protocol):
    def __call__(self, level: _Level, *, sure: bool) -> Reading | None: ...


# In this order: a file in Moodle's download may be called as one of Canvas's, and not the other way round.
_READERS: Mapping[str, _Reader] = {
    "gradescope": _gradescope,
    "moodle": _moodle,
    "canvas": _canvas,
    "nbgrader": _nbgrader,
}


# Plain folders and files


def _one_student(level: _Level) -> Reading:
    handed_in = HandedIn(_student(stem_of(level.path), "students"), [(file.path, file) for file in level.tree.files])
    return level.reading("one-student", [handed_in], ())


def _is_one_student(level: _Level) -> bool:
    """
    Whether answers lie at the top, and are not a starter that was left beside the students' folders, files and zips.

    Raises SubmissionError where they may be either.
    """
    top = [file for file in level.files if file.suffix in CODE]
    answers = [file for file in top if exercise_named(file.name, level.assignment)]
    if not answers:
        return False
    beside = {file.path.partition("/")[0] for file in level.tree.files if "/" in file.path and file.suffix in _WORK}
    beside |= {file.path for file in level.files if file.suffix == ".zip"}
    if len(beside) > max(_MOST_FOLDERS, len(level.assignment.exercises)):
        return False
    if not beside and len(top) - len(answers) <= _MOST_HELPERS:
        return True
    count = len(beside) or len(top) - len(answers)
    answer = shown(answers[0].path)
    alone = ("one-student", f"`{answer}` and all that lies beside it are one student's.")
    whose = f"the work of {count} student{'' if count == 1 else 's'}"
    raise level.doubt(
        alone, ("students", f"What lies beside `{answer}` is {whose}, and that file, named after an exercise, is nobody's.")
    )


def _by_student(level: _Level) -> Reading:
    """`STUDENT/...` and `STUDENT.py`, `STUDENT.ipynb`, `STUDENT.zip`."""
    folders = {folder: HandedIn(_student(folder, "students")) for folder in level.folders}
    unplaced = list(level.hidden())
    single: dict[str, HandedIn] = {}
    for file in level.tree.files:
        top, _, below = file.path.partition("/")
        if below and top[0] == ".":
            continue
        if below:
            folders[top].files.append((below, file))
        elif file.suffix in CODE and exercise_named(top, level.assignment):
            reason = "It is named after an exercise and lies beside the students' folders: put it into its student's folder."
            unplaced.append(Unplaced(path=shown(top), reason=reason))
        elif file.suffix in _WORK:
            stem = PurePosixPath(top).stem
            single.setdefault(stem, HandedIn(_student(stem, "students"))).files.append((top, file))
        else:
            unplaced.append(unread(file))
    for stem in sorted(single.keys() & folders.keys()):
        reason = f"{shown(stem)} has a folder, too, and that counts: put the file into it."
        unplaced.extend(because(single.pop(stem).files, reason))
    return level.reading("students", [*folders.values(), *single.values()], unplaced)


def _tops(level: _Level) -> tuple[str, ...]:
    return (*level.folders, *(file.path for file in level.files))


def owner(path: str, layout: str, within: str = "") -> str:
    """Whose a path is in this layout: what the student is called at the top, as far as it can be told."""
    below = path.removeprefix(f"{within}/") if within else path
    below = below.removeprefix("submitted/") if layout == "nbgrader" else below
    top = below.partition("/")[0]
    match = {"canvas": CANVAS_FILE, "moodle": MOODLE_NAME}[layout].match(top) if layout in {"canvas", "moodle"} else None
    return f"{match['name']}_{match['id']}" if match else PurePosixPath(top).stem


def unread(file: File) -> Unplaced:
    """A file that is no work of anybody's, with the reason."""
    return Unplaced(path=shown(file.path), reason=sentence(file.fault) or "It is not a .py, .ipynb or .zip file.")


def _student(name: str, layout: str) -> Student:
    return Student(id=name, origin=f"{layout}:{name}")


def exercise_named(file_name: str, assignment: Assignment) -> str | None:
    """The exercise whose id a file's name is, give or take capitals, hyphens and the number of a copy."""
    stem = fold(PurePosixPath(file_name).stem)
    ids = {exercise.id for exercise in assignment.exercises}
    for spelling in (stem, COPY.sub("", stem)):
        for name in (spelling, re.sub(r"[ -]+", "_", spelling)):
            if name in ids:
                return name
    return None


def sentence(fault: str) -> str:
    """A fault as a sentence of its own."""
    return fault[:1].upper() + fault[1:]


def because(files: Iterable[tuple[str, File]], reason: str) -> Iterator[Unplaced]:
    """These files, not placed for one reason."""
    return (Unplaced(path=shown(file.path), reason=reason) for _, file in files)
