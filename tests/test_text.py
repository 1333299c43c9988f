"""What is printed to be copied is one word to a shell and harmless to a terminal."""

from __future__ import annotations

import os
import subprocess

import pytest

from grader.text import cleaned, quoted

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
