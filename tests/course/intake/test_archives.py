"""Zips are listed and read, whatever they say of themselves."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path

import pytest
from classroom import assignment, hand_in, pack
from collected import TANH, placed, reasons

from grader.course.intake.collect import collect
from grader.course.intake.folders import _FolderHome
from grader.errors import SubmissionError
from grader.outcome import Status


def test_paths_that_leave_the_archive_are_listed(tmp_path: Path) -> None:
    """Zip-slip: absolute paths, drive letters and `..`, with either slash."""
    names = ["../../x.py", "/etc/x.py", "C:/x.py", "s01\\..\\..\\x.py"]
    collection = collect(pack(tmp_path / "class.zip", {"s01/tanh_layer.py": TANH, **dict.fromkeys(names, TANH)}), assignment())
    assert {("s01", "tanh_layer")} == placed(collection).keys()
    assert {"Its path leads out of the archive."} == set(reasons(collection).values())
    assert len(names) == len(collection.unplaced)


def test_a_zip_bomb_is_refused_unread(tmp_path: Path) -> None:
    """A notebook of 30 MiB of zeros takes 30 KB in the archive."""
    collection = collect(pack(tmp_path / "class.zip", {"s01/tanh_layer.ipynb": b"0" * (30 << 20)}), assignment())
    assert {"s01/tanh_layer.ipynb": "It unpacks to more than 200 times its size."} == reasons(collection)


def test_an_archive_that_lies_about_a_size_is_read_up_to_the_cap(tmp_path: Path) -> None:
    """The reader counts bytes itself, or the archive is found to be broken."""
    path = pack(tmp_path / "class.zip", {"s01/tanh_layer.py": b"#" * (3 << 20)})
    data = path.read_bytes()
    path.write_bytes(data.replace((3 << 20).to_bytes(4, "little"), (1000).to_bytes(4, "little")))
    file = collect(path, assignment()).entries[0].files[0]
    with pytest.raises(SubmissionError):
        file.read()


def test_links_and_encrypted_files_in_a_zip_are_refused(tmp_path: Path) -> None:
    """A link in an archive is a file with a mode."""
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("s01/tanh_layer.py")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("s02/tanh_layer.py", TANH)
    data = path.read_bytes()
    second = data.rindex(b"PK\x01\x02")
    path.write_bytes(data[: second + 8] + b"\x01" + data[second + 9 :])
    expected = {
        "s01/tanh_layer.py": "It is a symbolic link: hand in the file itself.",
        "s02/tanh_layer.py": "It is encrypted: pack it without a password.",
    }
    assert expected == reasons(collect(path, assignment()))


def test_a_zip_without_times_is_read(tmp_path: Path) -> None:
    """Month 0 of year 1980, as writers leave it that set no time; for a class and for a student."""
    inner = tmp_path / "s01.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(zipfile.ZipInfo("tanh_layer.py", (1980, 0, 0, 0, 0, 0)), TANH)
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        archive.writestr(zipfile.ZipInfo("s01.zip", (1980, 0, 0, 0, 0, 0)), inner.read_bytes())
    assert [("s01", "tanh_layer")] == list(placed(collect(tmp_path / "class.zip", assignment())))


def test_a_students_zip_is_read_once_for_all_its_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Not once for each file and exercise."""
    path = pack(hand_in(tmp_path / "class", {}) / "s01.zip", {"a.py": TANH, "b.py": TANH})
    read: list[object] = []

    def read_whole(home: _FolderHome, key: object, limit: int) -> bytes:
        read.append(key)
        return path.read_bytes()

    monkeypatch.setattr(_FolderHome, "read", read_whole)
    for entry in collect(tmp_path / "class", assignment()).entries:
        assert [TANH.encode()] * 2 == [file.read() for file in entry.files]
    assert ["s01.zip"] * 2 == read


def test_a_broken_zip_of_one_student_stops_nobody_else(tmp_path: Path) -> None:
    """s01.zip is torn: s01 is listed with the reason, s02 is graded."""
    folder = hand_in(tmp_path / "class", {"s01.zip": b"PK\x03\x04 torn", "s02.py": TANH})
    collection = collect(folder, assignment())
    assert {"s02"} == {student for student, _ in placed(collection)}
    assert "It cannot be unpacked" in reasons(collection)["s01.zip"]
    assert {("s01", Status.REFUSED), ("s02", None)} == {(entry.student, entry.status) for entry in collection.entries}


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_member_that_cannot_be_unpacked_a_piece_at_a_time_is_not_opened(method: int, tmp_path: Path) -> None:
    """bz2 and LZMA come out whole, whatever size the header says: 600 bytes can be a gigabyte."""
    with zipfile.ZipFile(tmp_path / "s01.zip", "w", method) as archive:
        archive.writestr("tanh_layer.py", TANH * 20)
    folder = hand_in(tmp_path / "class", {"s01.zip": (tmp_path / "s01.zip").read_bytes(), "s02.py": TANH})
    first, second = (entry for entry in collect(folder, assignment()).entries if entry.exercise == "tanh_layer")
    assert (Status.REFUSED, None) == (first.status, second.status)
    assert "packed in an unusual way: pack it as .zip, with the method `deflate`" in first.detail


def test_a_zip_in_a_zip_stays_closed_and_says_so(tmp_path: Path) -> None:
    """The student reads why, not that nothing was handed in."""
    inner = pack(tmp_path / "inner.zip", {"tanh_layer.py": "x"}).read_bytes()
    outer = pack(tmp_path / "outer.zip", {"inner.zip": inner}).read_bytes()
    found = collect(hand_in(tmp_path / "class", {"s01.zip": outer}), assignment())
    assert {Status.REFUSED} == {entry.status for entry in found.entries}
    assert {"s01.zip/inner.zip": "It is a zip in a zip: pack the files once."} == reasons(found)
