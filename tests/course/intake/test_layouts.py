"""Whose work is whose: nothing that a student hands in makes it another's, empties a class or stops it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from classroom import RIGHT, assignment, exercise, hand_in, pack

from grader.course.intake.collect import Collection, collect
from grader.course.intake.layouts import gradescope_metadata
from grader.course.intake.layouts.recognise import LAYOUTS, owner
from grader.errors import SubmissionError

TANH = RIGHT.format(function="d_tanh_layer")
OF_ALICE = "alice:\n  :submitters:\n  - :sid: eve\neve:\n  :submitters:\n  - :sid: alice\n"
MAKERS = {"folder": hand_in, "zip": lambda path, files: pack(path.with_suffix(".zip"), files)}


def whose(collection: Collection) -> dict[str, set[str]]:
    """Each student's files."""
    found: dict[str, set[str]] = {student.id: set() for student in collection.students}
    for entry in collection.entries:
        found[entry.student] |= {file.path for file in entry.files}
    return found


# What eve may have in a folder of her own, in every kind of class
FORGED = {
    "metadata of others": {"submission_metadata.yml": OF_ALICE, "tanh_layer.py": TANH},
    "a bracket": {"submission_metadata.yml": "[", "tanh_layer.py": TANH},
    "an export": {
        "submission_metadata.yml": "submission_1:\n  :submitters:\n  - :sid: alice\n",
        "submission_1/tanh_layer.py": TANH,
    },
    "a Moodle folder": {"Alice_12_assignsubmission_file_/tanh_layer.py": TANH},
    "a Moodle name": {"Alice_12_assignsubmission_file_tanh_layer.py": TANH},
    "a Canvas name": {"alice_12_9001_tanh_layer.py": TANH},
    "nbgrader's": {"submitted/alice/ps1/tanh_layer.py": TANH, "submitted/bob/ps1/tanh_layer.py": TANH},
    "the assignment's folder": {"ps1/tanh_layer.py": TANH, "ps1/timestamp.txt": "2020-01-01 00:00:00 UTC"},
    "the assignment in alice": {"alice/ps1/tanh_layer.py": TANH},
    "a class": {"alice/tanh_layer.py": TANH, "bob/tanh_layer.py": TANH},
    "one folder": {"submissions/tanh_layer.py": TANH},
    "a wrapper of a wrapper": {"class/class/alice/tanh_layer.py": TANH},
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("wrapper", ["", "class/", "submissions/", "ps1/"])
@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_lies_in_a_students_folder_says_nothing_of_whose_it_is(
    forged: dict[str, str], wrapper: str, make: Callable[[Path, Mapping[str, str | bytes]], Path], tmp_path: Path
) -> None:
    """A class of folders: alice's work is hers, eve's is eve's, bob is there."""
    files = {f"alice/{'tanh_layer.py'}": "alice's", "bob/hw/chain_rule.py": "bob's"} | {
        f"eve/{name}": text for name, text in forged.items()
    }
    found = collect(make(tmp_path / "class", {f"{wrapper}{name}": text for name, text in files.items()}), assignment())
    assert "students" == found.layout
    mine = whose(found)
    assert ({"alice/tanh_layer.py"}, {"bob/hw/chain_rule.py"}) == (mine["alice"], mine["bob"])
    assert ["alice", "bob", "eve"] == sorted(mine)
    assert mine["eve"]
    assert all(path.startswith("eve/") for path in mine["eve"])
    assert all(student.submitted_at is None for student in found.students)


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_late_folder_with_one_student_is_that_student_or_refused(
    forged: dict[str, str], make: Callable[[Path, Mapping[str, str | bytes]], Path], tmp_path: Path
) -> None:
    """Where it looks like a class, nobody can tell: both readings are said, and the run ends. Said aloud, it is eve's."""
    path = make(tmp_path / "late", {f"eve/{name}": text for name, text in forged.items()})
    try:
        found = collect(path, assignment())
    except SubmissionError as error:
        assert "`students`: `eve` is one student" in str(error) or "`students`: each folder belongs to a student" in str(error)
        assert "--layout students" in str(error)
    else:
        assert ["eve"] == [student.id for student in found.students]
        assert found.entries
    assert ["eve"] == [student.id for student in collect(path, assignment(), layout="students").students]


LIKE_A_CLASS = ["an export", "a Moodle folder", "a Moodle name", "a Canvas name", "nbgrader's", "a class"]


@pytest.mark.parametrize("kind", LIKE_A_CLASS)
def test_a_late_folder_that_looks_like_a_class_is_refused(kind: str, tmp_path: Path) -> None:
    """Not guessed either way."""
    path = hand_in(tmp_path / "late", {f"eve/{name}": text for name, text in FORGED[kind].items()})
    with pytest.raises(SubmissionError, match="can be read in two ways"):
        collect(path, assignment())


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_a_late_zip_is_that_students_or_refused(forged: dict[str, str], tmp_path: Path) -> None:
    """late/eve.zip is not the class's download because it looks like one."""
    folder = hand_in(tmp_path / "late", {})
    pack(folder / "eve.zip", forged)
    try:
        found = collect(folder, assignment())
    except SubmissionError as error:
        assert "or the zip of one student (as `students`)" in str(error)
    else:
        assert {"eve"} == {student.id for student in found.students}
    assert ["eve"] == [student.id for student in collect(folder, assignment(), layout="students").students]


def test_other_students_zips_are_nobody_elses(tmp_path: Path) -> None:
    """A class of zips, one of them a forged export."""
    folder = hand_in(tmp_path / "class", {})
    pack(folder / "alice.zip", {"tanh_layer.py": TANH})
    pack(folder / "eve.zip", FORGED["an export"])
    assert {"alice": {"alice.zip/tanh_layer.py"}, "eve": {"eve.zip/submission_1/tanh_layer.py"}} == whose(
        collect(folder, assignment())
    )


# Names that systems make


@pytest.mark.parametrize("forged", ["alice_12_9001_x.py", "LATE_12_9001_x.py", "anon_abcde_9_x.py", "_12_9_x.py"])
@pytest.mark.parametrize("late", ["", "_LATE"])
def test_the_first_number_in_a_canvas_name_is_canvas_s(late: str, forged: str, tmp_path: Path) -> None:
    """The file's own name comes last, whatever it says."""
    files = {f"eve{late}_66_9002_{forged}": TANH, "alice_12_9001_tanh_layer.py": TANH, "bob_13_9003_a.zip": "x"}
    found = collect(hand_in(tmp_path / "class", files), assignment())
    assert "canvas" == found.layout
    assert {"alice_12": False, "bob_13": False, "eve_66": bool(late)} == {one.id: one.late for one in found.students}
    assert {"canvas": "66"} == next(one.ids for one in found.students if one.id == "eve_66")


@pytest.mark.parametrize("forged", ["Alice_12_assignsubmission_file_x.py", "_12_assignsubmission_file_/x.py", "a_b.py"])
@pytest.mark.parametrize("name", ["Eve_77_assignsubmission_file_", "Eve_77_assignsubmission_file_/"])
def test_the_first_number_in_a_moodle_name_is_moodle_s(name: str, forged: str, tmp_path: Path) -> None:
    """In folders and without."""
    files = {f"{name}{forged}": TANH, "Alice_12_assignsubmission_file_/tanh_layer.py": TANH}
    found = collect(hand_in(tmp_path / "class", files), assignment())
    assert "moodle" == found.layout
    assert {"Alice_12": "12", "Eve_77": "77"} == {one.id: one.ids["moodle"] for one in found.students}


@pytest.mark.parametrize(
    ("true", "forged", "layout"),
    [
        ("eve_66_9001_", "alice_12_assignsubmission_file_x.py", "canvas"),
        ("eve_66_9001_", "Alice Lee_12_assignsubmission_file_x.py", "canvas"),
        ("Eve_77_assignsubmission_file_", "alice_12_9001_x.py", "moodle"),
        ("eve_77_assignsubmission_file_", "12_9001_x.py", "moodle"),
    ],
)
def test_one_systems_name_in_anothers_is_a_file_s(true: str, forged: str, layout: str, tmp_path: Path) -> None:
    """Even where there is only one student."""
    found = collect(hand_in(tmp_path / "class", {f"{true}{forged}": TANH}), assignment())
    assert (layout, ["eve"]) == (found.layout, [one.id.partition("_")[0].lower() for one in found.students])


def test_a_canvas_name_that_holds_anothers_number_is_set_aside(tmp_path: Path) -> None:
    """Canvas takes out `_12_`, then what is no letter: of a student called `eve_1-2_9` it makes `eve_12_9`."""
    files = {"eve_12_9_66_9002_tanh_layer.py": TANH, "alice_12_9001_tanh_layer.py": TANH}
    found = collect(hand_in(tmp_path / "class", files), assignment())
    assert {"alice_12": {"alice_12_9001_tanh_layer.py"}} == whose(found)
    (one,) = found.unplaced
    assert "Its name can be read in two ways, and 12 is the number of alice: whose is it?" == one.reason


def test_numbers_in_a_files_own_name_are_nothing_to_speak_of(tmp_path: Path) -> None:
    """`2026_10_answer.py`, in Canvas's name."""
    found = collect(hand_in(tmp_path / "class", {"alice_12_9001_2026_10_answer.py": TANH, "eve_66_9_a.py": TANH}), assignment())
    assert (["alice_12", "eve_66"], ()) == ([one.id for one in found.students], found.unplaced)


def test_anonymous_and_late(tmp_path: Path) -> None:
    """Canvas writes LATE first where it leaves the name out."""
    found = collect(hand_in(tmp_path / "class", {"LATE_anon_x7Kd2_9005_a.py": TANH, "anon_Abcde_9_a.py": TANH}), assignment())
    assert {"anon_x7Kd2": True, "anon_Abcde": False} == {one.id: one.late for one in found.students}


@pytest.mark.parametrize(
    ("forged", "others"), [("alice_12_9001_x.py", ["s01.py"]), ("Alice_12_assignsubmission_file_x.py", ["s01.py", "s02/a.py"])]
)
def test_one_forged_name_makes_no_download(forged: str, others: list[str], tmp_path: Path) -> None:
    """In a class that is none it is a name as others are."""
    found = collect(hand_in(tmp_path / "class", dict.fromkeys([forged, *others], TANH)), assignment())
    assert ("students", 1 + len(others)) == (found.layout, len(found.students))


def test_most_of_a_download_is_refused_with_both_readings(tmp_path: Path) -> None:
    """What is neither nearly all nor half."""
    names = ["alice_12_9001_a.py", "eve_66_9002_a.py", "carl.py"]
    path = hand_in(tmp_path / "class", dict.fromkeys(names, TANH))
    with pytest.raises(SubmissionError, match=r"`canvas`: 2 of 3 names .* `students`: each folder, file and zip"):
        collect(path, assignment())
    found = collect(path, assignment(), layout="canvas")
    assert (["alice_12", "eve_66"], ["carl.py"]) == ([one.id for one in found.students], [one.path for one in found.unplaced])
    assert 3 == len(collect(path, assignment(), layout="students").students)


def test_a_few_things_of_the_instructors_do_not_hide_a_download(tmp_path: Path) -> None:
    """Four fifths are as the system names them; PDFs and texts do not count at all."""
    names = [f"s{number}_{number}_assignsubmission_file_/a.py" for number in range(4)]
    path = hand_in(tmp_path / "class", dict.fromkeys([*names, "solutions/a.py", "a.pdf", "b.txt"], "x"))
    found = collect(path, assignment())
    assert ("moodle", 4) == (found.layout, len(found.students))


# nbgrader


@pytest.mark.parametrize("root", ["", "submitted/"])
def test_one_students_folder_of_the_assignments_name_empties_no_class(root: str, tmp_path: Path) -> None:
    """Not even in a folder that is called `submitted`."""
    files = [
        f"{root}{name}" for name in ("s01/hw/tanh_layer.py", "s02/tanh_layer.py", "s03/tanh_layer.py", "eve/ps1/tanh_layer.py")
    ]
    found = collect(hand_in(tmp_path / "class", dict.fromkeys(files, TANH)), assignment())
    assert {"eve", "s01", "s02", "s03"} == {entry.student for entry in found.entries if entry.files}


def test_students_beside_a_folder_called_submitted_are_not_lost(tmp_path: Path) -> None:
    """Unless it is a course: nobody would be told."""
    files = ["submitted/s01/ps1/a.py", "s02/a.py", "s03/tanh_layer.py"]
    path = hand_in(tmp_path / "class", dict.fromkeys(files, TANH))
    with pytest.raises(SubmissionError, match=r"`nbgrader`: .*s02, s03 beside it to nobody"):
        collect(path, assignment())
    assert 3 == len(collect(path, assignment(), layout="students").students)
    hand_in(path, {"nbgrader_config.py": ""})
    assert ["s01"] == [one.id for one in collect(path, assignment()).students]


def test_hidden_folders_beside_a_wrapper_are_listed(tmp_path: Path) -> None:
    """As they are without one."""
    found = collect(hand_in(tmp_path / "class", {"class/s01/a.py": TANH, ".tool/a.py": TANH}), assignment())
    assert ([".tool"], ["s01"]) == ([one.path for one in found.unplaced], [one.id for one in found.students])


def test_a_layout_that_there_is_not_is_said(tmp_path: Path) -> None:
    """Not taken for another."""
    with pytest.raises(SubmissionError, match="There is no layout Canvas"):
        collect(hand_in(tmp_path / "class", {"s01/a.py": TANH}), assignment(), layout="Canvas")


def test_a_time_that_a_student_wrote_is_no_time(tmp_path: Path) -> None:
    """timestamp.txt is nbgrader's in `submitted` alone; where all have one, it has to be said which it is."""
    files = {"eve/ps1/tanh_layer.py": TANH, "eve/ps1/timestamp.txt": "2020-01-01 00:00:00 UTC"}
    path = hand_in(tmp_path / "class", files)
    with pytest.raises(SubmissionError, match=r"`nbgrader`: .*timestamp\.txt.* `students`: each folder belongs to a student"):
        collect(path, assignment())
    assert collect(path, assignment(), layout="nbgrader").students[0].submitted_at is not None
    assert collect(path, assignment(), layout="students").students[0].submitted_at is None
    hand_in(path, {"s01/tanh_layer.py": TANH})
    assert [None, None] == [one.submitted_at for one in collect(path, assignment()).students]


# Gradescope's metadata


def metadata(tmp_path: Path, text: str | bytes, folders: str = "ab") -> Path:
    """Write an export with this metadata and these folders."""
    answers = {f"{name}/tanh_layer.py": TANH for name in folders}
    return hand_in(tmp_path / "class", {"submission_metadata.yml": text, **answers})


def named(folders: str) -> str:
    """Metadata that names these folders, each with a student."""
    return "".join(f"{name}:\n  :submitters:\n  - :sid: s{name}\n" for name in folders)


@pytest.mark.parametrize(("names", "there", "fits"), [("ab", "ab", True), ("abcde", "abcd", True), ("abcd", "abcde", True)])
def test_metadata_that_names_nearly_all_counts(names: str, there: str, fits: bool, tmp_path: Path) -> None:
    """Folders that are not there, or are not named, are a few."""
    found = collect(metadata(tmp_path, named(names), there), assignment())
    assert ("gradescope", {f"s{one}" for one in set(names) & set(there)}) == (
        found.layout,
        {one for one, files in whose(found).items() if files},
    )


@pytest.mark.parametrize(("names", "there"), [("a", "abc"), ("abc", "a"), ("xyz", "abc"), ("", "")])
def test_metadata_that_names_other_folders_is_refused_with_both_readings(names: str, there: str, tmp_path: Path) -> None:
    """Two thirds of the class would be nobody's."""
    path = metadata(tmp_path, named(names) or "{}", there)
    with pytest.raises(SubmissionError, match=r"`gradescope`: .*`students`: "):
        collect(path, assignment())
    assert {*there} == set(whose(collect(path, assignment(), layout="students")))
    assert {f"s{one}" for one in set(names) & set(there)} == {
        one for one, files in whose(collect(path, assignment(), layout="gradescope")).items() if files
    }


def test_metadata_that_stands_twice_in_an_archive_is_refused(tmp_path: Path) -> None:
    """The last one would count: whoever can add to the archive could say whose the files are."""
    path = tmp_path / "class.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("submission_1/tanh_layer.py", TANH)
        for who in ("alice", "eve"):
            with pytest.warns(UserWarning) if who == "eve" else pytest.MonkeyPatch.context():
                archive.writestr("submission_metadata.yml", f"submission_1:\n  :submitters:\n  - :sid: {who}\n")
    with pytest.raises(SubmissionError, match="The archive holds this file twice"):
        collect(path, assignment())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x\n  :submitters: []\nb: *x\n", "it uses aliases"),
        (f"a: {'[' * 60}{']' * 60}\n", "more than 50 levels deep"),
        ("a: {}\na: {}\n", "it has a twice"),
        ("? [a]\n: {}\n", "a key of it is a list"),
        ("a: [", "while parsing"),
        ("- a", "no table of submissions, but a list"),
        ("", "no table of submissions"),
        ("a: '\x00'", "(special characters|control characters)"),
        (b"a: \xff\xfe\xff", "not the metadata"),
        (b"a: {}\n" + b"#" * (33 << 20), "larger than 32 MiB"),
        ("".join(f"s{number}: {{}}\n" for number in range(50_001)), "more than 50000 submissions"),
        ("a:\n  :submitters:\n" + "  - :sid: x\n" * 60_000, "more than 50000 submissions"),
        ("a:\n" + ("  :submitters:\n" + "  - :sid: x\n" * 30_000) * 2, "more than 50000 submissions"),
    ],
    ids=range(13),
)
def test_metadata_is_read_with_caps_and_refused_by_name(text: bytes | str, said: str, tmp_path: Path) -> None:
    """Whatever is wrong with it."""
    with pytest.raises(SubmissionError, match=rf"^submission_metadata\.yml: .*{said}"):
        collect(metadata(tmp_path, text), assignment())


def test_a_late_students_long_metadata_is_not_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It would take minutes; a file of some lines that is an export of nobody is a student's own."""
    files = {"eve/a/tanh_layer.py": TANH, "eve/submission_metadata.yml": named("a") + "#" * (1 << 20)}
    path = hand_in(tmp_path / "late", files)
    monkeypatch.setattr(gradescope_metadata, "_submissions", lambda file: pytest.fail("it was read"))
    with pytest.raises(SubmissionError, match=r"`gradescope`: `eve` lies around .* `students`: `eve` is one student"):
        collect(path, assignment())
    pack(hand_in(tmp_path / "zipped", {}) / "eve.zip", {name.removeprefix("eve/"): text for name, text in files.items()})
    with pytest.raises(SubmissionError, match=r"download \(as `gradescope`\), or the zip of one student"):
        collect(tmp_path / "zipped", assignment())
    monkeypatch.undo()
    hand_in(path, {"eve/submission_metadata.yml": "a: {}"})
    assert ["eve"] == [one.id for one in collect(path, assignment()).students]


def test_metadata_of_no_end_takes_no_memory(tmp_path: Path) -> None:
    """Only who and when is kept: a list of a million texts is not."""
    import tracemalloc

    text = named("ab") + "c:\n  :results: [" + "x, " * 300_000 + "x]\n"
    path = metadata(tmp_path, text, "abc")
    tracemalloc.start()
    try:
        found = collect(path, assignment())
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert ["sa", "sb"] == [one.id for one in found.students]
    assert most < 48 << 20  # the cap itself, and a little


@pytest.mark.parametrize(("sid", "id"), [("007", "007"), ("'007'", "007"), ("~", "a@example.org"), ("", "a@example.org")])
def test_ids_are_taken_as_they_are_written(sid: str, id: str, tmp_path: Path) -> None:
    """YAML would make 7 of 007."""
    text = f"a:\n  :submitters:\n  - :sid: {sid}\n    :email: a@example.org\n"
    assert [id] == [one.id for one in collect(metadata(tmp_path, text, "a"), assignment()).students]


def test_no_two_submissions_share_a_folder(tmp_path: Path) -> None:
    """A group has one submission; each of several submissions has its own files."""
    text = named("ab") + "  - :sid: sc\n"
    found = whose(collect(metadata(tmp_path, text), assignment()))
    assert {"sa": {"a/tanh_layer.py"}, "sb": {"b/tanh_layer.py"}, "sc": {"b/tanh_layer.py"}} == found


def test_a_number_that_two_addresses_have_is_nobodys(tmp_path: Path) -> None:
    """Students may write their number themselves: eve's submission is the later one, and stays hers."""
    one = "{}:\n  :submitters:\n  - :sid: '1001'\n    :email: {}@example.org\n  :created_at: 2026-02-2{} 06:58:05 Z\n"
    found = collect(metadata(tmp_path, one.format("a", "alice", 1) + one.format("b", "eve", 2)), assignment())
    assert {"alice@example.org": {"a/tanh_layer.py"}, "eve@example.org": {"b/tanh_layer.py"}} == whose(found)
    assert {"Several addresses have the number 1001: it is graded under the address."} == {one.reason for one in found.unplaced}
    assert [{}, {}] == [one.ids for one in found.students]
    again = collect(metadata(tmp_path, one.format("a", "alice", 1) + one.format("b", "Alice", 2)), assignment())
    assert {"1001": {"b/tanh_layer.py"}} == whose(again)


# What is said


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_that_is_said_is_taken_or_refused(layout: str, tmp_path: Path) -> None:
    """Never another one in its place."""
    path = hand_in(tmp_path / "class", {"s01/tanh_layer.py": TANH, "s02/tanh_layer.py": TANH})
    if layout in {"students", "one-student"}:
        assert layout == collect(path, assignment(), layout=layout).layout
    else:
        with pytest.raises(SubmissionError, match="Give "):
            collect(path, assignment(), layout=layout)


@pytest.mark.parametrize("wrappers", ["", "x/", "x/y/"])
@pytest.mark.parametrize(
    ("layout", "files"),
    [
        ("moodle", {"Alice_12_assignsubmission_file_/a.py": TANH, "Eve_77_assignsubmission_onlinetext_/a.html": "x"}),
        ("canvas", {"alice_12_9001_a.py": TANH, "note.py": "x"}),
        ("gradescope", {"submission_metadata.yml": named("a"), "a/a.py": TANH, "b/a.py": TANH, "c/a.py": TANH}),
        ("nbgrader", {"s01/ps1/a.py": TANH, "s02/a.py": TANH}),
        ("nbgrader", {"submitted/s01/ps1/a.py": TANH, "source/ps1/a.py": TANH}),
    ],
)
def test_a_download_that_is_said_may_be_wrapped(layout: str, files: dict[str, str], wrappers: str, tmp_path: Path) -> None:
    """Once, twice, in folders of any name."""
    path = pack(tmp_path / "class.zip", {f"{wrappers}{name}": text for name, text in files.items()})
    found = collect(path, assignment(exercise("tanh_layer")), layout=layout)
    assert (layout, 1) == (found.layout, sum(bool(files) for files in whose(found).values()))
    assert wrappers.rstrip("/") == found.within


def test_a_file_named_like_the_metadata_elsewhere_is_nobodys_business(tmp_path: Path) -> None:
    """The system's name of the file, and the place."""
    assert "submission_metadata.yml" == gradescope_metadata.METADATA
    files = {"a/submission_metadata.yml": OF_ALICE, "Submission_Metadata.yml": "[", "a/a.py": TANH, "b/a.py": TANH}
    assert {"a", "b"} == set(whose(collect(hand_in(tmp_path / "class", files), assignment())))


@pytest.mark.parametrize(
    ("path", "layout", "within", "who"),
    [
        ("s01/a/b.py", "students", "", "s01"),
        ("s01.py", "students", "", "s01"),
        ("w/s01/a.py", "students", "w", "s01"),
        ("submitted/s01/a.py", "nbgrader", "", "s01"),
        ("eve_66_9_x_1_2_y.py", "canvas", "", "eve_66"),
        ("Eve_66_assignsubmission_file_/x.py", "moodle", "", "Eve_66"),
        ("x.py", "moodle", "", "x"),
    ],
)
def test_whose_a_path_is(path: str, layout: str, within: str, who: str) -> None:
    """For messages that are to tell of each student."""
    assert who == owner(path, layout, within)
