"""Compare names as people see them, and make them fit to be shown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from grader.text import and_list

MOST_NAMED = 10  # students in a message

# Letters that change how the rest of a line is read: a name could show itself as another one.
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")


def fold(name: str) -> str:
    """Return a name as comparison sees it: letters composed, without case and without characters that nobody sees."""
    seen = "".join(letter for letter in name if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFC", seen).casefold().strip()


def unreadable_name(name: str) -> str:
    """Return why a name cannot be shown and kept; '' where it can."""
    if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in name) or _BIDI.search(name):
        return "its name holds control characters or is not UTF-8: rename it."
    return ""


def shown(path: str) -> str:
    """Return a path fit for a line of text: `?` for what cannot be shown; a very long one is cut in the middle."""
    short = path if len(path) <= 160 else f"{path[:100]}...{path[-50:]}"
    return "".join("?" if unicodedata.category(letter) in {"Cc", "Cs"} else letter for letter in _BIDI.sub("?", short))


def some_students(students: Iterable[str]) -> str:
    """Name the first students of a list, each once, and count the others."""
    return and_list(dict.fromkeys(students), most=MOST_NAMED)
