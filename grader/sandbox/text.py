"""Text that a student's program made, fit to be shown: no control, ANSI or bidi characters, and no longer than asked."""

from __future__ import annotations

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
