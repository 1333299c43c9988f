"""
Shows of most submissions, by reading, that an answer depends on nothing but the arguments of its call.

A second run, which looks for memory and chance, has then nothing to find. It is shown in two steps. Before anything runs,
the code objects are read: none may hold an instruction or a name that is not in the lists below, so that what runs can
change nothing but names and arrays of its own, least of all the program that grades it. After loading, the functions are
looked at: what they reach at the top of the file may be functions that were read, numbers, modules and functions of these
modules, and of all that nothing lasts from one call to the next.

Whatever else occurs leaves the question open, which costs a second run and nothing more: so it is with instructions that
came with a later Python. A name belongs in a list only when nothing can be kept in it or read off it, whatever it is an
attribute of: not `empty`, which shows old memory, nor `where=`, which leaves entries as they were in it. No text is data in
a function, since text made of an object shows its address.
"""

from __future__ import annotations

import builtins
import sys
from itertools import islice
from opcode import opmap
from types import CodeType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _known(names: str) -> frozenset[int]:
    """The numbers of instructions, as far as this Python has them."""
    return frozenset([opmap[name] for name in names.split() if name in opmap])


MODULES: Final = frozenset(
    {"math", "numpy", "numpy.linalg", "torch", "torch.linalg", "torch.nn", "torch.nn.functional"}
)  # of which the names below may be used; not of a submission's files that are called so
ATTRIBUTES: Final = _words(
    """
    abs absolute accumulate add all allclose amax amin any append arange arccos arccosh arcsin arcsinh arctan arctan2
    arctanh argmax argmin argsort array array_equal asarray astype at atleast_1d atleast_2d atleast_3d block bmm
    broadcast_to cat cbrt ceil clip clone column_stack concatenate conj conjugate copy cos cosh cross cumprod cumsum
    deg2rad delete det detach diag diag_embed diagflat diagonal divide dot double dtype e einsum equal erf exp exp2
    expand_dims expm1 eye fabs fill fill_diagonal flatten flip float float32 float64 floor full full_like functional ger
    greater greater_equal heaviside hstack hypot identity imag indices inf inner insert int64 intp inv isclose isfinite
    isinf isnan item ix_ kron less less_equal linalg linspace log log10 log1p log2 log_softmax logaddexp logical_and
    logical_not logical_or matmul matrix_power max maximum mean meshgrid min minimum mm moveaxis multiply mv nan nan_to_num
    ndim ndindex negative newaxis nn nonzero norm not_equal numpy one_hot ones ones_like outer permute pi pinv pop pow power
    prod ravel real reciprocal reduce relu repeat reshape roll round rsqrt shape sigmoid sign sin sinh size softmax solve
    sort split sqrt square squeeze stack std subtract sum swapaxes T t take take_along_axis tan tanh tensor tensordot tile
    tolist trace transpose tri tril tril_indices triu triu_indices true_divide unravel_index unsqueeze var vdot vstack
    where zeros zeros_like
    """
)
BUILTINS: Final = _words(
    """
    abs all any bool complex dict divmod enumerate filter float int len list map max min pow print range reversed round sorted
    sum tuple zip AssertionError IndexError NotImplementedError TypeError ValueError __name__
    """
)
# What runs once, while the file is loaded, may use more: functions do not reach what comes of it.
_ATTRIBUTES_AT_THE_TOP: Final = ATTRIBUTES | _words(
    """
    annotations check default_rng format manual_seed ndarray normal rand randn random seed set_default_dtype set_num_threads
    standard_normal Tensor uniform
    """
)
_MODULES_AT_THE_TOP: Final = MODULES | {"__future__", "grader"}  # of grader for the check at a starter's end, a stand-in here

_IN_FUNCTIONS: Final = _known(
    """
    BINARY_OP BINARY_SLICE BINARY_SUBSCR BUILD_LIST BUILD_MAP BUILD_SLICE BUILD_TUPLE CACHE CALL CALL_FUNCTION_EX
    CALL_INTRINSIC_1 CALL_KW COMPARE_OP CONTAINS_OP COPY COPY_FREE_VARS END_FOR EXTENDED_ARG FOR_ITER GET_ITER IMPORT_FROM
    IMPORT_NAME IS_OP JUMP_BACKWARD JUMP_BACKWARD_NO_INTERRUPT JUMP_FORWARD JUMP_IF_FALSE_OR_POP JUMP_IF_TRUE_OR_POP KW_NAMES
    LIST_APPEND LIST_EXTEND LIST_TO_TUPLE LOAD_ASSERTION_ERROR LOAD_ATTR LOAD_CLOSURE LOAD_CONST LOAD_DEREF LOAD_FAST
    LOAD_FAST_AND_CLEAR LOAD_FAST_CHECK LOAD_FAST_LOAD_FAST LOAD_GLOBAL LOAD_METHOD MAKE_CELL MAKE_FUNCTION MAP_ADD NOP
    POP_JUMP_BACKWARD_IF_FALSE POP_JUMP_BACKWARD_IF_NONE POP_JUMP_BACKWARD_IF_NOT_NONE POP_JUMP_BACKWARD_IF_TRUE
    POP_JUMP_FORWARD_IF_FALSE POP_JUMP_FORWARD_IF_NONE POP_JUMP_FORWARD_IF_NOT_NONE POP_JUMP_FORWARD_IF_TRUE
    POP_JUMP_IF_FALSE POP_JUMP_IF_NONE POP_JUMP_IF_NOT_NONE POP_JUMP_IF_TRUE POP_TOP PRECALL PUSH_NULL RAISE_VARARGS RERAISE
    RESUME RETURN_CONST RETURN_GENERATOR RETURN_VALUE SET_FUNCTION_ATTRIBUTE STORE_DEREF STORE_FAST STORE_FAST_LOAD_FAST
    STORE_FAST_STORE_FAST STORE_SLICE STORE_SUBSCR SWAP TO_BOOL UNARY_INVERT UNARY_NEGATIVE UNARY_NOT UNARY_POSITIVE UNPACK_EX
    UNPACK_SEQUENCE YIELD_VALUE
    """
)
_AT_THE_TOP: Final = _IN_FUNCTIONS | _known(
    "BUILD_CONST_KEY_MAP BUILD_STRING CONVERT_VALUE FORMAT_SIMPLE FORMAT_VALUE FORMAT_WITH_SPEC LOAD_NAME STORE_NAME"
)
_NONE: Final = -1
_EXTENDED: Final = opmap["EXTENDED_ARG"]
_PASSED_OVER: Final = _known("CACHE EXTENDED_ARG")
_LOAD_CONST: Final = opmap["LOAD_CONST"]
_KW_NAMES, _CALL_KW = opmap.get("KW_NAMES", _NONE), opmap.get("CALL_KW", _NONE)
_IMPORT_NAME, _IMPORT_FROM = opmap["IMPORT_NAME"], opmap["IMPORT_FROM"]
_LOAD_NAME, _STORE_NAME, _LOAD_GLOBAL = opmap["LOAD_NAME"], opmap["STORE_NAME"], opmap["LOAD_GLOBAL"]
_LOAD_ATTR, _LOAD_METHOD = opmap["LOAD_ATTR"], opmap.get("LOAD_METHOD", _NONE)
_CALL_EX, _INTRINSIC = opmap.get("CALL_FUNCTION_EX", _NONE), opmap.get("CALL_INTRINSIC_1", _NONE)
_METHODS_ARE_ATTRIBUTES: Final = _LOAD_METHOD == _NONE  # since 3.12, marked in the lowest bit
_EX_HAS_A_FLAG: Final = sys.version_info < (3, 14)
_TELLING: Final = _known(  # whose argument tells whether they are harmless
    """
    CALL_FUNCTION_EX CALL_INTRINSIC_1 IMPORT_FROM IMPORT_NAME KW_NAMES LOAD_ATTR LOAD_CONST LOAD_GLOBAL LOAD_METHOD LOAD_NAME
    STORE_NAME
    """
)
_HARMLESS_INTRINSICS: Final = frozenset({3, 5, 6})  # StopIteration in a generator, +x, list to tuple; 2 is `import *`

_NUMBERS: Final = (bool, int, float, complex, type(None), type(...))


class Reading:
    """The code objects of a submission, read one after the other before any of them runs."""

    def __init__(self) -> None:
        self._globals: dict[int, tuple[CodeType, set[str]]] = {}  # by identity: each with what it names at the top

    def take(self, code: CodeType, source: bytes, *, at_top: bool = True) -> bool:
        """Whether a code object, and all within it, holds only what is in the lists; it was compiled from this source."""
        named: set[str] = set()
        self._globals[id(code)] = code, named
        if not _Instructions(code, source, named, at_top=at_top).are_listed():
            return False
        for inner in code.co_consts:
            if type(inner) is CodeType:
                if not self.take(inner, source, at_top=False):
                    return False
                named |= self._globals[id(inner)][1]
        return True

    def are_stateless(self, functions: Iterable[object]) -> bool:
        """Whether these keep nothing, with all that they reach. To be asked only of what loaded after `take` held of it all."""
        todo = list(functions)
        seen: set[int] = set()
        while todo:
            thing = todo.pop()
            if type(thing) is FunctionType and id(thing.__code__) in self._globals:
                if thing.__closure__:  # which a function may change
                    return False
                if id(thing) in seen:
                    continue
                seen.add(id(thing))
                _, named = self._globals[id(thing.__code__)]
                todo += [thing.__globals__[name] for name in named if name in thing.__globals__]
                todo += [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
            elif type(thing) is tuple:
                todo += thing
            elif not isinstance(thing, _NUMBERS) and not _is_of_a_library(thing):
                return False
        return True


class _Instructions:
    """The instructions of one code object; the names that it looks for at the top go to `named`."""

    def __init__(self, code: CodeType, source: bytes, named: set[str], *, at_top: bool) -> None:
        self.code = code
        self.source = source
        self.named = named
        self.at_top = at_top
        self.raw = code.co_code

    def are_listed(self) -> bool:
        """Whether all are in the lists, with what they name."""
        listed = _AT_THE_TOP if self.at_top else _IN_FUNCTIONS
        if not listed.issuperset(self.raw[::2]):
            return False
        extension = 0
        for place in range(0, len(self.raw), 2):
            instruction, argument = self.raw[place], self.raw[place + 1] | extension
            extension = argument << 8 if instruction == _EXTENDED else 0
            if instruction in _TELLING and not self._is_harmless(place, instruction, argument):
                return False
        return True

    def _is_harmless(self, place: int, instruction: int, argument: int) -> bool:
        names = self.code.co_names
        if instruction == _LOAD_CONST:
            return self._may_load(place, self.code.co_consts[argument])
        if instruction in (_LOAD_ATTR, _LOAD_METHOD):
            name = names[argument >> _METHODS_ARE_ATTRIBUTES]
            return name in (_ATTRIBUTES_AT_THE_TOP if self.at_top else ATTRIBUTES)
        if instruction in (_LOAD_GLOBAL, _LOAD_NAME):
            name = names[argument >> (instruction == _LOAD_GLOBAL)]
            self.named.add(name)
            return name in BUILTINS or not hasattr(builtins, name)  # a name of both may be the builtin yet
        if instruction == _STORE_NAME:
            # not __builtins__, where functions look for `max`, nor what modules are told by
            return not names[argument].startswith("__") or names[argument] == "__doc__"
        if instruction == _IMPORT_NAME:
            return names[argument] in (_MODULES_AT_THE_TOP if self.at_top else MODULES)
        if instruction == _IMPORT_FROM:
            return names[argument] in (_ATTRIBUTES_AT_THE_TOP if self.at_top else ATTRIBUTES)
        if instruction == _KW_NAMES:
            return "where" not in self.code.co_consts[argument]
        if instruction == _CALL_EX:
            return _EX_HAS_A_FLAG and not argument & 1  # **options can hold any name
        return argument in _HARMLESS_INTRINSICS

    def _may_load(self, place: int, value: object) -> bool:
        """In a function, text only as the names of keywords and imports, and as the subscripts of einsum."""
        if self.at_top or type(value) is CodeType or _is_number(value):
            return True
        if isinstance(value, str):
            return self._is_of_einsum(place)
        after = next((one for one in self.raw[place + 2 :: 2] if one not in _PASSED_OVER), _NONE)
        if after == _CALL_KW:
            return isinstance(value, tuple) and "where" not in value
        return after == _IMPORT_NAME

    def _is_of_einsum(self, place: int) -> bool:
        """Whether a text is the whole first argument in `np.einsum("ij,j->i", W, X)`: by where it stands in the source."""
        line, last, begin, end = next(islice(self.code.co_positions(), place // 2, None))
        if line is None or line != last or begin is None or end is None:
            return False
        text = self.source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")[line - 1]
        return text[:begin].rstrip().endswith(b".einsum(") and text[end:].lstrip().startswith(b",")


def _is_number(value: object) -> bool:
    return isinstance(value, _NUMBERS) or (type(value) is tuple and all(map(_is_number, value)))


def _is_of_a_library(thing: object) -> bool:
    """Whether it is one of the modules, or a function of theirs that is in the list."""
    if isinstance(thing, ModuleType):
        return thing.__name__ in MODULES and sys.modules.get(thing.__name__) is thing
    name = getattr(thing, "__name__", None)
    if not isinstance(name, str) or name not in ATTRIBUTES:
        return False
    return any(getattr(sys.modules.get(module), name, None) is thing for module in MODULES)
