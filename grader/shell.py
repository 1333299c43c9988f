"""Words of a command that is printed to be copied: whatever they hold, a shell reads each as one, and a terminal shows it."""

from __future__ import annotations

import os
import re

from grader.sandbox.text import cleaned

_ON_WINDOWS = os.name == "nt"
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_IN_DOUBLE_QUOTES = re.compile(r"[^\x00-\x1f\x7f\"$`\\!]+")


def quoted(word: str) -> str:
    """
    The word as it is typed: bare or in double quotes where that is safe.

    >>> print(quoted("answer.py"), quoted("one feature"), quoted("$(id).py"), quoted("it's.py"))
    answer.py "one feature" '$(id).py' "it's.py"
    """
    if _PLAIN.fullmatch(word):
        return word
    if _ON_WINDOWS:
        return (
            '"' + "".join(char for char in word if char != '"' and not _is_unseen(char)) + '"'
        )  # no file of Windows has such a name
    if any(map(_is_unseen, word)):
        return "$'" + "".join(_escaped(char) for char in word) + "'"
    if _IN_DOUBLE_QUOTES.fullmatch(word):
        return f'"{word}"'
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _is_unseen(char: str) -> bool:
    return char in "\t\n" or cleaned(char) != char


def _escaped(char: str) -> str:
    """One character between $' and ', in bytes where it is not to be seen."""
    if _is_unseen(char):
        return "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))
    return f"\\{char}" if char in "\\'" else char
