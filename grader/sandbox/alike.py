"""
Whether two functions are the same one, loaded twice: a notebook, and the script that was exported from it.

In the child, of a student's own functions: what is decided is only which of them is called. Their source is compared, not
what was compiled: that is other code for `np.tanh(x)` where the import stands in another cell.
"""

from __future__ import annotations

import ast
import sys
from opcode import EXTENDED_ARG, opmap
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_LOAD_GLOBAL, _LOAD_NAME = opmap["LOAD_GLOBAL"], opmap["LOAD_NAME"]
_NOTHING: Final = object()


def are_alike(things: Sequence[Any], text_of: Callable[[str], bytes]) -> bool:
    """
    Whether these are functions that are written alike, and what they look for at the top of their files is alike, too.

    `text_of` finds the source of a file or cell by its label.
    """
    try:
        return all(_are_alike(things[0], other, text_of, set()) for other in things[1:])
    except Exception:  # of code that no compiler made, tuples in tuples in tuples: nobody knows
        return False


def _are_alike(one: Any, other: Any, text_of: Callable[[str], bytes], assumed: set[tuple[int, int]]) -> bool:
    """The same of two; pairs in `assumed` are being looked at: functions may call one another."""
    if one is other or (id(one), id(other)) in assumed:
        return True
    if type(one) is not FunctionType or type(other) is not FunctionType:
        return _is_same_value(one, other)
    written = [_written(it.__code__, text_of) for it in (one, other)]
    if one.__closure__ or other.__closure__ or not written[0] or written[0] != written[1]:
        return False
    assumed.add((id(one), id(other)))
    if not all(map(_is_same_value, _defaults(one), _defaults(other))):
        return False
    names = set(_globals_of(one.__code__))
    pairs = ((one.__globals__.get(name, _NOTHING), other.__globals__.get(name, _NOTHING)) for name in names)
    return all(_are_alike(*pair, text_of, assumed) for pair in pairs)


def _defaults(function: FunctionType) -> tuple[Any, Any]:
    return function.__defaults__ or (), tuple(sorted((function.__kwdefaults__ or {}).items()))


def _written(code: CodeType, text_of: Callable[[str], bytes]) -> str:
    """The definition without places and comments; nothing where no text holds it, or a line holds several."""
    found = []
    for node in ast.walk(ast.parse(text_of(code.co_filename))):
        if isinstance(node, ast.FunctionDef):
            line, name = min([node.lineno, *(one.lineno for one in node.decorator_list)]), node.name
        elif isinstance(node, ast.Lambda):
            line, name = node.lineno, "<lambda>"
        else:
            continue
        if (line, name) == (code.co_firstlineno, code.co_name):
            found.append(ast.dump(node))
    return found[0] if len(found) == 1 else ""


def _globals_of(code: CodeType) -> Iterator[str]:
    """The names that code, and all within it, looks for at the top of its file; some of them may be builtins."""
    extension = 0
    for instruction, low in zip(code.co_code[::2], code.co_code[1::2], strict=True):
        argument = low | extension
        extension = argument << 8 if instruction == EXTENDED_ARG else 0
        if instruction in (_LOAD_GLOBAL, _LOAD_NAME):
            yield code.co_names[argument >> (instruction == _LOAD_GLOBAL)]
    for inner in code.co_consts:
        if type(inner) is CodeType:
            yield from _globals_of(inner)


def _is_same_value(one: Any, other: Any) -> bool:
    """Whether two numbers, texts, tuples of such, or arrays are the same; of other things nobody knows."""
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
