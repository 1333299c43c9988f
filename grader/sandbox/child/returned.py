"""
Turn what a student's function returned into arrays of float64 or int64.

Only exact types are accepted (`type(x) is np.ndarray`, never `isinstance`): a subclass or an object with `__array__`
is refused without calling any method of its own. Whatever it says of itself, only its numbers are taken.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from grader.sandbox.wire.answer import NotAnArray
from grader.sandbox.wire.frames import MAX_ANSWER_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from grader.sandbox.wire.answer import Array

MOST_ITEMS: Final = 32  # entries of a tuple that are looked at; no task has as many targets
_DEEPEST: Final = 32
_NUMBERS: Final = (bool, int, float)
_SCALARS: Final = frozenset({*np.sctypeDict.values()})
_DOUBLE: Final = np.dtype(np.float64)
_HALVES: Final = frozenset({np.dtype(np.float16), np.dtype(np.float32)})


class _NotNumbers(Exception):
    """A value that is no array of numbers; the argument names its type and what to return instead."""

    def __init__(self, found: NotAnArray) -> None:
        self.found = found


class Items:
    """The returned things of one call as arrays, and whether one of them came in single precision."""

    __slots__ = ("detail", "items", "single_precision")

    def __init__(self, value: object, names: Sequence[str]) -> None:
        self.single_precision = False
        self.detail = ""
        self.items = tuple([self._item(part) for part in self._parts(value, names)])

    def _parts(self, value: Any, names: Sequence[str]) -> Sequence[object]:
        if type(value) is dict:
            if all(type(key) is str for key in value) and all(name in value for name in names) and len(value) == len(names):
                return [value[name] for name in names]
            if len(names) > 1:
                keys = [str(key)[:40] for key in list(value)[:10] if type(key) in (str, int)]
                self.detail = f"a dict with the keys {', '.join(keys) or '(none)'}; asked for: {', '.join(names)}"
                return ()
        if len(names) > 1 and type(value) in (tuple, list):
            if len(value) != len(names):
                things = "1 thing" if len(value) == 1 else f"{len(value)} things"
                self.detail = f"{things}; asked for {len(names)}: {', '.join(names)}"
            return tuple(value[:MOST_ITEMS])
        return (value,)

    def _item(self, value: object) -> Array | NotAnArray:
        try:
            return self._array(value, 0)
        except _NotNumbers as refusal:
            return refusal.found

    def _array(self, value: Any, depth: int) -> Array:
        kind = type(value)
        if kind is np.ndarray:
            return self._from_numpy(value)
        if kind in _NUMBERS or kind in _SCALARS:
            return self._from_numpy(np.asarray(value), of_python=kind is int)
        if kind is tuple or kind is list:
            return self._from_sequence(value, depth)
        torch = sys.modules.get("torch")
        if torch is not None and kind in (getattr(torch, "Tensor", None), getattr(getattr(torch, "nn", None), "Parameter", None)):
            return self._from_torch(value, torch)
        raise _NotNumbers(NotAnArray(_name(kind), _advice(kind)))

    def _from_numpy(self, array: np.ndarray[Any, Any], *, of_python: bool = False) -> Array:
        dtype = array.dtype
        if of_python and dtype.kind == "O":  # what numpy makes of integers beyond 64 bits
            raise _NotNumbers(NotAnArray("int", "it is too large for a 64-bit number"))
        if dtype.kind not in "biuf":
            raise _NotNumbers(NotAnArray(f"ndarray of {dtype.name[:40]}", _DTYPE_ADVICE.get(dtype.kind, "return real numbers")))
        if array.size * 8 > MAX_ANSWER_BYTES:
            raise _NotNumbers(NotAnArray("ndarray", f"its shape {array.shape} is larger than anything that was asked for"))
        if dtype == _DOUBLE and array.flags.c_contiguous:  # what nearly every call returns
            return array
        self.single_precision |= dtype in _HALVES
        wanted = np.int64 if dtype.kind in "bi" or (dtype.kind == "u" and dtype.itemsize < 8) else np.float64
        with np.errstate(all="ignore"):  # a longdouble may be larger than any float64
            return np.ascontiguousarray(array, dtype=wanted).reshape(array.shape)

    def _from_sequence(self, values: Any, depth: int) -> Array:
        if depth >= _DEEPEST:
            raise _NotNumbers(NotAnArray(_name(type(values)), "it is nested too deeply"))
        if len(values) * 8 > MAX_ANSWER_BYTES:
            raise _NotNumbers(NotAnArray(_name(type(values)), f"it has {len(values)} entries"))
        kinds = {type(value) for value in values}
        if kinds <= {float, int, bool}:
            return self._from_numpy(np.array(values, dtype=None if values else np.float64), of_python=True)
        parts = [self._array(value, depth + 1) for value in values]
        shapes = list(dict.fromkeys(part.shape for part in parts))
        if len(shapes) > 1:
            name = _name(type(values))
            raise _NotNumbers(NotAnArray(name, f"its entries differ in shape: {', '.join(map(str, shapes[:4]))}"))
        if sum(part.nbytes for part in parts) > MAX_ANSWER_BYTES:
            raise _NotNumbers(NotAnArray(_name(type(values)), "it is larger than anything that was asked for"))
        stacked: Array = np.stack(parts)
        return stacked

    def _from_torch(self, tensor: Any, torch: Any) -> Array:
        if tensor.layout is not torch.strided or tensor.is_quantized or tensor.device.type != "cpu":
            found = "quantized" if tensor.is_quantized else f"{tensor.layout} on {tensor.device}"
            raise _NotNumbers(NotAnArray("Tensor", f"it is {found}; return an ordinary tensor on the CPU"))
        if tensor.dtype is torch.bfloat16:
            self.single_precision = True
            tensor = tensor.double()
        return self._from_numpy(tensor.detach().resolve_conj().resolve_neg().numpy())


_DTYPE_ADVICE: Final = {
    "c": "return real numbers; a complex step leaves the derivative in the imaginary part",
    "O": "its entries are Python objects, not numbers; build it from floats, with rows of equal length",
    "U": "return numbers, not text",
    "S": "return numbers, not text",
}


def _name(kind: type) -> str:
    name = type.__dict__["__name__"].__get__(kind)
    return str(name)[:60]


def _advice(kind: type) -> str:
    bases = type.__dict__["__mro__"].__get__(kind)  # not `kind.__mro__`: that asks the metaclass
    if kind is type(None):
        return ""
    if np.matrix in bases:
        return "a matrix multiplies by its own rules; return np.asarray(...) of it"
    if np.ma.MaskedArray in bases:
        return "a masked array hides entries; return np.asarray(...) of it"
    if np.ndarray in bases:
        return "it is a subclass of ndarray; return np.asarray(...) of it"
    if tuple in bases or list in bases:
        return "return a plain tuple"
    torch = sys.modules.get("torch")
    if torch is not None and getattr(torch, "Tensor", None) in bases:
        return "it is a subclass of Tensor; return a plain tensor"
    return _WORDS.get(_name(kind), "")


_WORDS: Final = {
    "function": "it returned the function itself; did you forget to call it?",
    "builtin_function_or_method": "it returned the function itself; did you forget to call it?",
    "generator": "return an array, not a generator: np.array(list(...))",
    "map": "return an array, not a map: np.array(list(...))",
    "range": "return an array: np.array(...)",
    "set": "a set has no order; return an array",
    "complex": "return real numbers",
}
