"""Texts are cleaned, quoted and counted in one place: plurals, lists, shapes and tables come out right."""

from __future__ import annotations

import os
import subprocess

import pytest

from grader.text import aligned, and_list, cleaned, counted, one_line, plural, quoted, shape_text, shortened, table

WORDS = [
    "answer.py",
    "one feature",
    "it's mine.py",
    'a"b.py',
    "both'\".py",
    "$(id).py",
    "`id`.py",
    "a;rm -rf x.py",
    "a&b|c>d<e.py",
    "~/x.py",
    "*.py",
    "#x.py",
    "a!b.py",
    "back\\slash.py",
    "line\nbreak.py",
    "tab\t.py",
    "esc\x1b[31mred.py",
    "title\x1b]0;gotcha\x07.py",
    "c1\x9b31m.py",
    "bidi\u202egnp.py",
    "zero\u200bwidth.py",
    "no utf-8 \udcff.py",
    "quote' and\x1b.py",
    "ümlaut é.py",
    "",
]


@pytest.mark.parametrize("word", WORDS, ids=ascii)
def test_a_shell_reads_it_as_that_word(word: str) -> None:
    """Nothing in it is run, expanded or split."""
    done = subprocess.run(["bash", "-c", f"printf %s {quoted(word)}"], capture_output=True, check=True)
    assert os.fsencode(word) == done.stdout


@pytest.mark.parametrize("word", WORDS, ids=ascii)
def test_a_terminal_shows_all_of_it(word: str) -> None:
    """No character that it would obey, or that nobody sees."""
    assert quoted(word) == cleaned(quoted(word)).replace("\n", " ")


def test_what_people_type_stays_as_they_type_it() -> None:
    """Names without blanks bare, others in double quotes."""
    assert ["answer.py", '"one feature"'] == [quoted("answer.py"), quoted("one feature")]


def test_windows_has_its_own_quotes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single ones are letters there; a name cannot hold a double one."""
    monkeypatch.setattr("grader.text._ON_WINDOWS", True)
    assert ['"a$b.py"', '"it\'s.py"', '"esc.py"'] == [quoted("a$b.py"), quoted("it's.py"), quoted("esc\x1b.py")]


def test_one_is_never_many() -> None:
    """A count of one takes the noun as it is, any other count the plural, zero and a half included."""
    assert ["1 point", "2 points", "0 points", "0.5 points"] == [counted(count, "point") for count in (1, 2.0, 0, 0.5)]
    assert ["1 axis", "2 axes"] == [counted(count, "axis", "axes") for count in (1, 2)]
    assert ("student", "students") == (plural(1.0, "student"), plural(3, "student"))


def test_large_counts_keep_all_their_digits() -> None:
    """A million files are not 1e+06."""
    assert "1234567 files" == counted(1_234_567, "file")


def test_lists_end_in_and() -> None:
    """As people say them; nothing for nothing."""
    assert ["", "a", "a and b", "a, b and c"] == [and_list("abc"[:length]) for length in range(4)]


def test_a_list_that_is_cut_says_how_many_are_left_out() -> None:
    """Never more words than asked for, and one that fits is whole."""
    assert ["a, b and 3 more", "a, b and c"] == [and_list("abcde", most=2), and_list("abc", most=3)]
    assert "a and 1 more" == and_list("ab", most=1)


def test_shapes_are_written_as_python_writes_them() -> None:
    """One axis has its comma."""
    assert ["()", "(m,)", "(m, n)", "(3, 4)"] == [shape_text(axes) for axes in ("", "m", "mn", (3, 4))]


def test_cut_texts_end_in_dots() -> None:
    """The dots are counted."""
    assert ["abcdef", "abc..."] == [shortened("abcdef", 6), shortened("abcdefg", 6)]


def test_one_line_is_one_line() -> None:
    """Blanks of any kind become one, control characters go."""
    assert "a b c" == one_line("a\n\tb\x1b[31m  c")


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    """Text starts on the left, numbers end on the right, no line ends in a blank."""
    rows = [("exercise", "points", "title"), ("a", "10", "")]
    assert ["exercise  points  title", "a             10"] == list(aligned(rows, left=(0, 2)))


def test_the_head_of_a_wide_table_is_broken_at_underscores() -> None:
    """A narrow one stays on one line."""
    head, body = ("student", "tanh_layer", "total"), [("s01", "3", "3")]
    assert ["student  tanh_layer  total", "s01               3      3"] == list(table(head, body))
    assert ["student  tanh_  total", "         layer", "s01          3      3"] == list(table(head, body, width=20))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain é ∂ 文", "plain é ∂ 文"),
        ("\x1b[2J\x1b]0;t\x07a\x9b31m\x1bcb", "a31mb"),
        ("a\u202eb\u2066c\u200fd\ufeff\u2028", "abcd"),
        ("a\r\nb\rc\x00\x08", "a\nb\nc"),
        ("\ud800x", "x"),
    ],
)
def test_shown_text_is_clean(text: str, expected: str) -> None:
    """Control, ANSI and bidi characters are taken out, line ends are one kind."""
    assert expected == cleaned(text)


def test_shown_text_is_capped() -> None:
    """Long text is cut, and says so."""
    assert "xxx\n... (cut here)" == cleaned("x" * 10, 3)
    assert "a b ..." == one_line("a\n  b ccc", 4).replace("b  ", "b ")
