"""List and read the files of a zip; what the zip says of itself is not believed."""

from __future__ import annotations

import calendar
import io
import zipfile
from dataclasses import dataclass, field, replace

from grader.course.intake.files import MAX_DEPTH, MAX_FILES, File, Home, Tree, Unplaced, is_junk, reason_of, with_fault
from grader.course.intake.names import shown
from grader.errors import Fault, SubmissionError
from grader.judging.notebooks import MAX_CODE_BYTES

MAX_PATH = 1024  # characters of a path in an archive
MAX_RATIO = 200  # code shrinks to a tenth, a notebook of repeated text to a fiftieth; a bomb to a thousandth
# What zipfile and the decompressors raise on hostile bytes is no closed list: LZMAError, struct.error, MemoryError.
UNPACKING = (Exception,)
# These are unpacked a piece at a time. bz2 and LZMA come out whole, whatever they grow to, and no file manager uses them unasked.
_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}


def unpack(file: File, opened: OpenZip) -> Tree:
    """
    List the files of a zip among the submissions; paths begin with the zip's own. Zips in it stay closed.

    A zip that cannot be unpacked is returned itself, with the fault. `opened` is shared by the zips of one run.
    """
    try:
        data = file.read()
        if data.count(b"PK\x01\x02") > MAX_FILES:
            fault = f"it holds more than {MAX_FILES} files: pack the assignment's files only."
            return Tree(files=(replace(file, fault=fault),))
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            tree = zip_tree(archive, home=_NestedHome(file, opened), prefix=f"{file.path}/")
            return replace(tree, files=tuple(map(_closed, tree.files)))
    except SubmissionError as error:
        return Tree(files=(replace(file, fault=error.faults[0].what),))
    except UNPACKING as error:
        return Tree(files=(replace(file, fault=f"it cannot be unpacked: {reason_of(error)}."),))


def _closed(file: File) -> File:
    """Give the reason to a zip in a zip."""
    return replace(file, fault="it is a zip in a zip: pack the files once.") if file.suffix == ".zip" and not file.fault else file


@dataclass(frozen=True, slots=True)
class ZipHome:
    """An archive that lies on this machine."""

    archive: zipfile.ZipFile  # safe to read from several threads: it locks its file

    def read(self, key: str, limit: int) -> bytes:
        """Unpack up to the limit, whatever the archive says of the size."""
        return _read_member(self.archive, key, limit)


@dataclass(frozen=True, slots=True)
class _NestedHome:
    file: File
    opened: OpenZip = field(compare=False, repr=False)

    def read(self, key: str, limit: int) -> bytes:
        """Unpack up to the limit."""
        return _read_member(self.opened.of(self.file), key, limit)


class OpenZip:
    """
    Keeps the zip open that was last read from.

    One student's files are read one after the other: each zip is opened once, and all of them would fill the memory.
    """

    def __init__(self) -> None:
        self._file: File | None = None
        self._archive: zipfile.ZipFile | None = None

    def of(self, file: File) -> zipfile.ZipFile:
        """Return the archive in a file. Raises SubmissionError when the file cannot be read."""
        if self._archive is None or self._file != file:
            self._archive = zipfile.ZipFile(io.BytesIO(file.read()))
            self._file = file
        return self._archive


def _read_member(archive: zipfile.ZipFile, key: str, limit: int) -> bytes:
    info = archive.infolist()[int(key)]  # by place, not by name: a name may occur twice
    try:
        with archive.open(info) as member:
            return member.read(limit)
    except UNPACKING as error:
        raise SubmissionError(Fault(shown(info.filename), f"It cannot be unpacked: {reason_of(error)}.")) from None


def zip_tree(archive: zipfile.ZipFile, *, home: Home, prefix: str) -> Tree:
    """List the files of an archive; what may not be opened has its reason."""
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
        if junk := next((depth for depth, part in enumerate(parts) if is_junk(part)), None):
            # A folder with nothing else in it is a student who handed in nothing, as it is where no zip is.
            folders.update(dict.fromkeys(prefix + "/".join(parts[:depth]) for depth in range(1, min(junk + 1, MAX_DEPTH))))
        if any(map(is_junk, parts)):
            continue
        folders.update(dict.fromkeys(prefix + "/".join(parts[:depth]) for depth in range(1, min(len(parts), MAX_DEPTH))))
        if info.is_dir():
            folders[path] = None
            continue
        file = File(path=path, size=info.file_size, modified=_zip_time(info), home=home, key=str(place))
        file = with_fault(file, info.external_attr >> 16)
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
