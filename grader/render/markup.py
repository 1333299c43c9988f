"""Write text from anywhere as HTML in which it stays text."""

from __future__ import annotations

import re
from html import escape

from grader.text import cleaned as plain


class Markup(str):
    """Markup of our own; other text is escaped."""

    __slots__ = ()


def text(content: str) -> str:
    """Escape a text; markup of our own stays as it is."""
    return content if isinstance(content, Markup) else escape(plain(content))


def prose(told: str) -> Markup:
    """
    Write a sentence as HTML, with words between backticks as code.

    >>> prose("Is a `return` missing where x < 0?")
    'Is a <code>return</code> missing where x &lt; 0?'
    """
    return Markup(re.sub(r"`([^`\n]+)`", r"<code>\1</code>", text(told)))
