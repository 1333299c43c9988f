"""
Text for people, whatever it is about: cleaned, shortened, quoted for a shell; counts, lists, shapes and tables in words.

A sentence elsewhere takes its plurals and its "and" from here, so that nobody reads "1 points". Standard library only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence

_ANSI = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])")
# C0 but tab and newline, DEL, C1, bidi controls and marks, line separators, byte order mark, lone surrogates
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]")


def cleaned(text: str, characters: int = 65_536) -> str:
    """Remove what could mislead a terminal, a browser or a reader; cut the text, with a note, at `characters`."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _UNSEEN.sub("", _ANSI.sub("", text))
    return text if len(text) <= characters else text[:characters] + "\n... (cut here)"


def one_line(text: str, characters: int = 500) -> str:
    """Clean a text and put it on one line, for messages."""
    text = " ".join(cleaned(text, 4 * characters).split())
    return text if len(text) <= characters else text[:characters] + " ..."


def shortened(text: str, characters: int) -> str:
    """
    Cut a text to at most so many characters, the three dots included.

    >>> shortened("a_long_name", 8), shortened("a_name", 8)
    ('a_lon...', 'a_name')
    """
    return text if len(text) <= characters else f"{text[: characters - 3]}..."


# Counts, lists and shapes


def plural(count: float, noun: str, several: str = "") -> str:
    """
    Return the noun for a count, without the count.

    >>> plural(1, "case"), plural(0, "case"), plural(0.5, "point"), plural(2, "axis", "axes")
    ('case', 'cases', 'points', 'axes')
    """
    return noun if count == 1 else several or f"{noun}s"


def counted(count: float, noun: str, several: str = "") -> str:
    """
    Write a count with its noun.

    >>> counted(1, "case"), counted(2, "case"), counted(1.5, "point"), counted(2, "axis", "axes")
    ('1 case', '2 cases', '1.5 points', '2 axes')
    """
    number = str(count) if isinstance(count, int) else f"{count:g}"
    return f"{number} {plural(count, noun, several)}"


def and_list(items: Iterable[object], most: int | None = None) -> str:
    """
    Write a list as people say it; of more than `most` items, say how many are left out.

    >>> and_list("a"), and_list("ab"), and_list("abc"), and_list("abcde", most=2)
    ('a', 'a and b', 'a, b and c', 'a, b and 3 more')
    """
    words = [str(item) for item in items]
    if most is not None and len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def shape_text(axes: Iterable[object]) -> str:
    """
    Write axes or sizes as Python writes a shape.

    >>> shape_text("mn"), shape_text([3]), shape_text([])
    ('(m, n)', '(3,)', '()')
    """
    names = [str(axis) for axis in axes]
    return f"({names[0]},)" if len(names) == 1 else f"({', '.join(names)})"


# Tables


def aligned(rows: Sequence[Sequence[str]], *, left: Collection[int] = (0,)) -> Iterator[str]:
    """
    Write rows in columns as wide as their widest cell. Columns in `left` start on the left; others, numbers, end on the right.

    >>> for line in aligned([("s01", "3"), ("total", "12")]): print(line)
    s01     3
    total  12
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [
            cell.ljust(width) if place in left else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells).rstrip()


def table(head: Sequence[str], body: Sequence[Sequence[str]], width: int = 80) -> Iterator[str]:
    """Write a table of names and numbers; ids in its head are broken at `_` where its lines would be longer than `width`."""
    heads = [head]
    if sum(map(len, head)) + 2 * len(head) > width:
        parts = [cell.replace("_", "_ ").split() for cell in head]
        deepest = max(map(len, parts))
        heads = [[part[line] if line < len(part) else "" for part in parts] for line in range(deepest)]
    return aligned([*heads, *body])


# Words for a shell


_ON_WINDOWS = os.name == "nt"
_PLAIN = re.compile(r"[\w@%+=:,./-]+", re.ASCII)
_IN_DOUBLE_QUOTES = re.compile(r"[^\x00-\x1f\x7f\"$`\\!]+")


def quoted(word: str) -> str:
    """
    Write a word as it is typed into a shell: bare or in double quotes where that is safe.

    >>> print(quoted("answer.py"), quoted("one feature"), quoted("$(id).py"), quoted("it's.py"))
    answer.py "one feature" '$(id).py' "it's.py"
    """
    if _PLAIN.fullmatch(word):
        return word
    if _ON_WINDOWS:
        seen = "".join(char for char in word if char != '"' and not _is_unseen(char))  # no file has such a name on Windows
        return f'"{seen}"'
    if any(map(_is_unseen, word)):
        return "$'" + "".join(_escaped(char) for char in word) + "'"
    if _IN_DOUBLE_QUOTES.fullmatch(word):
        return f'"{word}"'
    return "'" + word.replace("'", "'\"'\"'") + "'"


def _is_unseen(char: str) -> bool:
    return char in "\t\n" or cleaned(char) != char


def _escaped(char: str) -> str:
    """Write one character between $' and '; one that nobody sees becomes its bytes."""
    if _is_unseen(char):
        return "".join(f"\\x{byte:02x}" for byte in os.fsencode(char))
    return f"\\{char}" if char in "\\'" else char
