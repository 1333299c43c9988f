"""YAML: what is read as it stands, and what is refused before it costs time or deceives a reader."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from exercise_files import (
    BASE,
    FAULTS,
    faults,
    loaded,
    pairs,
    with_parts,
)

from grader.exercise.loading import dump, load_exercise, parse_exercise, tree

EMPTY = "x.yaml: The file is empty.\n    An exercise starts with `schema: 1`."


@pytest.mark.parametrize(("text", "message"), [("", EMPTY), *pairs("not_yaml.txt")])
@pytest.mark.parametrize("is_pure", [False, True], ids=["C parser", "pure parser"])
def test_yaml_that_is_no_exercise_is_one_clear_fault(
    text: str, message: str, is_pure: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With either of PyYAML's parsers; never a traceback."""
    if is_pure:
        monkeypatch.setattr(tree, "_LOADER", yaml.SafeLoader)
    assert "\n".join(map(str, faults(text))) == message


@pytest.mark.parametrize(("old", "new", "text"), [block for block in FAULTS if "YAML" in block[2]])
def test_the_pure_parser_says_the_same(old: str, new: str, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Advice rests on the line, not on how a parser words its error."""
    monkeypatch.setattr(tree, "_LOADER", yaml.SafeLoader)
    assert text == "\n".join(map(str, faults(BASE.replace(old, new, 1))))


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "a: " + "{a: " * 20_000,
        "- " * 100_000,
        "\n".join(" " * depth + "a:" for depth in range(600)),
        "a: [" + "1," * 100_000 + "]",
        "a: &a [1,1,1,1,1,1,1,1,1]\n"
        + "\n".join(f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 9)}]" for i in range(20)),
    ],
    ids=["lists", "mappings", "items", "blocks", "long", "billion laughs"],
)
def test_a_file_cannot_make_the_reader_work_for_long(text: str) -> None:
    """Nesting, length and aliases are bounded before anything is built."""
    assert "nested more than 24 deep" in str(faults(text)[0]) or "more than 20000 values" in str(faults(text)[0])


@pytest.mark.parametrize("parser", ["CSafeLoader", "SafeLoader"])
@pytest.mark.parametrize("opening", ["[", "{", "{a: [", "[\n"], ids=["lists", "mappings", "both", "a line each"])
@pytest.mark.parametrize("times", [25, 999, 1_001, 30_000])
def test_brackets_that_are_too_deep_have_one_message(
    opening: str, times: int, parser: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever parses, however far it reads ahead: PyYAML 6.0.4 stops at its own limit, earlier ones have none."""
    monkeypatch.setattr(tree, "_LOADER", getattr(yaml, parser, yaml.SafeLoader))
    (fault,) = faults("schema: 1\ntitle: x\na: " + opening * times)
    line = 3 + (23 if opening == "[\n" else 0)
    assert str(fault) == f"x.yaml:{line}: It is nested more than 24 deep.\n    Close the brackets, or move the value out."


def test_aliases_are_welcome_in_moderation() -> None:
    """What is written once may be used twice."""
    exercise = loaded(
        tasks="""\
  - call: f(W, X)
    returns:
      dW: {gradient: L, wrt: W}
      dX: {gradient: L, wrt: X}
    mistakes:
      dW: &zero
        - returned: 0
          hint: It is not constant.
      dX: *zero"""
    )
    first, second = exercise.tasks[0].targets
    assert first.mistakes == second.mistakes != ()


def test_latex_in_single_quotes_and_blocks_is_left_alone() -> None:
    """Backslashes are YAML's only in double quotes, and there two of them are one."""
    exercise = parse_exercise(with_parts() + "source: \"a \\\\tanh b\"\nstatement: '$\\tanh \\nabla$'\n", "test")
    assert (exercise.source, exercise.statement) == ("a \\tanh b", "$\\tanh \\nabla$")


@pytest.mark.parametrize("text", ["\ufeff" + with_parts(), with_parts().replace("\n", "\r\n"), "%YAML 1.2\n---\n" + with_parts()])
def test_harmless_differences_do_not_matter(text: str, tmp_path: Path) -> None:
    """A byte order mark, Windows line ends, a document start."""
    file = tmp_path / "test.yaml"
    file.write_bytes(text.encode())
    assert load_exercise(file) == loaded()


@pytest.mark.parametrize("escape", ["\\x07", "\\u2028", "\\L", "\\e[31m", "\\ufeff"])
def test_an_escape_cannot_bring_in_what_nobody_sees(escape: str) -> None:
    """Control characters and odd line separators are refused however they are written."""
    assert faults(with_parts() + f'statement: "a{escape}"\n')


def test_white_space_that_means_nothing_is_dropped() -> None:
    """Tabs, spaces at line ends and empty lines around a text; a title is one line."""
    exercise = parse_exercise(
        with_parts().replace("title: Test", "title: >-\n  A  long\n\n  title") + "statement: |2\n\n    a \t\n   b\n\n", "test"
    )
    assert (exercise.title, exercise.statement) == ("A long title", "  a\n b")
    assert exercise == parse_exercise(dump(exercise), "test")
