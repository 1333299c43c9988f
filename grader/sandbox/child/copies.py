"""
Tell copies of one function from different functions: a notebook, and the script that was exported from it.

It runs in the child, on a student's own functions; all that it decides is which of them is called. The sources are compared,
not the compiled code: that differs for `np.tanh(x)` where the import stands in another cell.
"""

from __future__ import annotations

import ast
import sys
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_NOTHING: Final = object()


def are_copies(things: Sequence[Any], source_of: Callable[[str], bytes]) -> bool:
    """
    Whether these functions have the same source, and what they look up at the top of their files is the same, too.

    `source_of` finds the text of a file or cell by its label.
    """
    comparison = _Comparison(source_of)
    try:
        return all(comparison.is_copy(things[0], other) for other in things[1:])
    except Exception:  # code that no compiler made, or tuples nested without end: then nobody knows
        return False


class _Comparison:
    """A comparison of pairs. A pair that is being compared counts as the same: functions may call one another."""

    def __init__(self, source_of: Callable[[str], bytes]) -> None:
        self._source_of = source_of
        self._seen: set[tuple[int, int]] = set()
        self._read: dict[str, dict[tuple[int, str], list[ast.AST]]] = {}

    def is_copy(self, one: Any, other: Any) -> bool:
        """Whether two things are the same, or are being compared."""
        if one is other or (id(one), id(other)) in self._seen:
            return True
        if type(one) is not FunctionType or type(other) is not FunctionType:
            return _is_same_value(one, other)
        written = self._written(one.__code__)
        if one.__closure__ or other.__closure__ or not written or written != self._written(other.__code__):
            return False
        self._seen.add((id(one), id(other)))
        if not all(map(_is_same_value, _defaults(one), _defaults(other))):
            return False
        names = set(_globals_of(one.__code__))
        return all(self.is_copy(one.__globals__.get(name, _NOTHING), other.__globals__.get(name, _NOTHING)) for name in names)

    def _written(self, code: CodeType) -> str:
        """Return the definition without line numbers and comments; empty where no text holds it, or a line holds several."""
        if code.co_filename not in self._read:
            self._read[code.co_filename] = _definitions(self._source_of(code.co_filename))
        found = self._read[code.co_filename].get((code.co_firstlineno, code.co_name), [])
        return ast.dump(found[0]) if len(found) == 1 else ""


def _definitions(text: bytes) -> dict[tuple[int, str], list[ast.AST]]:
    """Find the functions in a text, by the line and the name that their code has."""
    found: dict[tuple[int, str], list[ast.AST]] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            line = min([node.lineno, *(one.lineno for one in node.decorator_list)])
            found.setdefault((line, node.name), []).append(node)
        elif isinstance(node, ast.Lambda):
            found.setdefault((node.lineno, "<lambda>"), []).append(node)
    return found


def _defaults(function: FunctionType) -> tuple[Any, Any]:
    return function.__defaults__ or (), tuple(sorted((function.__kwdefaults__ or {}).items()))


def _globals_of(code: CodeType) -> Iterator[str]:
    """Yield the names that code, and all within it, may look up at the top of its file, attributes and builtins among them."""
    yield from code.co_names
    for inner in code.co_consts:
        if type(inner) is CodeType:
            yield from _globals_of(inner)


def _is_same_value(one: Any, other: Any) -> bool:
    """Whether two numbers, texts, tuples of such, or arrays are equal; False for anything else that is not identical."""
    if one is other:
        return True
    kind = type(one)
    if kind is not type(other):
        return False
    if kind in (bool, int, str, bytes):
        return bool(one == other)
    if kind is float:
        return bool(one.hex() == other.hex())  # so that 0.0 is not -0.0
    if kind is tuple:
        return len(one) == len(other) and all(map(_is_same_value, one, other))
    if kind is getattr(sys.modules.get("numpy"), "ndarray", None):
        return bool((one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes()))
    return False
