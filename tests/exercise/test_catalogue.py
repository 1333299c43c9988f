"""Finding exercises by id or path: in which order, what hides what, and what is said of a name that is nowhere."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from grader.errors import ExerciseError
from grader.exercise import catalogue
from grader.exercise.catalogue import ExerciseFile, find, find_asked, names
from grader.exercise.loading import load_exercise

SEED_COURSE = ("chain_rule", "linear_layer", "scalar_linear", "tanh_derivative", "tanh_layer")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Change to an empty directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def put(folder: Path, *ids: str) -> Path:
    """Make a folder with files for these exercises."""
    folder.mkdir(parents=True, exist_ok=True)
    for id in ids:
        (folder / f"{id}.yaml").write_text("schema: 1\n", "utf-8")
    return folder


def install(site: Path, package: str, *ids: str) -> None:
    """Write a distribution with an entry point for a package of exercises, as pip would install it."""
    put(site / package, *ids)
    (site / package / "__init__.py").write_text("raise RuntimeError('a package of exercises is not run')\n", "utf-8")
    info = site / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[grader.exercises]\n{package} = {package}\n", "utf-8")


def test_the_shipped_catalogue_is_found_from_anywhere(here: Path) -> None:
    """The seed course by id, without a folder of one's own."""
    assert find("tanh_layer") == ExerciseFile(catalogue.shipped() / "tanh_layer.yaml")
    assert set(SEED_COURSE) <= {id for id, _ in names()}


def test_a_wheel_holds_its_catalogue_inside_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`grader/_exercises` comes before a folder beside the package, which may be anybody's."""
    package = tmp_path / "site-packages" / "grader"
    put(package / "_exercises", "tanh_layer")
    put(tmp_path / "site-packages" / "exercises", "other")
    monkeypatch.setattr(catalogue, "__file__", str(package / "exercise" / "catalogue.py"))
    assert catalogue.shipped() == package / "_exercises"


def test_the_nearest_exercise_wins_and_what_it_hides_is_said(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Order: ./exercises, given folders, installed packages, the shipped catalogue."""
    put(here / "exercises", "tanh_layer")
    given = put(here / "given", "tanh_layer")
    install(here / "site", "more_exercises", "tanh_layer")
    monkeypatch.syspath_prepend(str(here / "site"))
    assert find("tanh_layer", [given]) == ExerciseFile(
        Path("exercises/tanh_layer.yaml"),
        (
            given / "tanh_layer.yaml",
            here / "site" / "more_exercises" / "tanh_layer.yaml",
            catalogue.shipped() / "tanh_layer.yaml",
        ),
    )


def test_an_assignments_exercise_lies_beside_its_file(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Order: given folders, `exercises` beside the file, its folder, installed packages, the catalogue; ./exercises last."""
    course = put(here / "course", "tanh_layer", "ps1")
    beside = put(course / "exercises", "tanh_layer")
    given = put(here / "given", "tanh_layer")
    install(here / "site", "more_exercises", "tanh_layer")
    monkeypatch.syspath_prepend(str(here / "site"))
    put(here / "exercises", "tanh_layer")
    found = find_asked("tanh_layer", course / "ps1.yaml", [given])
    assert [found.path, *found.shadows] == [
        given / "tanh_layer.yaml",
        beside / "tanh_layer.yaml",
        course / "tanh_layer.yaml",
        here / "site" / "more_exercises" / "tanh_layer.yaml",
        catalogue.shipped() / "tanh_layer.yaml",
        Path("exercises/tanh_layer.yaml"),
    ]


def test_what_was_handed_in_does_not_replace_what_is_asked(here: Path) -> None:
    """A folder `exercises` where the command is given, with an exercise of a name that is in the catalogue."""
    put(here / "exercises", "tanh_layer", "mine")
    (here / "course").mkdir()
    for assignment in (here / "course" / "ps1.yaml", None):
        assert find_asked("tanh_layer", assignment).path == catalogue.shipped() / "tanh_layer.yaml"
        assert find_asked("mine", assignment).path == Path("exercises/mine.yaml")
        with pytest.raises(ExerciseError, match="Did you mean `tanh_layer`"):
            find_asked("tanh_layr", assignment)


def test_an_assignment_is_not_its_own_exercise(here: Path) -> None:
    """Though it may be called as one is."""
    put(here / "course", "tanh_layer", "ps1")
    assert find_asked("tanh_layer", here / "course" / "tanh_layer.yaml").path == catalogue.shipped() / "tanh_layer.yaml"
    with pytest.raises(ExerciseError) as caught:
        find_asked("none", here / "course" / "ps1.yaml")
    assert "Known: tanh_layer, affine_backward," in str(caught.value)


def test_one_folder_by_two_names_hides_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a checkout ./exercises is the shipped catalogue."""
    monkeypatch.chdir(catalogue.shipped().parent)
    assert find("tanh_layer", [Path("./exercises"), catalogue.shipped()]).shadows == ()


def test_an_installed_package_brings_exercises_without_being_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder is found by name; its code stays where it is."""
    install(here, "course_exercises", "my_exercise")
    monkeypatch.syspath_prepend(str(here))
    assert find("my_exercise").path == here / "course_exercises" / "my_exercise.yaml"
    assert "my_exercise" in {id for id, _ in names()}
    assert "course_exercises" not in sys.modules


def test_an_installed_package_that_is_broken_is_named(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is skipped in silence."""
    install(here, "gone_exercises")
    (here / "gone_exercises" / "__init__.py").unlink()
    (here / "gone_exercises").rmdir()
    monkeypatch.syspath_prepend(str(here))
    with pytest.raises(ExerciseError) as raised:
        find("tanh_layer")
    assert str(raised.value) == (
        "installed exercises: The entry point gone_exercises names the module gone_exercises, which is not there.\n"
        "    Reinstall the package that brings it, or remove it."
    )


def test_the_package_that_exercises_are_in_is_not_run(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`outer.inner` is found, though `outer` fails when it is imported; so is what comes through somebody's broken finder."""
    install(here, "outer")
    put(here / "outer" / "inner", "my_exercise")
    (here / "outer" / "inner" / "__init__.py").touch()
    (here / "outer-1.0.dist-info" / "entry_points.txt").write_text("[grader.exercises]\nouter = outer.inner\n", "utf-8")
    monkeypatch.syspath_prepend(str(here))
    assert find("my_exercise").path == here / "outer" / "inner" / "my_exercise.yaml"
    assert "outer" not in sys.modules


def test_a_finder_that_fails_is_said_in_words(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of some package that is installed; no traceback."""

    class Broken:
        @staticmethod
        def find_spec(name: str, path: object = None, target: object = None) -> None:
            if name == "gone_exercises":
                raise RuntimeError("broken")

    install(here, "gone_exercises")
    monkeypatch.syspath_prepend(str(here))
    monkeypatch.setattr(sys, "meta_path", [Broken, *sys.meta_path])
    with pytest.raises(ExerciseError, match="names the module gone_exercises, which is not there"):
        find("tanh_layer")


def test_entry_points_that_cannot_be_read_are_nobodys(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution of somebody else's on sys.path, here one whose file is a folder."""
    (here / "other-1.0.dist-info" / "entry_points.txt").mkdir(parents=True)
    monkeypatch.syspath_prepend(str(here))
    assert find("tanh_layer") == ExerciseFile(catalogue.shipped() / "tanh_layer.yaml")


@pytest.mark.parametrize("name", ["own/mine.yaml", "./mine", "mine.yaml", "mine.yml", "..\\mine"])
def test_a_path_is_taken_as_it_is(name: str, here: Path) -> None:
    """Whatever has a separator or ends as a YAML file; whether it exists is the loader's question."""
    assert find(name) == ExerciseFile(Path(name))


def test_an_unknown_name_brings_the_nearest_and_all(here: Path) -> None:
    """With the way to name a file that happens to be there."""
    put(here / "exercises", "one", "two")
    (here / "Tanh_Layr").write_text("", "utf-8")
    with pytest.raises(ExerciseError) as raised:
        find("Tanh_Layr")
    first, *remedy = str(raised.value).splitlines()
    assert first == "There is no exercise `Tanh_Layr`."
    assert remedy[0] == "    Did you mean `tanh_layer`?"
    assert remedy[1].startswith("    Known: one, two, ")
    assert remedy[2] == "    For the file of that name write ./Tanh_Layr."


def test_folders_and_other_files_are_no_exercises(here: Path) -> None:
    """The assignments beside the exercises are not listed, nor is a folder with a misleading name."""
    folder = put(here / "exercises", "one")
    put(folder / "assignments", "set_1")
    (folder / "folder.yaml").mkdir()
    (folder / "README.md").write_text("", "utf-8")
    assert [id for id, path in names() if path.parent == Path("exercises")] == ["one"]


def test_a_folder_that_is_not_there_is_empty(here: Path) -> None:
    """Most people have no ./exercises."""
    assert find("tanh_layer", [Path("nowhere")]).path == catalogue.shipped() / "tanh_layer.yaml"


def model_answer(id: str) -> dict[str, Any]:
    """Run a model answer in numpy and return its functions."""
    return runpy.run_path(str(catalogue.shipped().parent / "solutions" / f"{id}.py"))


def test_model_answers_give_the_numbers_that_the_course_prints() -> None:
    """Loh, chapter 2: tanh at 2, two tanh at 2, and y = 3 · 2 + 4."""
    assert round(model_answer("tanh_derivative")["dY_dx"](2.0), 4) == 0.0707
    chain = model_answer("chain_rule")
    assert [round(chain[name](2.0), 4) for name in ("dz_dy", "dz_dx")] == [0.4434, 0.0313]
    line = model_answer("scalar_linear")
    assert [line[name](3.0, 2.0, 4.0) for name in ("dy_dx", "dy_dw", "dy_db")] == [3.0, 2.0, 1.0]


def test_statements_quote_the_numbers_that_the_course_prints() -> None:
    """A student can check the first results by eye."""
    statement = {id: load_exercise(path).statement or "" for id, path in names()}
    assert "$Y = 0.9640$" in statement["tanh_derivative"]
    assert "0.0707" in statement["tanh_derivative"]
    assert all(number in statement["chain_rule"] for number in ("0.7461", "0.4434", "0.0313"))
    assert all(number in statement["scalar_linear"] for number in ("$y = 10$", "$3$", "$2$", "$1$"))


def test_finding_costs_no_import_that_is_slow() -> None:
    """No numpy, and importlib.metadata only where an installed package brings exercises."""
    code = (
        "import sys; before = set(sys.modules); from grader.exercise.catalogue import find, names; find('tanh_layer'); names(); "
        "print(sorted({'numpy', 'importlib.metadata', 'yaml', 'torch'} & (set(sys.modules) - before)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=catalogue.shipped().parent
    )
    assert done.stdout.strip() == "[]"
