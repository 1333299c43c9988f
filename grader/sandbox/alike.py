"""
Whether two functions are the same one, loaded twice: a notebook, and the script that was exported from it.

In the child, of a student's own functions: what is decided is only which of them is called.
"""

from __future__ import annotations

import sys
from opcode import EXTENDED_ARG, opmap
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LOAD_GLOBAL, _LOAD_NAME = opmap["LOAD_GLOBAL"], opmap["LOAD_NAME"]
_NOTHING: Final = object()


def are_alike(things: Sequence[Any]) -> bool:
    """Whether these are functions of the same code, and what they look for at the top of their files is alike, too."""
    try:
        return all(_are_alike(things[0], other, set()) for other in things[1:])
    except Exception:  # of code that no compiler made, tuples in tuples in tuples: nobody knows
        return False


def _are_alike(one: Any, other: Any, assumed: set[tuple[int, int]]) -> bool:
    """The same of two; pairs in `assumed` are being looked at: functions may call one another."""
    if one is other or (id(one), id(other)) in assumed:
        return True
    if type(one) is not FunctionType or type(other) is not FunctionType:
        return _is_same_value(one, other)
    if one.__closure__ or other.__closure__ or _bare(one.__code__) != _bare(other.__code__):
        return False
    assumed.add((id(one), id(other)))
    if not all(map(_is_same_value, _defaults(one), _defaults(other))):
        return False
    names = set(_globals_of(one.__code__))
    return all(_are_alike(one.__globals__.get(name, _NOTHING), other.__globals__.get(name, _NOTHING), assumed) for name in names)


def _defaults(function: FunctionType) -> tuple[Any, Any]:
    return function.__defaults__ or (), tuple(sorted((function.__kwdefaults__ or {}).items()))


def _bare(code: CodeType) -> CodeType:
    """The code without the places that it was compiled from."""
    constants = tuple(_bare(one) if type(one) is CodeType else one for one in code.co_consts)
    return code.replace(co_consts=constants, co_filename="", co_firstlineno=1, co_linetable=b"")


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
