"""
Read the code of a notebook; a large one in one pass over its bytes, in which outputs are passed over and never built.

`json.loads` makes 25 bytes of memory out of one (`[],[],[],...`), and nbformat takes seconds to import. Here a notebook of any
bytes costs itself, its code, and steps in proportion to its length, up to a limit. Standard library only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

MAX_CODE_BYTES: Final = 1 << 20  # in one file
MAX_NOTEBOOK_BYTES: Final = 32 << 20  # with the pictures that its outputs hold
MAX_CELLS: Final = 20_000
MAX_WHOLE_BYTES: Final = 1 << 20  # most notebooks: `json.loads` is fifty times as fast, and makes at most 30 MB of them
MAX_ITEMS: Final = 1_000_000  # lists and objects in all notebooks of a student, and what is looked at one by one: a second or two

# nbformat builds a Python object of each value of a notebook that it opens, several times over.
MAX_BUILT: Final = 1_000_000
MAX_BUILT_OBJECTS: Final = 100_000  # JSON objects among them: each takes ten times as much as a number

_Read = TypeVar("_Read")
_SAVE = "Save it as .ipynb from Jupyter."
_CLEAR = "Clear the outputs before you save it, and hand in your own cells only."

# Possessive throughout (`*+`): nothing is tried twice, so that time grows with the length and memory does not.
_STRING: Final = rb'"(?:[^"\\\x00-\x1f]++|\\["\\/bfnrtu])*+"'
_BLANKS = re.compile(rb"[ \t\n\r]*+")
_TEXT = re.compile(_STRING)
_SCALAR = re.compile(rb"-?[0-9]++(?:\.[0-9]++)?+(?:[eE][+-]?[0-9]++)?+|true|false|null|NaN|-?Infinity")
_UP_TO_A_BRACKET = re.compile(rb"(?:[ \t\n\r,:0-9A-Za-z.+-]++|%b)*+" % _STRING)
_A_STRING_OR_NONE = re.compile(rb'[^"]++|"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_CLOSES: Final = {ord("{"): ord("}"), ord("["): ord("]")}
_ITEMS_OF_A_FIELD: Final = 4  # what reading a field takes, in lists that are passed over
_LONGEST_NAME: Final = 64  # longest field name that is looked for, escapes included
_LONGEST_METADATA: Final = 4096  # nbgrader's own metadata of a cell has ten short fields


class NotebookError(Exception):
    """A file is no notebook that can be read: why, and what to do."""

    def __init__(self, what: str, remedy: str = _SAVE) -> None:
        super().__init__(what, remedy)
        self.what = what
        self.remedy = remedy


class _NotJSONError(NotebookError):
    def __init__(self) -> None:
        super().__init__("This is not a notebook: it is not JSON.")


class _NoCellsError(NotebookError):
    def __init__(self) -> None:
        super().__init__("This is JSON, but not a notebook: it has no list of cells.")


@dataclass(slots=True)
class Budget:
    """How much may still be looked at in one student's notebooks."""

    items: int = MAX_ITEMS

    def take(self, items: int) -> None:
        """Count so many. Raises NotebookError when there are too many."""
        self.items -= items
        if self.items < 0:
            raise _too_much()


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeCell:
    """The code of one cell; `nbgrader` is what nbgrader keeps with it, where that is read and there is any."""

    source: str
    nbgrader: Any = None

    @property
    def data(self) -> bytes:
        """The code as bytes, lone surrogates among them."""
        return self.source.encode("utf-8", "surrogatepass")


def code_cells(data: bytes, budget: Budget | None = None, *, with_nbgrader: bool = False) -> tuple[CodeCell, ...]:
    """
    Return the code cells of a notebook of nbformat 3 or 4, at most MAX_CODE_BYTES of code. Raises NotebookError.

    As with `json.loads`, of two fields of one name the last counts. Numbers and commas in what is passed over are not checked.
    """
    if len(data) > MAX_NOTEBOOK_BYTES:
        raise NotebookError(f"The notebook is larger than {MAX_NOTEBOOK_BYTES >> 20} MiB.", _CLEAR)
    budget = budget or Budget()
    try:
        if len(data) <= MAX_WHOLE_BYTES:
            budget.take(data.count(b"{") + data.count(b"["))
            return _cells_of(json.loads(data), with_nbgrader)
        return _Reader(_utf8(data), budget, with_nbgrader).notebook()
    except (ValueError, RecursionError):  # a text that is not UTF-8, or a wrong escape
        raise _NotJSONError from None
    except (TypeError, AttributeError, KeyError):
        raise _NoCellsError from None


def _cells_of(notebook: Any, with_nbgrader: bool) -> tuple[CodeCell, ...]:
    """Take the code cells of a small notebook, built whole. Raises KeyError, TypeError or AttributeError where it is none."""
    sheets = notebook.get("worksheets", [notebook])  # nbformat 3 and older
    lists = [sheet["cells"] for sheet in sheets]
    if not all(isinstance(cells, list) for cells in lists):
        raise _NoCellsError
    cells = [cell for cells in lists for cell in cells]
    found = []
    for cell in cells:
        if cell.get("cell_type") == "code":
            source = cell.get("source", cell.get("input", ""))
            if not isinstance(source, str | list):
                raise _NoCellsError
            nbgrader = cell["metadata"].get("nbgrader") if with_nbgrader and isinstance(cell.get("metadata"), dict) else None
            found.append(CodeCell(source="".join(source), nbgrader=nbgrader))
    if len(found) > MAX_CELLS:
        raise _too_many_cells()
    if sum(len(cell.data) for cell in found) > MAX_CODE_BYTES:
        raise _too_much_code()
    return tuple(found)


def bare_notebook(code: Iterable[str]) -> bytes:
    """Return a notebook of these cells and nothing else: the same for all that is graded alike."""
    plain = [{"cell_type": "code", "source": source.splitlines(keepends=True)} for source in code]
    return json.dumps({"cells": plain}).encode("utf-8", "surrogatepass")


def refuse_heavy(data: bytes) -> None:
    """Raise NotebookError for a notebook that would take nbformat hundreds of megabytes, or many seconds, to open."""
    if len(data) > MAX_NOTEBOOK_BYTES:
        raise NotebookError(f"The notebook is larger than {MAX_NOTEBOOK_BYTES >> 20} MiB.", _CLEAR)
    most = data.count(b",") + data.count(b"[") + data.count(b"{")
    if most <= MAX_BUILT and data.count(b"{") <= MAX_BUILT_OBJECTS:
        return  # even if all commas and brackets were values, and none stood in a text
    values = objects = 0
    for looked_at, match in enumerate(_A_STRING_OR_NONE.finditer(data)):
        if data[match.start()] != ord('"'):
            here = data.count(b"{", match.start(), match.end())
            objects += here
            values += here + data.count(b",", match.start(), match.end()) + data.count(b"[", match.start(), match.end())
        if values > MAX_BUILT or objects > MAX_BUILT_OBJECTS or looked_at > 2 * MAX_BUILT:
            raise _too_much()


def _too_much() -> NotebookError:
    return NotebookError("The notebook's cells or outputs hold more values than are read.", _CLEAR)


def _utf8(data: bytes) -> bytes:
    """Encode in UTF-8 the few notebooks that come in UTF-16 or UTF-32."""
    encoding = json.detect_encoding(data)
    if encoding in {"utf-8", "utf-8-sig"}:
        return data
    return data.decode(encoding, "surrogatepass").encode("utf-8", "surrogatepass")


class _Reader:
    """A reader of one notebook: a place in its bytes, and how much may still be looked at."""

    def __init__(self, data: bytes, budget: Budget, with_nbgrader: bool) -> None:
        self._data = data
        self._at = 3 if data.startswith(b"\xef\xbb\xbf") else 0
        self._with_nbgrader = with_nbgrader
        self._budget = budget
        self._code_left = MAX_CODE_BYTES

    def notebook(self) -> tuple[CodeCell, ...]:
        """Every code cell. Raises NotebookError, and ValueError where a text cannot be read."""
        sheets: list[CodeCell] | None = None
        cells: list[CodeCell] | None = None
        if self._next() == ord("{"):
            for name in self._fields():
                if name == "worksheets":  # nbformat 3 and older
                    sheets = self._each(self._sheet)
                elif name == "cells" and self._next() == ord("["):
                    cells = self._each(self._cell)
                else:
                    self._pass_over()
        else:
            self._pass_over()
        if self._next() is not None:
            raise _NotJSONError
        if (found := cells if sheets is None else sheets) is None:
            raise _NoCellsError
        return tuple(found)

    def _sheet(self) -> list[CodeCell]:
        self._expect("{")
        cells: list[CodeCell] | None = None
        for name in self._fields():
            if name == "cells":
                cells = self._each(self._cell)
            else:
                self._pass_over()
        if cells is None:
            raise _NoCellsError
        return cells

    def _cell(self) -> list[CodeCell]:
        """Read the cell that begins here; nothing for one that is not code."""
        self._expect("{")
        places: dict[str, int] = {}
        for name in self._fields():
            self._next()
            places[name] = self._at
            self._pass_over()
        end = self._at
        if "cell_type" not in places or not self._data.startswith(b'"code"', places["cell_type"]):
            return []
        where = places.get("source", places.get("input"))
        source = "" if where is None else self._source(where)
        nbgrader = self._nbgrader(places["metadata"]) if self._with_nbgrader and "metadata" in places else None
        self._at = end
        return [CodeCell(source=source, nbgrader=nbgrader)]

    def _source(self, where: int) -> str:
        """Read the text that stands there, or the texts of a list, joined."""
        self._at = where
        if self._data[where] == ord('"'):
            return self._text()
        if self._data[where] != ord("["):
            raise _NoCellsError
        return "".join(self._each(lambda: [self._text()]))

    def _text(self) -> str:
        """Read the text that begins here, and count it as code."""
        self._expect('"')
        start = self._at
        self._pass_over()
        if self._at - start > 6 * self._code_left + 2:  # six bytes are the longest way to write one: \u000a
            raise _too_much_code()
        text: str = json.loads(self._data[start : self._at].decode("utf-8", "surrogatepass"))
        self._code_left -= len(text.encode("utf-8", "surrogatepass"))
        if self._code_left < 0:
            raise _too_much_code()
        return text

    def _nbgrader(self, where: int) -> Any:
        """Read what nbgrader keeps in the metadata that stand there; None where nbgrader does not write such."""
        self._at = where
        found = None
        if self._next() == ord("{"):
            for name in self._fields():
                self._next()
                start = self._at
                self._pass_over()
                if name == "nbgrader" and self._at - start <= _LONGEST_METADATA:
                    found = json.loads(self._data[start : self._at])
        return found

    # --- JSON ---

    def _next(self) -> int | None:
        """Pass over blanks and return the byte behind them; None at the end."""
        match = _BLANKS.match(self._data, self._at)
        self._at = match.end() if match else self._at
        return self._data[self._at] if self._at < len(self._data) else None

    def _expect(self, first: str) -> None:
        """Raise an error unless a value of the kind begins here that a notebook has in this place."""
        if (found := self._next()) != ord(first):
            raise _NotJSONError if found is None else _NoCellsError

    def _fields(self) -> Iterator[str]:
        """Yield the names of the object that begins here; the value is to be read before the next name is asked for."""
        self._at += 1
        if self._next() == ord("}"):
            self._at += 1
            return
        while True:
            self._budget.take(_ITEMS_OF_A_FIELD)
            if self._next() != ord('"'):
                raise _NotJSONError
            start = self._at
            self._pass_over()
            name = self._data[start : self._at] if self._at - start <= _LONGEST_NAME else b'""'
            told: str = json.loads(name) if b"\\" in name else name[1:-1].decode()
            if self._next() != ord(":"):
                raise _NotJSONError
            self._at += 1
            yield told
            if self._is_last(ord("}")):
                return

    def _each(self, read: Callable[[], list[_Read]]) -> list[_Read]:
        """Call `read` for each value of the list that begins here, and collect what it returns."""
        self._expect("[")
        self._at += 1
        found: list[_Read] = []
        if self._next() == ord("]"):
            self._at += 1
            return found
        while True:
            self._budget.take(_ITEMS_OF_A_FIELD)
            found.extend(read())
            if len(found) > MAX_CELLS and isinstance(found[0], CodeCell):
                raise _too_many_cells()
            if self._is_last(ord("]")):
                return found

    def _is_last(self, closing: int) -> bool:
        """Whether the list or object ends here, rather than going on."""
        found = self._next()
        if found not in {closing, ord(",")}:
            raise _NotJSONError
        self._at += 1
        return found == closing

    def _pass_over(self) -> None:
        """Go behind the value that begins here."""
        first = self._next()
        if first not in _CLOSES:
            match = (_TEXT if first == ord('"') else _SCALAR).match(self._data, self._at)
            if match is None:
                raise _NotJSONError
            self._at = match.end()
            return
        open_ones = bytearray()
        data, at = self._data, self._at
        while True:
            byte = data[at] if at < len(data) else 0
            if byte in _CLOSES:
                self._budget.take(1)
                open_ones.append(_CLOSES[byte])
            elif not open_ones or byte != open_ones.pop():
                raise _NotJSONError
            elif not open_ones:
                self._at = at + 1
                return
            match = _UP_TO_A_BRACKET.match(data, at + 1)
            at = match.end() if match else at


def _too_many_cells() -> NotebookError:
    return NotebookError(f"The notebook has more than {MAX_CELLS} code cells.", "Hand in your own cells only.")


def _too_much_code() -> NotebookError:
    return NotebookError(f"The notebook holds more than {MAX_CODE_BYTES >> 20} MiB of code.", "Hand in your own code only.")
