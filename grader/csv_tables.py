"""
Read and write tables as CSV: separators are guessed from the header, and no cell becomes a formula in a spreadsheet.

csv.Sniffer is not used: it takes the s for the separator of a table whose only column is `student`, and limited to our
separators it gives up on that table.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_SEPARATORS = ",;\t"  # spreadsheets write the one of their language
_FORMULAS = frozenset("=+-@")


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvTable:
    """A CSV file as it was read: the header, the rows with their line numbers, and the separator of its cells."""

    header: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    separator: str = ","


class CsvError(Exception):
    """A text that is not CSV: the line where that shows, and the reason."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(line, reason)
        self.line = line
        self.reason = reason


def separator_of(text: str) -> str:
    """
    Guess the separator from the first line.

    >>> separator_of("id;name;first, last"), separator_of("id")
    (';', ',')
    """
    return max(_SEPARATORS, key=text.partition("\n")[0].count)


def read_rows(text: str, separator: str, *, strict: bool = True) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not blank, each with the number of its last line. Raises CsvError."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    try:
        yield from ((reader.line_num, row) for row in reader if any(map(str.strip, row)))
    except csv.Error as error:
        raise CsvError(max(reader.line_num, 1), str(error)) from None


def write_rows(rows: Iterable[Iterable[object]], *, separator: str = ",", line_end: str = "\n") -> str:
    """Write rows as CSV, quoted where needed."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator=line_end).writerows(rows)
    return text.getvalue()


def as_text(cell: str) -> str:
    """
    Put a ' before a cell that a spreadsheet would run as a formula, such as `=1+1`.

    >>> as_text("=HYPERLINK(0)"), as_text("s01")
    ("'=HYPERLINK(0)", 's01')
    """
    return f"'{cell}" if cell.lstrip()[:1] in _FORMULAS or cell[:1] in {"\t", "\r", "\n"} else cell


def from_text(cell: str) -> str:
    """
    Take away the ' that `as_text` put before a cell.

    >>> from_text("'=HYPERLINK(0)"), from_text("'s Gravenhage")
    ('=HYPERLINK(0)', "'s Gravenhage")
    """
    return cell[1:] if cell[:1] == "'" and as_text(cell[1:]) == cell else cell
