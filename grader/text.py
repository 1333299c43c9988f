"""Make text from anywhere fit to be shown, and quote words for a shell."""

from __future__ import annotations

import os
import re

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
# C0 but tab and newline, DEL, C1, bidi controls and marks, line separators, byte order mark, lone surrogates
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")


def cleaned(text: str, characters: int = 65_536) -> str:
    """The text without what a terminal, a browser or a reader could be misled by, cut with a note at `characters`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNSEEN.sub("", _ANSI.sub("", text))
    return text if len(text) <= characters else text[:characters] + "\n... (cut here)"


def one_line(text: str, characters: int = 500) -> str:
    """The text cleaned and on one line, for messages."""
    text = " ".join(cleaned(text, 4 * characters).split())
    return text if len(text) <= characters else text[:characters] + " ..."


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
