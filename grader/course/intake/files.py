"""
The files of a folder or a zip as they were handed in: listed without being opened, read with a cap.

Whatever is no regular file of bounded size inside the given place (links, pipes, devices, paths that leave an archive,
archives that unpack to far more than they are) keeps its name and gets a reason; nothing here aborts a batch.
"""

from __future__ import annotations

import calendar
import io
import os
import re
import stat
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Protocol

from grader.errors import Fault, SubmissionError
from grader.judging.notebooks import MAX_CODE_BYTES, MAX_NOTEBOOK_BYTES, Budget, NotebookError, bare_notebook, code_cells

MAX_DEPTH = 8
MAX_FILES = 2000  # of one student, and in one zip of a student's
MAX_ENTRIES = 500_000  # files and folders below the given folder: a class of thousands, and their results beside it
MAX_PATH = 1024  # characters of a path in an archive
MAX_STUDENT_BYTES = 128 << 20  # of all files that are read of one student, unpacked, with what notebooks show
MAX_STUDENT_CODE = 8 << 20  # of the code in them, which is kept while it is graded
MAX_RATIO = 200  # code shrinks to a tenth, a notebook of repeated text to a fiftieth; a bomb to a thousandth

_JUNK_FILES = {".ds_store", "thumbs.db", "desktop.ini"}
_JUNK_FOLDERS = {"__macosx", "__pycache__", ".ipynb_checkpoints", ".git", ".idea", ".vscode"}
_JUNK_FOLDERS |= {"venv", ".venv", "site-packages", "node_modules", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
# Letters that change how the rest of a line is read: a name could show itself as another one.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
# What zipfile and the decompressors raise on hostile bytes is no closed list: LZMAError, struct.error, MemoryError.
_UNPACKING = (Exception,)


# What is unpacked a piece at a time. bz2 and LZMA come out whole, whatever they grow to, and no file manager packs so unasked.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


class Home(Protocol):
    """Where a file lies."""

    def read(self, key: str, limit: int) -> bytes:
        """At most `limit` bytes. Raises SubmissionError with the reason when they cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One thing that was handed in. `path` is for messages; `fault` says why it may not be opened."""

    path: str
    size: int
    modified: float  # seconds; an order, not a time of day: archives know no zone
    home: Home = field(repr=False)
    key: str = field(repr=False)  # its name there
    fault: str = ""

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """`.py`, `.ipynb`, `.zip` ..., in lower case."""
        return os.path.splitext(self.name)[1].lower()  # noqa: PTH122 - a name, not a path of this machine

    def read(self) -> bytes:
        """The bytes. Raises SubmissionError when it may not be opened, cannot be read, or is larger than it said."""
        if self.fault:
            raise SubmissionError(Fault(self.path, f"It was not opened: {self.fault}"))
        limit = _limit(self.suffix)
        data = self.home.read(self.key, limit + 1)
        if len(data) > limit:
            raise SubmissionError(Fault(self.path, f"It was not read: {_too_large(limit)}"))
        return data


class Readable(Protocol):
    """A file of code; equal ones hold the same."""

    @property
    def name(self) -> str:
        """Without folders."""

    @property
    def path(self) -> str:
        """With the folders that it lies in, as far as they are known."""

    def read(self) -> bytes:
        """The bytes. Raises SubmissionError when it cannot be read."""


class Contents:
    """The code in the files of one student: each is read once, and all of them only as far as they are of a bounded size."""

    def __init__(self) -> None:
        self._bytes_left = MAX_STUDENT_BYTES
        self._code_left = MAX_STUDENT_CODE
        self._budget = Budget()
        self._known: dict[Readable, bytes | tuple[Fault, ...]] = {}  # no error: its traceback would hold what was read

    def code(self, file: Readable) -> bytes:
        """
        Return the bytes of a file; of a notebook those of one that holds its code only, so that its outputs are not kept.

        Raises SubmissionError when it cannot be read, or when there is too much beside it.
        """
        if file not in self._known:
            try:
                self._known[file] = self._read(file)
            except SubmissionError as error:
                self._known[file] = error.faults
        found = self._known[file]
        if isinstance(found, tuple):
            raise SubmissionError(*found)
        return found

    def _read(self, file: Readable) -> bytes:
        if self._bytes_left < 0:
            raise _too_much(file, f"larger than {MAX_STUDENT_BYTES >> 20} MiB")
        data = file.read()
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise _too_much(file, f"larger than {MAX_STUDENT_BYTES >> 20} MiB")
        if file.name.lower().endswith(".ipynb"):
            try:
                data = bare_notebook(cell.source for cell in code_cells(data, self._budget))
            except NotebookError as error:
                raise SubmissionError(Fault(file.name, error.what, error.remedy)) from None
        self._code_left -= len(data)
        if self._code_left < 0:
            raise _too_much(file, f"more than {MAX_STUDENT_CODE >> 20} MiB of code")
        return data


def _too_much(file: Readable, what: str) -> SubmissionError:
    return SubmissionError(
        Fault(file.path, f"It was not read: with the files before it, it is {what}.", "Hand in your own code.")
    )


NOT_ON_ROSTER = "It is graded under this name; nobody on the roster has it as an id, an email or a name of theirs alone."


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """Something that was handed in and is not graded, with the reason; or a student whom the roster does not know."""

    path: str
    reason: str

    @property
    def is_graded(self) -> bool:
        """Whether it is a student who is graded, and only has no place on the roster."""
        return self.reason == NOT_ON_ROSTER


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """What a folder or an archive holds: files in the order of their paths, and folders (some of them empty)."""

    files: tuple[File, ...]
    folders: tuple[str, ...] = ()
    unplaced: tuple[Unplaced, ...] = ()


def tree_of(path: Path) -> Tree:
    """What the folder or zip at `path` holds. Raises SubmissionError when it is neither."""
    if path.is_dir():
        return _folder_tree(path)
    if not path.is_file():
        what = "It is neither a folder nor a zip." if path.exists() else "There is no such folder or zip."
        raise SubmissionError(Fault(str(path), what, "Name the folder of submissions, or the zip as the LMS gave it."))
    try:
        with path.open("rb") as file:
            is_zip = zipfile.is_zipfile(file)
    except OSError as error:
        what = f"The file cannot be opened: {_reason(error)}."
        raise SubmissionError(Fault(str(path), what, "May you read it?")) from None
    if not is_zip:
        remedy = "Name a folder or a zip of submissions; for one file of your own use `grader check EXERCISE FILE`."
        raise SubmissionError(Fault(str(path), "It is a file, but not a zip.", remedy))
    try:
        archive = zipfile.ZipFile(path)
    except _UNPACKING as error:
        what = f"The zip cannot be read: {_reason(error)}."
        raise SubmissionError(Fault(str(path), what, "Download or pack it again.")) from None
    tree = _zip_tree(archive, home=_ZipHome(archive), prefix="")
    if len(archive.infolist()) > MAX_ENTRIES:
        raise SubmissionError(_too_many(path, list(tree.files)))
    return tree


def unpack(file: File) -> Tree:
    """
    What a zip among the submissions holds; paths begin with the zip's own. One level: zips in it stay closed.

    Of one that cannot be unpacked, the zip itself with the fault.
    """
    try:
        data = file.read()
        if data.count(b"PK\x01\x02") > MAX_FILES:
            fault = f"it holds more than {MAX_FILES} files: pack the assignment's files only."
            return Tree(files=(replace(file, fault=fault),))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tree = _zip_tree(archive, home=_NestedHome(file), prefix=f"{file.path}/")
            return replace(tree, files=tuple(map(_closed, tree.files)))
    except SubmissionError as error:
        return Tree(files=(replace(file, fault=error.faults[0].what),))
    except _UNPACKING as error:
        return Tree(files=(replace(file, fault=f"it cannot be unpacked: {_reason(error)}."),))


def _closed(file: File) -> File:
    """A zip in a zip keeps its name and gets the reason."""
    return replace(file, fault="it is a zip in a zip: pack the files once.") if file.suffix == ".zip" and not file.fault else file


def fold(name: str) -> str:
    """The name as comparison sees it: letters composed, case gone, and what a reader cannot see."""
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFC", seen).casefold().strip()


def unreadable_name(name: str) -> str:
    """Why a name cannot be shown and kept, or ''."""
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name) or _BIDI.search(name):
        return "its name holds control characters or is not UTF-8: rename it."
    return ""


def shown(path: str) -> str:
    """A path fit for a line of text: what cannot be shown becomes `?`, what is very long is cut in the middle."""
    short = path if len(path) <= 160 else f"{path[:100]}...{path[-50:]}"
    return "".join("?" if unicodedata.category(letter) in {"Cc", "Cs"} else letter for letter in _BIDI.sub("?", short))


# Folders


@dataclass(frozen=True, slots=True)
class _FolderHome:
    root: Path

    def read(self, key: str, limit: int) -> bytes:
        """Opened folder by folder from the root, never through a link."""
        try:
            with _open_regular(self.root, key.split("/")) as file:
                return file.read(limit)
        except (OSError, ValueError) as error:
            raise SubmissionError(Fault(shown(key), f"It cannot be read: {_reason(error)}.")) from None


def _open_regular(root: Path, parts: list[str]) -> io.BufferedReader:
    no_follow = getattr(os, "O_NOFOLLOW", 0)
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | no_follow
    if os.open in os.supports_dir_fd:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for part in parts[:-1]:
                below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | no_follow, dir_fd=folder)
                os.close(folder)
                folder = below
            descriptor = os.open(parts[-1], flags, dir_fd=folder)
        finally:
            os.close(folder)
    else:
        descriptor = os.open(root.joinpath(*parts), flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is not a regular file")
    return open(descriptor, "rb")  # noqa: PTH123 - the descriptor is what was checked, not the path


def _folder_tree(root: Path) -> Tree:
    home = _FolderHome(root)
    files: list[File] = []
    folders: list[str] = []
    try:
        top = sorted(os.scandir(root), key=lambda entry: entry.name)
    except OSError as error:
        raise SubmissionError(Fault(str(root), f"The folder cannot be read: {_reason(error)}.", "May you read it?")) from None
    for entry in top:
        for found, is_folder in _walk(entry, entry.name, home, depth=1):
            if is_folder:
                folders.append(found.path)
            else:
                files.append(found)
            if len(files) + len(folders) > MAX_ENTRIES:
                raise SubmissionError(_too_many(root, files))
    return Tree(files=tuple(files), folders=tuple(folders))


def _too_many(root: Path, files: list[File]) -> Fault:
    """Whose files they are is not known yet: to leave some out could be to leave out students."""
    where, count = Counter("/".join(file.path.split("/")[:2]) for file in files).most_common(1)[0]
    what = f"There are more than {MAX_ENTRIES} files and folders here; {count} of them are in {shown(where)}."
    return Fault(str(root), what, "Name the folder that holds the submissions only, or take out what is none.")


def _walk(entry: os.DirEntry[str], path: str, home: _FolderHome, *, depth: int) -> Iterator[tuple[File, bool]]:
    """The entry, and what is below it."""
    if _is_junk(entry.name):
        return
    file = File(path=path, size=0, modified=0.0, home=home, key=path)
    try:
        status = entry.stat(follow_symlinks=False)
        file = replace(file, size=status.st_size, modified=status.st_mtime)
        if not stat.S_ISDIR(status.st_mode):
            yield _checked(file, status.st_mode), False
            return
        if depth >= MAX_DEPTH:
            yield replace(file, fault=f"it lies more than {MAX_DEPTH} folders deep."), False
            return
        below = sorted(os.scandir(entry.path), key=lambda item: item.name)
    except OSError as error:
        yield replace(file, fault=f"it cannot be read: {_reason(error)}."), False
        return
    yield file, True
    for item in below:
        yield from _walk(item, f"{path}/{item.name}", home, depth=depth + 1)


# Archives


@dataclass(frozen=True, slots=True)
class _ZipHome:
    archive: zipfile.ZipFile  # safe to read from several threads: it locks its file

    def read(self, key: str, limit: int) -> bytes:
        """Unpacked up to the limit, whatever the archive says of the size."""
        return _read_member(self.archive, key, limit)


@dataclass(frozen=True, slots=True)
class _NestedHome:
    file: File

    def read(self, key: str, limit: int) -> bytes:
        """Unpacked up to the limit."""
        return _read_member(_unpacked(self.file), key, limit)


@lru_cache(maxsize=1)
def _unpacked(file: File) -> zipfile.ZipFile:
    """The zip that was last read from: a student's files are read one after the other, and all zips would fill the memory."""
    return zipfile.ZipFile(io.BytesIO(file.read()))


def _read_member(archive: zipfile.ZipFile, key: str, limit: int) -> bytes:
    info = archive.infolist()[int(key)]  # by place, not by name: a name may occur twice
    try:
        with archive.open(info) as member:
            return member.read(limit)
    except _UNPACKING as error:
        raise SubmissionError(Fault(shown(info.filename), f"It cannot be unpacked: {_reason(error)}.")) from None


def _zip_tree(archive: zipfile.ZipFile, *, home: Home, prefix: str) -> Tree:
    files: dict[str, File] = {}
    folders: dict[str, None] = {}
    unplaced: list[Unplaced] = []
    for place, info in enumerate(archive.infolist()):
        name = info.orig_filename.replace("\\", "/")  # as old Windows tools write it
        if len(name) > MAX_PATH:
            unplaced.append(Unplaced(path=shown(prefix + name), reason=f"Its path is longer than {MAX_PATH} characters."))
            continue
        parts = [part for part in name.split("/") if part not in {"", "."}]
        path = prefix + "/".join(parts)
        if not parts or name.startswith("/") or ".." in parts or ":" in parts[0][1:2]:
            unplaced.append(Unplaced(path=shown(prefix + name), reason="Its path leads out of the archive."))
            continue
        if junk := next((depth for depth, part in enumerate(parts) if _is_junk(part)), None):
            # A folder with nothing else in it is a student who handed in nothing, as it is where no zip is.
            folders.update(dict.fromkeys(prefix + "/".join(parts[:depth]) for depth in range(1, min(junk + 1, MAX_DEPTH))))
        if any(map(_is_junk, parts)):
            continue
        folders.update(dict.fromkeys(prefix + "/".join(parts[:depth]) for depth in range(1, min(len(parts), MAX_DEPTH))))
        if info.is_dir():
            folders[path] = None
            continue
        file = File(path=path, size=info.file_size, modified=_zip_time(info), home=home, key=str(place))
        file = _checked(file, info.external_attr >> 16)
        if not file.fault and info.flag_bits & 1:
            file = replace(file, fault="it is encrypted: pack it without a password.")
        if not file.fault and info.compress_type not in _METHODS:
            file = replace(file, fault="it is packed in an unusual way: pack it as .zip, with the method `deflate`.")
        if not file.fault and info.file_size > MAX_CODE_BYTES and info.file_size > MAX_RATIO * info.compress_size:
            file = replace(file, fault=f"it unpacks to more than {MAX_RATIO} times its size.")
        if not file.fault and len(parts) > MAX_DEPTH:
            file = replace(file, fault=f"it lies more than {MAX_DEPTH} folders deep.")
        if path in files:
            unplaced.append(Unplaced(path=shown(path), reason="The archive holds this name twice; the last one counts."))
        files[path] = file
    return Tree(files=tuple(files[path] for path in sorted(files)), folders=tuple(sorted(folders)), unplaced=tuple(unplaced))


def _zip_time(info: zipfile.ZipInfo) -> float:
    try:
        return float(calendar.timegm((*info.date_time, 0, 0, 0)))
    except ValueError:  # month 0: whoever wrote it set no time
        return 0.0


# What both share


def _checked(file: File, mode: int) -> File:
    """The file with its fault, judged by its mode (0 where an archive knows none), its name and its size."""
    kind = stat.S_IFMT(mode)
    limit = _limit(file.suffix)
    if kind == stat.S_IFLNK:
        fault = "it is a symbolic link: hand in the file itself."
    elif kind not in {0, stat.S_IFREG}:
        fault = "it is not a regular file."
    elif file.size > limit and file.suffix in {".py", ".ipynb", ".zip"}:
        fault = _too_large(limit)
    else:
        fault = unreadable_name(file.path)
    return replace(file, fault=fault) if fault else file


def _limit(suffix: str) -> int:
    return MAX_NOTEBOOK_BYTES if suffix in {".ipynb", ".zip"} else MAX_CODE_BYTES


def _too_large(limit: int) -> str:
    return f"it is larger than {limit >> 20} MiB: hand in code only, and clear a notebook's outputs."


def _is_junk(name: str) -> bool:
    return name.lower() in _JUNK_FILES | _JUNK_FOLDERS or name.startswith("._") or name.endswith(".pyc")


def _reason(error: BaseException) -> str:
    return str(getattr(error, "strerror", None) or error or type(error).__name__).rstrip(".")
